package dev.tfedge.core

/**
 * How long an answer took, in nanoseconds of wall clock; of an answer of several calls these are sums.
 *
 * @property writeNs filling inputs and handing them to the interpreter.
 * @property runNs inside the interpreter, by its own clock.
 * @property readNs reading outputs.
 */
data class Latency(val writeNs: Long, val runNs: Long, val readNs: Long) {
    /** The whole answer in milliseconds. */
    val totalMs: Double get() = (writeNs + runNs + readNs) / 1e6
}

/** Adds up the times of the calls of one answer; used again for the next one. */
internal class Stopwatch {
    var writeNs = 0L
        private set
    var runNs = 0L
        private set
    var readNs = 0L
        private set

    /** Forgets the answer before. */
    fun reset() {
        writeNs = 0
        runNs = 0
        readNs = 0
    }

    /** Adds a call that took [callNs], of which the interpreter itself took [nativeNs]. */
    fun addCall(callNs: Long, nativeNs: Long) {
        runNs += nativeNs
        writeNs += callNs - nativeNs
    }

    /** Adds time of filling inputs. */
    fun addWrite(ns: Long) {
        writeNs += ns
    }

    /** Adds time of reading outputs. */
    fun addRead(ns: Long) {
        readNs += ns
    }

    /** The times so far. */
    fun latency() = Latency(writeNs, runNs, readNs)
}
