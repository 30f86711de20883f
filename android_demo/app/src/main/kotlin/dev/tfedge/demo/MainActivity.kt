package dev.tfedge.demo

import android.app.Activity
import android.os.Bundle
import android.widget.TextView
import dev.tfedge.core.TfliteRuntime

class MainActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(TextView(this).apply { text = "${getString(R.string.app_name)} ${TfliteRuntime.version()}" })
    }
}
