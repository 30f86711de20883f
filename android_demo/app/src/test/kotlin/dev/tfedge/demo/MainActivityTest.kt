package dev.tfedge.demo

import android.os.Looper
import android.speech.tts.TextToSpeech
import android.view.View
import android.widget.EditText
import android.widget.TextView
import java.time.Duration
import java.util.Locale
import java.util.concurrent.CountDownLatch
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
import org.robolectric.shadows.ShadowTextToSpeech

@RunWith(RobolectricTestRunner::class)
class MainActivityTest {
    private lateinit var controller: ActivityController<MainActivity>
    private val screen: MainActivity get() = controller.get()

    @Before
    fun open() {
        controller = Robolectric.buildActivity(MainActivity::class.java).setup()
        await("the golden cases to be answered") { app.models.selfTest.state.value is SelfTestState.Finished }
    }

    @After
    fun close() {
        if (!screen.isDestroyed) controller.pause().stop().destroy()
        awaitWorker()
    }

    private fun type(text: String) = screen.on<EditText>(R.id.word).setText(text)

    private fun tiles(): List<String> {
        val flow = screen.on<FlowLayout>(R.id.tiles)
        if (!flow.isSeen()) return emptyList()
        return List(flow.childCount) { (flow.getChildAt(it) as TextView).text.toString() }
    }

    private fun typed(text: String): List<String> {
        type(text)
        await("an answer to $text") { (screen.work.reader.reading.value as? Reading.Answered)?.word == text.trim() }
        return tiles()
    }

    @Test
    fun test_word_when_typed_then_its_phonemes_and_their_time_are_shown() {
        assertEquals("L IH N OW L IY AH M".split(" "), typed("linoleum"))
        assertTrue(screen.textOn(R.id.latency), Regex("[0-9.,]+ ms").matches(screen.textOn(R.id.latency)))
        assertTrue(screen.on<View>(R.id.reading).contentDescription.startsWith("linoleum: L, IH, N, OW"))
        assertFalse(screen.on<View>(R.id.alternatives).isSeen()) // This model offers none.
    }

    @Test
    fun test_answer_when_word_is_golden_then_it_is_the_golden_one() {
        val pack = (app.models.state.value as ModelState.Ready).model.pack
        for (case in pack.goldenCases) assertEquals(case.name, case.expectedText, typed(case.text).joinToString(" "))
    }

    @Test
    fun test_typing_when_fast_then_only_the_last_word_is_asked() {
        for (end in 1.."linoleum".length) type("linoleum".take(end))
        await("an answer") { screen.work.reader.reading.value is Reading.Answered }
        assertEquals(1, screen.work.reader.asked)
        assertEquals(8, tiles().size)
    }

    @Test
    fun test_answer_when_a_newer_word_was_typed_then_it_is_not_shown() {
        val shown = ArrayList<Reading>()
        screen.work.reader.reading.watch { shown += it }
        val busy = CountDownLatch(1)
        app.worker.run({ busy.await() })
        type("parkway")
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(200)) // Asked, behind the job before.
        type("zap")
        busy.countDown()
        await("an answer to zap") { (shown.last() as? Reading.Answered)?.word == "zap" }
        assertEquals(listOf("zap"), shown.filterIsInstance<Reading.Answered>().map { it.word })
    }

    @Test
    fun test_word_when_cleared_then_the_hint_is_back() {
        typed("zap")
        screen.on<View>(R.id.clear).tap()
        assertEquals(emptyList<String>(), tiles())
        assertEquals("They appear as you type.", screen.textOn(R.id.reading_line))
        assertFalse(screen.on<View>(R.id.clear).isSeen())
    }

    @Test
    fun test_word_when_unreadable_then_a_friendly_line_says_so_and_the_next_word_works() {
        for (text in listOf("naïve", "hello world", "b2b", "x".repeat(30))) {
            type(text)
            await("a refusal of $text") { (screen.work.reader.reading.value as? Reading.Unreadable)?.word == text }
            assertEquals("This model cannot read “$text”.", screen.textOn(R.id.reading_line))
            assertTrue(screen.textOn(R.id.reading_detail), screen.textOn(R.id.reading_detail).startsWith("Expected"))
            assertEquals(emptyList<String>(), tiles())
        }
        assertEquals(listOf("Z", "AE", "P"), typed("zap"))
    }

    @Test
    fun test_word_when_it_has_spaces_around_then_they_do_not_matter() {
        assertEquals(listOf("Z", "AE", "P"), typed(" ZAP "))
    }

    @Test
    fun test_rotation_when_a_word_is_answered_then_text_and_answer_stay_and_nothing_runs_again() {
        typed("linoleum")
        val model = app.models.state.value
        val work = screen.work
        controller.recreate()
        awaitWorker()
        assertEquals("linoleum", screen.textOn(R.id.word))
        assertEquals("L IH N OW L IY AH M".split(" "), tiles())
        assertTrue(work === screen.work && model === app.models.state.value)
        assertEquals(1, work.reader.asked)
        assertEquals(listOf("Z", "AE", "P"), typed("zap"))
    }

    @Test
    fun test_model_when_the_last_screen_is_destroyed_then_it_is_closed() {
        val engine = (app.models.state.value as ModelState.Ready).model.engine
        controller.recreate()
        awaitWorker()
        engine.predict("zap") // A rotation does not close it.
        val other = Robolectric.buildActivity(SelfTestActivity::class.java).setup()
        controller.pause().stop().destroy()
        awaitWorker()
        engine.predict("zap") // Nor does a screen while there is another one.
        other.pause().stop().destroy()
        awaitWorker()
        assertThrows(dev.tfedge.core.EngineException::class.java) { engine.predict("zap") }
        assertTrue(app.models.state.value === ModelState.Closed)
    }

    @Test
    fun test_models_files_when_read_on_the_main_thread_then_it_is_refused() {
        assertThrows(IllegalStateException::class.java) { ModelFiles(app).builtIn() }
    }

    private fun startSpeech(status: Int): ShadowTextToSpeech {
        val engine = shadowOf(ShadowTextToSpeech.getLastTextToSpeechInstance())
        engine.onInitListener.onInit(status)
        awaitWorker()
        awaitWorker()
        return engine
    }

    @Test
    fun test_speak_when_there_is_an_engine_then_it_says_the_word() {
        ShadowTextToSpeech.addLanguageAvailability(Locale.US)
        val engine = startSpeech(TextToSpeech.SUCCESS)
        assertFalse(screen.on<View>(R.id.speak).isEnabled) // Nothing to say yet.
        typed("linoleum")
        screen.on<View>(R.id.speak).tap()
        assertEquals("linoleum", engine.lastSpokenText)
        assertFalse(screen.on<View>(R.id.speak_reason).isSeen())
    }

    @Test
    fun test_speak_when_there_is_no_engine_then_it_is_disabled_and_says_why() {
        startSpeech(TextToSpeech.ERROR)
        typed("linoleum")
        assertFalse(screen.on<View>(R.id.speak).isEnabled)
        assertTrue(screen.textOn(R.id.speak_reason), screen.textOn(R.id.speak_reason).contains("no speech engine"))
    }

    @Test
    fun test_speak_when_there_is_no_english_voice_then_it_is_disabled_and_says_why() {
        startSpeech(TextToSpeech.SUCCESS)
        typed("linoleum")
        assertFalse(screen.on<View>(R.id.speak).isEnabled)
        assertTrue(screen.textOn(R.id.speak_reason), screen.textOn(R.id.speak_reason).contains("no English voice"))
    }

    @Test
    fun test_speech_when_the_screen_is_destroyed_then_the_engine_is_let_go() {
        val engine = startSpeech(TextToSpeech.SUCCESS)
        controller.recreate()
        assertFalse(engine.isShutdown)
        controller.pause().stop().destroy()
        assertTrue(engine.isShutdown)
    }
}
