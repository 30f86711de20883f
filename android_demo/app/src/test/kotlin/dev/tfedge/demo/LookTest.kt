package dev.tfedge.demo

import android.app.Activity
import android.graphics.Color
import android.graphics.Insets
import android.graphics.drawable.AdaptiveIconDrawable
import android.view.View
import android.view.ViewGroup
import android.view.WindowInsets
import android.widget.EditText
import android.widget.TextView
import java.io.File
import dev.tfedge.core.BenchmarkConfig
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.android.controller.ActivityController

/** What holds for every screen: large letters, TalkBack, contrast, right to left, the system's bars. */
@RunWith(RobolectricTestRunner::class)
class LookTest {
    private val open = ArrayList<ActivityController<out Activity>>()

    @After
    fun close() {
        open.forEach { it.pause().stop().destroy() }
        awaitWorker()
    }

    private fun <A : Activity> screen(type: Class<A>): A {
        open += Robolectric.buildActivity(type).setup()
        await("the golden cases") {
            app.models.selfTest.state.value.let { it is SelfTestState.Finished || it is SelfTestState.PassedBefore }
        }
        @Suppress("UNCHECKED_CAST")
        return open.last().get() as A
    }

    /** Every screen, with everything on it that it can show. */
    private fun screens(): List<Activity> {
        val main = screen(MainActivity::class.java)
        main.on<EditText>(R.id.word).setText("pronunciation")
        await("an answer") { main.work.reader.reading.value is Reading.Answered }
        app.models.notice.value = Notice(R.string.refused, "expected a model file; got a photo", R.string.refused_stays)
        val benchmark = screen(BenchmarkActivity::class.java)
        // Too short, and it says so.
        benchmark.work.start(BenchmarkConfig(minRuns = 12, minSeconds = 0.0, maxSeconds = 0.1))
        await("a result", 120) { benchmark.work.state.value is BenchmarkState.Finished }
        val test = screen(SelfTestActivity::class.java)
        test.work.start()
        await("the golden cases") { test.work.state.value is SelfTestState.Finished }
        return listOf(main, benchmark, test)
    }

    @Test
    fun test_letters_when_twice_as_large_then_none_is_cut_off() {
        RuntimeEnvironment.setFontScale(2f)
        for (screen in screens()) {
            val all = screen.window.decorView.seen()
            assertTrue(all.size > 20)
            all.filterIsInstance<TextView>().filter { it.layout != null }.forEach(::checkWhole)
            all.forEach { checkInside(it) }
        }
        RuntimeEnvironment.setFontScale(1f)
    }

    private fun checkWhole(text: TextView) {
        val layout = text.layout
        val room = text.height - text.compoundPaddingTop - text.compoundPaddingBottom
        assertTrue("${text.text}: ${layout.height} in $room", layout.height <= room)
        for (line in 0 until layout.lineCount) assertEquals("${text.text}", 0, layout.getEllipsisCount(line))
    }

    private fun checkInside(view: View) {
        val parent = view.parent as? ViewGroup ?: return
        assertTrue("$view in $parent", view.left >= 0 && view.right <= parent.width)
    }

    @Test
    fun test_controls_when_read_by_talkback_then_each_has_a_label_and_room_for_a_finger() {
        val least = 48 * app.resources.displayMetrics.density
        for (screen in screens()) {
            val all = screen.window.decorView.seen()
            val controls = all.filter { it.isClickable && it !is ViewGroup || it.hasOnClickListeners() }
            assertTrue(controls.size >= 3)
            for (control in controls) {
                val label = control.contentDescription ?: (control as? EditText)?.hint ?: control.words()
                assertTrue("label of $control", label.isNotBlank())
                assertTrue("$label, width: ${control.width}", control.width >= least)
                assertTrue("$label, height: ${control.height}", control.height >= least)
            }
            val spoken = all.count { it.accessibilityLiveRegion == View.ACCESSIBILITY_LIVE_REGION_POLITE }
            assertTrue("${screen.title}: $spoken", spoken >= 1)
        }
    }

    @Test
    fun test_colors_when_text_stands_on_them_then_the_contrast_is_aa_by_day_and_night() {
        for (time in listOf("notnight", "night")) {
            RuntimeEnvironment.setQualifiers("+$time")
            for ((text, grounds) in PAIRS) for (ground in grounds) {
                val contrast = contrast(app.getColor(text), app.getColor(ground))
                val names = listOf(text, ground).joinToString(" on ", transform = app.resources::getResourceEntryName)
                assertTrue("$names, $time: $contrast", contrast >= 4.5) // WCAG 2.1, 1.4.3, for text of any size.
            }
            val contrast = contrast(app.getColor(R.color.outline), app.getColor(R.color.ground))
            assertTrue("outline, $time: $contrast", contrast >= 3) // WCAG 2.1, 1.4.11, for what is no text.
        }
    }

    @Test
    fun test_contrast_when_computed_then_it_is_that_of_wcag() {
        assertEquals(21.0, contrast(Color.BLACK, Color.WHITE), 0.01) // WCAG's own greatest value.
        assertTrue(contrast(Color.LTGRAY, Color.WHITE) < 4.5)
    }

    private fun contrast(one: Int, other: Int): Double {
        val (a, b) = Color.luminance(one) + 0.05 to Color.luminance(other) + 0.05
        return maxOf(a, b) / minOf(a, b)
    }

    @Test
    fun test_language_when_written_from_right_to_left_then_the_screen_is_mirrored_and_phonemes_are_not() {
        RuntimeEnvironment.setQualifiers("+ldrtl")
        val main = screen(MainActivity::class.java)
        main.on<EditText>(R.id.word).setText("zap")
        await("an answer") { main.work.reader.reading.value is Reading.Answered }
        val clear = main.on<View>(R.id.clear)
        assertTrue(clear.right < main.on<View>(R.id.word).width / 2)
        val tiles = main.on<FlowLayout>(R.id.tiles)
        assertTrue(tiles.getChildAt(0).left < tiles.getChildAt(1).left)
        RuntimeEnvironment.setQualifiers("+ldltr")
    }

    @Test
    fun test_bars_when_the_system_draws_them_then_the_screen_keeps_clear_of_them_and_of_the_keyboard() {
        val root = screen(MainActivity::class.java).on<View>(R.id.screen)
        val bars = WindowInsets.Builder().setInsets(WindowInsets.Type.systemBars(), Insets.of(0, 48, 0, 96))
        root.dispatchApplyWindowInsets(bars.build())
        assertEquals(48 to 96, root.paddingTop to root.paddingBottom)
        root.dispatchApplyWindowInsets(bars.setInsets(WindowInsets.Type.ime(), Insets.of(0, 0, 0, 600)).build())
        assertEquals(600, root.paddingBottom)
    }

    @Test
    fun test_app_when_installed_then_it_asks_for_no_permission_and_has_an_icon() {
        val manifest = File("target/AndroidManifest.xml").readText()
        assertTrue(manifest.contains("<application") && !manifest.contains("uses-permission"))
        val icon = app.getDrawable(R.mipmap.launcher)
        assertTrue("$icon", icon is AdaptiveIconDrawable && icon.monochrome != null)
    }

    private companion object {
        val PAIRS = mapOf(
            R.color.ink to listOf(R.color.ground, R.color.card),
            R.color.ink_soft to listOf(R.color.ground, R.color.card),
            R.color.accent to listOf(R.color.ground, R.color.card),
            R.color.on_accent to listOf(R.color.accent),
            R.color.on_tile to listOf(R.color.tile),
            R.color.good to listOf(R.color.card),
            R.color.bad to listOf(R.color.card),
            R.color.on_bad_ground to listOf(R.color.bad_ground),
            R.color.on_disabled to listOf(R.color.disabled)
        )
    }
}
