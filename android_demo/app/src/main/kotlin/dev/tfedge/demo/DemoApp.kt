package dev.tfedge.demo

import android.app.Application
import android.content.Context
import android.content.pm.ApplicationInfo
import android.os.StrictMode

/** The process: holds what screens share. */
class DemoApp : Application() {
    /** The thread that reads files and computes. */
    val worker = Worker()

    /** The model that all screens share. */
    val models by lazy { Models(this, worker) }

    override fun onCreate() {
        super.onCreate()
        if (applicationInfo.flags and ApplicationInfo.FLAG_DEBUGGABLE != 0) complain()
    }

    /** Makes Android say in the log when the main thread waits for files, or something is not closed. */
    private fun complain() {
        StrictMode.setThreadPolicy(StrictMode.ThreadPolicy.Builder().detectAll().penaltyLog().build())
        StrictMode.setVmPolicy(StrictMode.VmPolicy.Builder().detectAll().penaltyLog().build())
    }
}

/** The process that this belongs to. */
val Context.demo: DemoApp get() = applicationContext as DemoApp
