package dev.tfedge.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.speech.tts.TextToSpeech
import android.view.View
import android.widget.EditText
import java.io.File
import java.util.Locale
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowTextToSpeech

/** Pictures of the screens in target/screenshots, by day and by night; README shows some of them. */
@RunWith(RobolectricTestRunner::class)
class ScreenshotTest {
    private val open = ArrayList<ActivityController<out Activity>>()

    @After
    fun close() {
        open.forEach { it.pause().stop().destroy() }
        awaitWorker()
    }

    private fun <A : Activity> screen(type: Class<A>, qualifiers: String): A {
        RuntimeEnvironment.setQualifiers("+$qualifiers")
        val controller = Robolectric.buildActivity(type).setup()
        open += controller
        return controller.get()
    }

    private fun draw(name: String, screen: Activity): Bitmap {
        awaitWorker()
        screen.on<View>(R.id.scroll).isVerticalScrollBarEnabled = false
        val view = screen.window.decorView
        val picture = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(picture))
        val file = File("target/screenshots/$name.png")
        file.parentFile!!.mkdirs()
        file.writeBytes(PalettePng.encode(picture))
        return picture
    }

    private fun main(qualifiers: String, word: String): MainActivity {
        val main = screen(MainActivity::class.java, qualifiers)
        ShadowTextToSpeech.addLanguageAvailability(Locale.US)
        shadowOf(ShadowTextToSpeech.getLastTextToSpeechInstance()).onInitListener.onInit(TextToSpeech.SUCCESS)
        await("the golden cases") { app.models.selfTest.state.value is SelfTestState.Finished }
        main.on<EditText>(R.id.word).apply {
            setText(word)
            setSelection(word.length)
        }
        await("an answer") { main.work.reader.reading.value != Reading.Nothing }
        return main
    }

    @Test
    fun test_main_screen_when_drawn_by_day_and_night_then_its_ground_is_light_and_dark() {
        val day = draw("main-day", main("h800dp-notnight", "pronunciation"))
        val night = draw("main-night", main("h800dp-night", "pronunciation"))
        assertTrue(brightness(day) > 0.8 && brightness(night) < 0.2)
        draw("main-unreadable", main("h800dp-notnight", "naïve"))
    }

    private fun brightness(picture: Bitmap): Float = android.graphics.Color.luminance(picture.getPixel(4, picture.height / 2))

    @Test
    fun test_self_test_screen_when_drawn_then_it_is_a_picture() {
        draw("self-test-day", screen(SelfTestActivity::class.java, "h800dp-notnight").also { finish() })
        draw("self-test-night", screen(SelfTestActivity::class.java, "h800dp-night").also { finish() })
    }

    private fun finish() = await("the golden cases") { app.models.selfTest.state.value is SelfTestState.Finished }

    @Test
    fun test_benchmark_screen_when_drawn_then_it_is_a_picture() {
        for (time in listOf("notnight" to "day", "night" to "night")) {
            val screen = screen(BenchmarkActivity::class.java, "h800dp-${time.first}")
            await("a model") { screen.on<View>(R.id.start).isEnabled }
            draw("benchmark-idle-${time.second}", screen)
            screen.on<View>(R.id.start).tap()
            await("a result") { screen.work.state.value is BenchmarkState.Finished }
            draw("benchmark-${time.second}", screen)
        }
    }

    @Test
    fun test_main_screen_when_drawn_large_then_it_is_a_picture() {
        RuntimeEnvironment.setFontScale(2f)
        draw("main-large", main("h1500dp-notnight", "pronunciation"))
        draw("benchmark-large", screen(BenchmarkActivity::class.java, "h1500dp-notnight"))
        draw("self-test-large", screen(SelfTestActivity::class.java, "h1500dp-notnight").also { finish() })
        RuntimeEnvironment.setFontScale(1f)
        draw("main-rtl", main("ldrtl-h800dp-notnight", "pronunciation"))
    }

    @Test
    fun test_picture_when_encoded_then_it_can_be_read_back() {
        val picture = Bitmap.createBitmap(3, 2, Bitmap.Config.ARGB_8888)
        picture.setPixel(2, 1, 0xFF0B6156.toInt())
        val bytes = PalettePng.encode(picture)
        val read = BitmapFactory.decodeByteArray(bytes, 0, bytes.size)
        assertEquals(0xFF0B6156.toInt(), read.getPixel(2, 1))
        assertEquals(0xFF000000.toInt(), read.getPixel(0, 0))
    }
}
