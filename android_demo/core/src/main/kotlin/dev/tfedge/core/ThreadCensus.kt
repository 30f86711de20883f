package dev.tfedge.core

import java.io.File
import java.io.IOException

/**
 * Threads of this process as Linux lists them: which of them an interpreter has started and kept busy.
 *
 * A thread pool in native code gives its threads no name, so they carry that of the thread that called.
 */
internal class ThreadCensus {
    private val before: Set<String> = tasks().orEmpty().toSet()

    /**
     * Returns how many threads computed: the caller, and those of its name that came since and have used the processor;
     * null where the system does not tell.
     */
    fun seen(): Int? {
        val tasks = tasks() ?: return null
        val caller = read("/proc/thread-self/comm") ?: return null
        return 1 + tasks.count { it !in before && read("$TASKS/$it/comm") == caller && ticks(it) > 0 }
    }

    private fun tasks(): List<String>? = File(TASKS).list()?.toList()

    /** Clock ticks that a thread has computed: fields 14 and 15 of `stat`, counted behind the name in parentheses. */
    private fun ticks(task: String): Long {
        val fields = read("$TASKS/$task/stat")?.substringAfterLast(") ")?.split(' ').orEmpty()
        return (fields.getOrNull(11)?.toLongOrNull() ?: 0) + (fields.getOrNull(12)?.toLongOrNull() ?: 0)
    }

    private fun read(path: String): String? = try {
        File(path).readText().trim()
    } catch (error: IOException) {
        null // A thread that has ended meanwhile, or a system that does not tell.
    }

    private companion object {
        const val TASKS = "/proc/self/task"
    }
}
