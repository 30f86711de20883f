package dev.tfedge.demo

import java.io.Closeable

/** A value that screens watch; for the main thread only. */
class Live<T>(first: T) {
    private val watchers = LinkedHashSet<(T) -> Unit>()

    /** Now; setting it tells all who watch. */
    var value: T = first
        set(value) {
            field = value
            watchers.toList().forEach { if (it in watchers) it(value) }
        }

    /** Calls [watcher] with the value now, and with each later one until the result is closed. */
    fun watch(watcher: (T) -> Unit): Closeable {
        watchers += watcher
        watcher(value)
        return Closeable { watchers -= watcher }
    }
}
