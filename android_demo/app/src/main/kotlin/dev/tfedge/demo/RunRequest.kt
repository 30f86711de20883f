package dev.tfedge.demo

import android.content.Intent
import java.io.File

/** What a run does. */
enum class RunAction(
    /** Its name in an intent. */
    val key: String
) {
    PREPARE("prepare"),
    SELF_TEST("selftest"),
    BENCHMARK("benchmark")
}

/** An intent that cannot be done; the message is one line. */
class RefusedRun(message: String) : Exception(message)

/**
 * What another computer asks for by an intent. Any app on the phone can send one, so nothing in it is believed.
 *
 * @property id names the run in the log and its report.
 * @property action what to do.
 * @property modelSha256 of the file to run, which lies in the folder of models under this name; null for the app's own.
 * @property numThreads threads to ask the interpreter for.
 */
data class RunRequest(val id: String, val action: RunAction, val modelSha256: String?, val numThreads: Int) {
    companion object {
        private val ID = Regex("[A-Za-z0-9_-]{1,64}")
        private val MODEL = Regex("([0-9a-f]{64})\\.tflite")
        private const val MOST_THREADS = 64

        /** The run's name, or "unknown" where the intent has none that can stand in a log. */
        fun id(intent: Intent): String = intent.getStringExtra("run")?.takeIf(ID::matches) ?: "unknown"

        /**
         * Reads an intent's extras `action`, `model`, `run` and `threads`.
         *
         * @throws RefusedRun one is missing or out of its range.
         */
        fun read(intent: Intent): RunRequest {
            val id = intent.getStringExtra("run").orEmpty()
            if (!ID.matches(id)) throw RefusedRun("expected a run of 1 to 64 letters, digits, - and _; got another one")
            val asked = intent.getStringExtra("action")
            val action = RunAction.values().firstOrNull { it.key == asked }
                ?: throw RefusedRun("expected action ${RunAction.values().joinToString { it.key }}; got another one")
            val threads = intent.getIntExtra("threads", 1)
            if (threads !in 1..MOST_THREADS) throw RefusedRun("expected 1 to $MOST_THREADS threads; got $threads")
            return RunRequest(id, action, model(intent.getStringExtra("model").orEmpty()), threads)
        }

        private fun model(path: String): String? {
            if (path.isEmpty()) return null
            val name = File(path).name
            return MODEL.matchEntire(name)?.groupValues?.get(1) ?: throw RefusedRun(
                "expected a model named by its sha256, as tfedge deploy names it; got another name; use tfedge deploy"
            )
        }
    }
}
