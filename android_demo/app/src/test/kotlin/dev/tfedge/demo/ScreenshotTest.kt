package dev.tfedge.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.Color
import android.net.Uri
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
        val day = draw("main-day", main("h860dp-notnight", "pronunciation"))
        val night = draw("main-night", main("h860dp-night", "pronunciation"))
        assertTrue(brightness(day) > 0.8 && brightness(night) < 0.2)
        draw("main-unreadable", main("h860dp-notnight", "naïve"))
    }

    @Test
    fun test_pictures_of_the_readme_when_compared_with_the_screens_then_they_are_these() {
        val kept = File(System.getProperty("tfedge.repository"), "android_demo/screenshots").listFiles()!!
        assertEquals(KEPT.toSet(), kept.map { it.nameWithoutExtension }.toSet())
        for (file in kept) assertTrue("${file.name}: ${file.length()} bytes", file.length() < 60_000)
        val day = draw("main-day", main("h860dp-notnight", "pronunciation"))
        val shown = read(kept.first { it.name == "main-day.png" }.readBytes())
        // The time differs, and its letters are 0.2 % of the screen; anything else that changes is more.
        assertTrue("draw them again: sh android_demo/screenshots.sh", difference(day, shown) < 0.005)
        assertTrue(difference(day, draw("main-unreadable", main("h860dp-notnight", "naïve"))) > 0.005)
    }

    /** The share of points that are of another colour. */
    private fun difference(one: Bitmap, other: Bitmap): Double {
        if (one.width != other.width || one.height != other.height) return 1.0
        val (first, second) = IntArray(one.width * one.height) to IntArray(one.width * one.height)
        one.getPixels(first, 0, one.width, 0, 0, one.width, one.height)
        other.getPixels(second, 0, one.width, 0, 0, one.width, one.height)
        return first.indices.count { isFar(first[it], second[it]) } / first.size.toDouble()
    }

    // 16 of 256 a colour: more than a palette changes.
    private fun isFar(one: Int, other: Int) =
        (0..16 step 8).any { Math.abs((one shr it and 0xFF) - (other shr it and 0xFF)) > 16 }

    private fun read(png: ByteArray): Bitmap = BitmapFactory.decodeByteArray(png, 0, png.size)

    private fun brightness(picture: Bitmap): Float = Color.luminance(picture.getPixel(4, picture.height / 2))

    @Test
    fun test_self_test_screen_when_drawn_then_it_is_a_picture() {
        draw("self-test-day", screen(SelfTestActivity::class.java, "h860dp-notnight").also { finish() })
        draw("self-test-night", screen(SelfTestActivity::class.java, "h860dp-night").also { finish() })
    }

    private fun finish() = await("the golden cases") { app.models.selfTest.state.value is SelfTestState.Finished }

    @Test
    fun test_benchmark_screen_when_drawn_then_it_is_a_picture() {
        val day = screen(BenchmarkActivity::class.java, "h860dp-notnight")
        await("a model") { day.on<View>(R.id.start).isEnabled }
        draw("benchmark-idle", day)
        day.on<View>(R.id.start).tap()
        await("a result", 120) { day.work.state.value is BenchmarkState.Finished }
        draw("benchmark-day", day)
        RuntimeEnvironment.setQualifiers("+night")
        draw("benchmark-night", open.last().recreate().get()) // As when evening comes.
    }

    @Test
    fun test_main_screen_when_drawn_large_then_it_is_a_picture() {
        RuntimeEnvironment.setFontScale(2f)
        draw("main-large", main("h1500dp-notnight", "pronunciation"))
        draw("benchmark-large", screen(BenchmarkActivity::class.java, "h1500dp-notnight"))
        draw("self-test-large", screen(SelfTestActivity::class.java, "h1500dp-notnight").also { finish() })
        RuntimeEnvironment.setFontScale(1f)
        draw("main-rtl", main("ldrtl-h860dp-notnight", "pronunciation"))
    }

    @Test
    fun test_failures_when_drawn_then_they_are_pictures() {
        val main = main("h860dp-notnight", "pronunciation")
        val wrong = Files.serve().put("wrong.tflite", Repacked.withGolden { Goldens.wrong(it, 16) })
        app.models.open(Uri.parse(wrong.toString().replace("wrong", "gone")))
        await("a refusal") { app.models.notice.value != null }
        draw("main-refused", main)
        app.models.open(wrong)
        await("a verdict") { (app.models.selfTest.state.value as? SelfTestState.Finished)?.result?.isPassed == false }
        draw("main-failed", main)
        draw("self-test-failed", screen(SelfTestActivity::class.java, "h860dp-notnight"))
        app.models.openBuiltIn()
        awaitWorker()
        drawIcon()
    }

    private fun drawIcon() {
        val picture = Bitmap.createBitmap(432, 432, Bitmap.Config.ARGB_8888)
        app.getDrawable(R.mipmap.launcher)!!.apply { setBounds(0, 0, 432, 432) }.draw(Canvas(picture))
        File("target/screenshots/launcher.png").writeBytes(PalettePng.encode(picture))
    }

    @Test
    fun test_picture_when_encoded_then_it_can_be_read_back() {
        val picture = Bitmap.createBitmap(3, 2, Bitmap.Config.ARGB_8888)
        picture.setPixel(2, 1, 0xFF0B6156.toInt())
        val read = read(PalettePng.encode(picture))
        assertEquals(0xFF0B6156.toInt(), read.getPixel(2, 1))
        assertEquals(0xFF000000.toInt(), read.getPixel(0, 0))
    }

    private companion object {
        /** What README shows. */
        val KEPT = listOf("main-day", "main-night", "self-test-day", "benchmark-day")
    }
}
