package dev.tfedge.demo

import android.os.SystemClock
import android.util.Log

/** Lines of a run in Android's log, which `tfedge deploy` follows: one each, with the run's name first. */
class RunLog(private val id: String) {
    private var done = 0
    private var total = 1
    private var saidAt = 0L

    /** Says how far. */
    fun progress(done: Int, total: Int) {
        this.done = done
        this.total = total
        say("progress $done/$total")
    }

    /** Says how far once more where nothing was said for a while: who reads takes silence for a hang. */
    fun alive() {
        if (SystemClock.elapsedRealtime() - saidAt >= QUIET_MS) progress(done, total)
    }

    /** Says that all is done and lies at [path]. */
    fun done(path: String) = say("done $path")

    /** Says why it ended without a report. */
    fun failed(message: String) = say("failed $message")

    private fun say(line: String) {
        saidAt = SystemClock.elapsedRealtime()
        Log.i(TAG, "$id $line".replace(BREAKS, " "))
    }

    companion object {
        /** Under which the lines are. */
        const val TAG = "tfedge"
        private const val QUIET_MS = 500L
        private val BREAKS = Regex("[\\r\\n]+")
    }
}
