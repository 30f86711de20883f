package dev.tfedge.demo

import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner

@RunWith(RobolectricTestRunner::class)
class MainActivityTest {
    @Test
    fun test_screen_when_opened_then_it_names_the_loaded_library() {
        val activity = Robolectric.buildActivity(MainActivity::class.java).setup().get()
        val shown = (activity.findViewById<android.view.ViewGroup>(android.R.id.content).getChildAt(0) as TextView).text
        assertEquals("tfedge 2.16.1", shown.toString())
    }
}
