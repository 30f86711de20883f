package dev.tfedge.demo

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.text.Editable
import android.text.TextWatcher
import android.view.View
import android.view.inputmethod.EditorInfo
import android.view.inputmethod.InputMethodManager
import android.widget.Button
import android.widget.EditText
import android.widget.TextView

/** What the main screen keeps across rotations. */
class MainWork(val reader: WordReader, val speaker: Speaker)

/** A word in, its phonemes out, and the way to everything else. */
class MainActivity : Screen<MainWork>(R.layout.main) {
    private val word by lazy { view<EditText>(R.id.word) }
    private val readingView by lazy { ReadingView(findViewById(android.R.id.content)) }
    private val modelCard by lazy { ModelCard(findViewById(android.R.id.content)) }

    override fun begin() = MainWork(WordReader(demo.models), Speaker(this, demo.worker))

    override fun end(work: MainWork) {
        work.reader.stop()
        work.speaker.close()
    }

    override fun fill() {
        fillWord()
        fillSpeech()
        fillModel()
        watch(work.reader.reading) {
            readingView.show(it)
            showSpeech()
        }
    }

    @Suppress("OVERRIDE_DEPRECATION") // What is not deprecated is in androidx.
    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        val uri = data?.data
        if (requestCode == PICK && resultCode == Activity.RESULT_OK && uri != null) demo.models.open(uri)
    }

    private fun fillWord() {
        val clear = view<View>(R.id.clear)
        clear.setOnClickListener { word.text.clear() }
        word.addTextChangedListener(object : TextWatcher {
            override fun beforeTextChanged(text: CharSequence, start: Int, count: Int, after: Int) = Unit

            override fun onTextChanged(text: CharSequence, start: Int, before: Int, count: Int) = Unit

            override fun afterTextChanged(text: Editable) {
                clear.visibility = if (text.isEmpty()) View.GONE else View.VISIBLE
                work.reader.type(text.toString())
                showSpeech()
            }
        })
        word.setOnEditorActionListener { _, action, _ ->
            if (action == EditorInfo.IME_ACTION_DONE) hideKeyboard()
            action == EditorInfo.IME_ACTION_DONE
        }
    }

    private fun hideKeyboard() {
        getSystemService(InputMethodManager::class.java).hideSoftInputFromWindow(word.windowToken, 0)
    }

    private fun fillSpeech() {
        view<Button>(R.id.speak).setOnClickListener { work.speaker.speak(word.text.toString()) }
        watch(work.speaker.state) { showSpeech() }
    }

    private fun showSpeech() {
        val speech = work.speaker.state.value
        val reason = when (speech) {
            Speech.READY -> null
            Speech.STARTING -> R.string.speech_starting
            Speech.MISSING -> R.string.speech_missing
            Speech.NO_LANGUAGE -> R.string.speech_no_language
            Speech.FAILED -> R.string.speech_failed
        }
        val canSpeak = speech == Speech.READY || speech == Speech.FAILED
        view<Button>(R.id.speak).isEnabled = canSpeak && word.text.isNotBlank()
        view<TextView>(R.id.speak_reason).showLine(reason?.let(::getString))
    }

    private fun fillModel() {
        val models = demo.models
        modelCard.onSelfTest { startActivity(Intent(this, SelfTestActivity::class.java)) }
        modelCard.onBenchmark { startActivity(Intent(this, BenchmarkActivity::class.java)) }
        modelCard.onOpen(::pick)
        modelCard.onBuiltIn(models::openBuiltIn)
        val notice = NoticeView(findViewById(R.id.notice)) { models.notice.value = null }
        watch(models.notice, notice::show)
        watch(models.isReading, modelCard::showReading)
        watch(models.selfTest.state, modelCard::showSelfTest)
        var before: ModelState? = null
        watch(models.state) {
            modelCard.showModel(it)
            // Another model answers otherwise; the same one after a rotation does not.
            if (before != null && it is ModelState.Ready) work.reader.askAgain()
            before = it
        }
    }

    private fun pick() {
        val ask = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*")
        try {
            @Suppress("DEPRECATION")
            startActivityForResult(ask, PICK)
        } catch (error: ActivityNotFoundException) {
            modelCard.showNoFiles()
        }
    }

    private companion object {
        const val PICK = 1
    }
}
