package dev.tfedge.demo

import android.os.Handler
import android.os.Looper
import dev.tfedge.core.Alternative
import dev.tfedge.core.EngineException
import dev.tfedge.core.TaskException
import java.util.concurrent.atomic.AtomicInteger

/** What the word on the screen became. */
sealed interface Reading {
    /** There is no word. */
    object Nothing : Reading

    /**
     * The model's answer to [word].
     *
     * @property symbols of the answer, for example phonemes.
     * @property latencyMs of the answer, in milliseconds.
     * @property others answers that the model offers beside the best one, best first.
     */
    class Answered(
        val word: String,
        val symbols: List<String>,
        val latencyMs: Double,
        val others: List<Alternative>
    ) : Reading

    /** The model cannot read [word]; [line] says why. */
    class Unreadable(val word: String, val line: String) : Reading
}

/**
 * Turns the word into its answer as it is typed: waits until the typing pauses, and shows the answer to the latest word
 * only. Lives as long as its screen does, across rotations.
 */
class WordReader(private val models: Models) {
    private val main = Handler(Looper.getMainLooper())
    private val latest = AtomicInteger()
    private var word = ""

    /** What the word became; stays until the next answer is there, so that nothing flickers. */
    val reading = Live<Reading>(Reading.Nothing)

    /** How many words the model was asked, for tests. */
    @Volatile
    var asked = 0
        private set

    /** Takes the word as it is now; one that did not change is not asked again. */
    fun type(text: String) {
        val typed = text.trim()
        if (typed == word) return
        word = typed
        stop()
        if (typed.isEmpty()) {
            reading.value = Reading.Nothing
        } else {
            main.postDelayed(::ask, PAUSE_MS)
        }
    }

    /** Asks again, for a model that is new. */
    fun askAgain() {
        main.removeCallbacksAndMessages(null)
        if (word.isNotEmpty()) ask()
    }

    /** Forgets what waits, and what the model is being asked. */
    fun stop() {
        main.removeCallbacksAndMessages(null)
        latest.incrementAndGet()
    }

    private fun ask() {
        val turn = latest.incrementAndGet()
        val text = word
        models.use({ if (turn == latest.get()) read(it, text) else Reading.Nothing }) {
            if (turn == latest.get()) reading.value = it
        }
    }

    private fun read(model: OpenModel, text: String): Reading = try {
        Worker.check()
        asked += 1
        val answer = model.engine.predict(text)
        val separator = model.pack.task.target.separator
        val symbols = if (separator.isEmpty()) listOf(answer.text) else answer.text.split(separator)
        val others = answer.alternatives.filter { it.text != answer.text }
        Reading.Answered(text, symbols.filter { it.isNotEmpty() }, answer.latency.totalMs, others)
    } catch (error: TaskException) {
        Reading.Unreadable(text, error.line)
    } catch (error: EngineException) {
        Reading.Unreadable(text, error.line)
    }

    private companion object {
        // Typing pauses of a fast writer are shorter; what takes longer feels late.
        const val PAUSE_MS = 120L
    }
}
