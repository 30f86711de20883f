package dev.tfedge.demo

import android.os.Handler
import android.os.Looper
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit

/**
 * One thread for everything that reads files or computes: jobs run one after the other, and what they return arrives on
 * the main thread in the same order. A job that throws ends the app, so jobs turn what may happen into values.
 */
class Worker {
    private val main = Handler(Looper.getMainLooper())

    // Ends after a while without jobs; native threads that it starts carry its name.
    private val executor = ThreadPoolExecutor(1, 1, IDLE_S, TimeUnit.SECONDS, LinkedBlockingQueue()) { job ->
        Thread(job, NAME)
    }.apply { allowCoreThreadTimeOut(true) }

    /** Runs [job], then hands its result to [then] on the main thread. */
    fun <T> run(job: () -> T, then: (T) -> Unit = {}) {
        executor.execute {
            val result = job()
            main.post { then(result) }
        }
    }

    /** Runs [action] on the main thread, from any thread: for progress. */
    fun show(action: () -> Unit) {
        main.post(action)
    }

    companion object {
        private const val NAME = "tfedge-work"
        private const val IDLE_S = 10L

        /** Refuses to go on where somebody waits for the screen. */
        fun check() {
            check(Looper.myLooper() != Looper.getMainLooper()) { "expected a thread that no screen waits for" }
        }
    }
}
