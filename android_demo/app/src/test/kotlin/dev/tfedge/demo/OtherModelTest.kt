package dev.tfedge.demo

import android.app.Activity
import android.content.Intent
import android.net.Uri
import android.view.View
import android.widget.EditText
import dev.tfedge.core.EngineException
import java.io.File
import java.io.RandomAccessFile
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

/** Another model in place of the one in the app, or a readable reason why not. */
@RunWith(RobolectricTestRunner::class)
class OtherModelTest {
    private lateinit var files: Files
    private lateinit var controller: ActivityController<MainActivity>
    private val screen: MainActivity get() = controller.get()

    @Before
    fun open() {
        files = Files.serve()
        start()
    }

    private fun start() {
        controller = Robolectric.buildActivity(MainActivity::class.java).setup()
        await("a model") { app.models.state.value is ModelState.Ready }
        awaitTest()
    }

    private fun awaitTest() = await("the golden cases") {
        app.models.selfTest.state.value.let { it is SelfTestState.Finished || it is SelfTestState.PassedBefore }
    }

    @After
    fun close() {
        controller.pause().stop().destroy()
        awaitWorker()
    }

    /** Picks a file as a person does. */
    private fun pick(uri: Uri) {
        screen.on<View>(R.id.row_open).tap()
        val asked = shadowOf(screen).nextStartedActivityForResult
        assertEquals(Intent.ACTION_OPEN_DOCUMENT, asked.intent.action)
        shadowOf(screen).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
        await("the file to be read") { !app.models.isReading.value }
    }

    private fun answer(word: String): String {
        screen.on<EditText>(R.id.word).setText(word)
        await("an answer") { (screen.work.reader.reading.value as? Reading.Answered)?.word == word }
        return (screen.work.reader.reading.value as Reading.Answered).symbols.joinToString(" ")
    }

    private fun assertRefused(uri: Uri, vararg words: String) {
        val before = app.models.state.value
        pick(uri)
        assertEquals("That file was not opened", screen.textOn(R.id.notice_title))
        val line = screen.textOn(R.id.notice_line)
        for (word in words) assertHolds(word, line)
        assertFalse(line, line.contains(app.filesDir.path) || line.contains('\n'))
        assertEquals("The model from before stays.", screen.textOn(R.id.notice_next))
        assertTrue(before === app.models.state.value)
        assertEquals("Z AE P", answer("zap"))
        assertEquals(emptyList<String>(), File(app.filesDir, "models").list().orEmpty().toList())
        screen.on<View>(R.id.notice_dismiss).tap()
        assertFalse(screen.on<View>(R.id.notice).isSeen())
    }

    @Test
    fun test_file_when_good_then_it_answers_is_tested_and_is_there_at_the_next_start() {
        // One golden case of 16 may differ: another file, which passes.
        pick(files.put("other.tflite", Repacked.withGolden { Goldens.wrong(it, 1) }))
        awaitTest()
        assertEquals("other.tflite", screen.textOn(R.id.model_title))
        assertHolds("Passed: 15 of 16 golden cases", screen.on<View>(R.id.row_self_test).words())
        assertEquals("Z AE P", answer("zap"))
        controller.pause().stop().destroy()
        awaitWorker()
        start()
        assertEquals("other.tflite", screen.textOn(R.id.model_title))
        assertTrue(app.models.selfTest.state.value === SelfTestState.PassedBefore)
        screen.on<View>(R.id.row_built_in).tap()
        await("the model in the app") { screen.textOn(R.id.model_title) == "Built into the app" }
        assertFalse(screen.on<View>(R.id.row_built_in).isSeen())
        assertEquals(emptyList<String>(), File(app.filesDir, "models").list().orEmpty().toList())
    }

    @Test
    fun test_file_when_tampered_then_it_is_refused_and_the_model_stays() =
        assertRefused(files.put("bad.tflite", Repacked.tampered()), "bad.tflite", "bytes were changed")

    @Test
    fun test_file_when_too_new_then_it_is_refused_and_the_model_stays() {
        val newer = Repacked.withManifest { it.replace(Regex("\"schema_version\": *1"), "\"schema_version\": 2") }
        assertRefused(files.put("newer.tflite", newer), "newer.tflite", "2")
    }

    @Test
    fun test_file_when_not_made_for_this_runtime_then_it_is_refused_and_the_model_stays() {
        val gate = """{"target": "android-tflite==2.16.1@arm64-v8a", "verdict": "fail", "message": "op too new"}"""
        val other = Repacked.withManifest { it.replaceFirst(Regex("\"gates\": *\\["), "\"gates\": [$gate,") }
        assertRefused(files.put("pi.tflite", other), "android-tflite 2.16.1", "op too new")
    }

    @Test
    fun test_file_when_no_model_then_it_is_refused_and_the_model_stays() {
        assertRefused(files.put("photo.jpg", ByteArray(5000) { it.toByte() }), "photo.jpg")
        assertRefused(files.put("empty.tflite", ByteArray(0)), "empty.tflite")
    }

    @Test
    fun test_file_when_too_large_then_it_is_refused_before_it_is_copied() {
        val film = files.put("film.tflite") { file ->
            RandomAccessFile(file, "rw").use { it.setLength(ModelFiles.MAX_BYTES + 1) }
        }
        assertRefused(film, "256.0 MB")
    }

    @Test
    fun test_file_when_its_owner_does_not_give_it_then_it_is_refused() =
        assertRefused(Uri.parse("content://files/gone.tflite"), "there is no gone.tflite")

    @Test
    fun test_start_when_the_opened_file_was_damaged_meanwhile_then_the_app_says_so_and_its_own_model_answers() {
        pick(files.put("other.tflite", Repacked.withGolden { Goldens.wrong(it, 1) }))
        val kept = File(app.filesDir, "models").listFiles()!!.single()
        controller.pause().stop().destroy()
        awaitWorker()
        kept.writeBytes(Repacked.tampered())
        start()
        assertEquals("The file opened last time could not be opened again", screen.textOn(R.id.notice_title))
        assertEquals("Built into the app", screen.textOn(R.id.model_title))
        assertEquals("Z AE P", answer("zap"))
    }

    @Test
    fun test_model_when_another_one_was_opened_then_the_first_is_closed() {
        val before = (app.models.state.value as ModelState.Ready).model.engine
        pick(files.put("other.tflite", Repacked.withGolden { Goldens.wrong(it, 1) }))
        assertThrows(EngineException::class.java) { before.predict("zap") }
    }
}
