package dev.tfedge.demo

import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], qualifiers = "w360dp-h640dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class MainActivityTest {
    @Test
    fun test_screen_when_opened_then_it_names_the_loaded_library() {
        val activity = Robolectric.buildActivity(MainActivity::class.java).setup().get()
        val shown = (activity.findViewById<android.view.ViewGroup>(android.R.id.content).getChildAt(0) as TextView).text
        assertEquals("tfedge 2.16.1", shown.toString())
    }
}
