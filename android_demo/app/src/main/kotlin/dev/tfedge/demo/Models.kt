package dev.tfedge.demo

import android.content.Context
import android.net.Uri
import dev.tfedge.core.Engine
import dev.tfedge.core.Pack
import dev.tfedge.core.TfedgeException

/**
 * The model that all screens share: opened for the first of them, closed with the last; for the main thread.
 *
 * The interpreter lives on the worker: only jobs open, use and close it, one after the other, so that none meets one
 * that is closed.
 */
class Models(private val context: Context, private val worker: Worker) {
    private val files = ModelFiles(context)
    private var screens = 0

    // The worker's own.
    private var model: OpenModel? = null

    /** What there is to answer with. */
    val state = Live<ModelState>(ModelState.Closed)

    /** The last refusal, until it is dismissed. */
    val notice = Live<Notice?>(null)

    /** Whether a file is being read and checked. */
    val isReading = Live(false)

    /** The golden cases of the model. */
    val selfTest = SelfTests(context, this)

    /** Says that one more screen needs the model. */
    fun acquire() {
        screens += 1
        if (screens > 1) return
        state.value = ModelState.Opening
        worker.run(::openStored, ::show)
    }

    /** Says that one screen less does. */
    fun release() {
        screens -= 1
        if (screens > 0) return
        selfTest.cancel()
        worker.run(::close) {
            if (screens == 0) {
                state.value = ModelState.Closed
                selfTest.forget()
            }
        }
    }

    /** Runs [job] with the model, then hands its result to [then]; neither where there is none. */
    fun <T : Any> use(job: (OpenModel) -> T, then: (T) -> Unit) {
        worker.run({ model?.let(job) }) { if (it != null) then(it) }
    }

    /** Runs [action] on the main thread, from a job. */
    fun show(action: () -> Unit) = worker.show(action)

    /** Opens a file that the user picked in place of the model, which stays where that file is refused. */
    fun open(uri: Uri) = replace(R.string.refused) {
        val copy = files.copy(uri)
        try {
            val pack = files.read(copy, files.name(uri))
            load(pack, isBuiltIn = false).also { files.keep(copy, pack.sha256, pack.name) }
        } finally {
            copy.delete()
        }
    }

    /** Opens the model in the app again. */
    fun openBuiltIn() = replace(R.string.model_broken) {
        load(files.builtIn(), isBuiltIn = true).also { files.forget() }
    }

    private class Opened(val model: OpenModel?, val notice: Notice?)

    private fun replace(title: Int, open: () -> OpenModel) {
        notice.value = null
        isReading.value = true
        worker.run({ attempt(title, R.string.refused_stays, open) }) {
            isReading.value = false
            show(it)
        }
    }

    private fun openStored(): Opened {
        if (!files.hasStored()) return attempt(R.string.model_broken, R.string.model_missing, ::openApp)
        val first = attempt(R.string.stored_refused, R.string.stored_refused_stays) { load(files.stored(), false) }
        if (first.model != null) return first
        val second = attempt(R.string.model_broken, R.string.model_missing, ::openApp)
        return Opened(second.model, if (second.model == null) second.notice else first.notice)
    }

    private fun openApp() = load(files.builtIn(), isBuiltIn = true)

    private fun load(pack: Pack, isBuiltIn: Boolean) = OpenModel(pack, Engine(pack), isBuiltIn)

    private fun attempt(title: Int, next: Int, open: () -> OpenModel): Opened = try {
        val opened = open()
        close()
        model = opened
        Opened(opened, null)
    } catch (error: TfedgeException) {
        Opened(null, Notice(title, error.line, next))
    } catch (error: RefusedFile) {
        Opened(null, Notice(title, error.message.orEmpty(), next))
    }

    private fun close() {
        model?.engine?.close()
        model = null
    }

    private fun show(opened: Opened) {
        if (screens == 0) return
        notice.value = opened.notice
        if (opened.model != null) {
            state.value = ModelState.Ready(opened.model)
            selfTest.startUnlessPassed()
        } else if (state.value !is ModelState.Ready) {
            state.value = ModelState.Broken(opened.notice?.line.orEmpty())
        }
    }
}
