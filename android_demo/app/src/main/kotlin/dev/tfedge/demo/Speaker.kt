package dev.tfedge.demo

import android.content.Context
import android.speech.tts.TextToSpeech
import android.speech.tts.UtteranceProgressListener
import java.util.Locale

/** Whether the phone can speak. */
enum class Speech {
    STARTING,
    READY,
    MISSING,
    NO_LANGUAGE,
    FAILED
}

/** Android's own speech, which says the word; lives as long as its screen does, across rotations. */
class Speaker(context: Context, private val worker: Worker) {
    /** Whether it can speak. */
    val state = Live(Speech.STARTING)

    private val engine: TextToSpeech = TextToSpeech(context.applicationContext, ::started)

    /** Says [word]; stops what it was saying. */
    fun speak(word: String) {
        if (engine.speak(word, TextToSpeech.QUEUE_FLUSH, null, UTTERANCE) != TextToSpeech.SUCCESS) {
            state.value = Speech.FAILED
        }
    }

    /** Lets the phone's engine go. */
    fun close() {
        engine.stop()
        engine.shutdown()
    }

    // May be called before the constructor has ended, so it is looked at after.
    private fun started(status: Int) = worker.show {
        if (status == TextToSpeech.SUCCESS) choose() else state.value = Speech.MISSING
    }

    // The words are English, whatever the phone speaks. The engine is another process, which may take its time.
    private fun choose() = worker.run({ engine.setLanguage(Locale.US) >= TextToSpeech.LANG_AVAILABLE }) { isThere ->
        if (isThere) listen()
        state.value = if (isThere) Speech.READY else Speech.NO_LANGUAGE
    }

    private fun listen() {
        engine.setOnUtteranceProgressListener(object : UtteranceProgressListener() {
            override fun onStart(utteranceId: String?) = Unit

            override fun onDone(utteranceId: String?) = worker.show { state.value = Speech.READY }

            @Suppress("OVERRIDE_DEPRECATION") // Android still calls it.
            override fun onError(utteranceId: String?) = worker.show { state.value = Speech.FAILED }
        })
    }

    private companion object {
        const val UTTERANCE = "word"
    }
}
