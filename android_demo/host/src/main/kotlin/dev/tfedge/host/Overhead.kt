package dev.tfedge.host

import dev.tfedge.core.Engine
import java.lang.management.ManagementFactory
import java.util.Locale

/**
 * What the core adds to the bare interpreter: whole answers and the bare calls behind them, in turns, text by text.
 *
 * Times are processor time of this thread, which other programs hardly move: ask for one thread. The bare calls are
 * those of a program that has its inputs in place and reads nothing: the same signatures, as often.
 */
internal class Overhead(private val engine: Engine) {
    private val threads = ManagementFactory.getThreadMXBean()
    private val texts = engine.pack.goldenCases.map { it.text }
    private val bare = texts.map(::bareCalls)

    /** Returns medians over the texts as a line of JSON, in microseconds an answer. */
    fun measure(seconds: Double): String {
        val whole = Array(texts.size) { ArrayList<Long>() }
        val alone = Array(texts.size) { ArrayList<Long>() }
        val end = System.nanoTime() + (WARM_UP_SHARE + 1) * seconds * 1e9
        val warm = System.nanoTime() + WARM_UP_SHARE * seconds * 1e9
        while (System.nanoTime() < end) {
            for ((place, text) in texts.withIndex()) {
                val isWarm = System.nanoTime() > warm
                val answer = time { engine.predict(text) }
                val calls = time(bare[place])
                if (isWarm) {
                    whole[place] += answer
                    alone[place] += calls
                }
            }
        }
        if (whole.any { it.isEmpty() }) throw UsageException("expected time for one pass of texts; got $seconds s")
        val (answer, calls) = whole.sumOf(::median) / texts.size to alone.sumOf(::median) / texts.size
        val line = "{\"entry\": \"%s\", \"answer_us\": %.2f, \"bare_calls_us\": %.2f, \"overhead_ratio\": %.4f, " +
            "\"rounds\": %d}"
        val rounds = whole.first().size
        return line.format(Locale.ROOT, engine.entry, answer / 1e3, calls / 1e3, answer / calls - 1, rounds)
    }

    private fun bareCalls(text: String): () -> Unit {
        val trace = engine.trace(text)
        val isGreedy = engine.entry == "greedy"
        val first = engine.runtime.signature(if (isGreedy) "greedy" else "encode")
        // How long a step takes does not depend on what it reads; how many there are does.
        val step = if (isGreedy) null else engine.runtime.signature("decode_step")
        trace.ids.forEachIndexed { place, id -> first.input("source_ids").putInt(place * Int.SIZE_BYTES, id) }
        return {
            first.run()
            if (step != null) repeat(trace.tokens.size) { step.run() }
        }
    }

    private fun time(action: () -> Unit): Long {
        val start = threads.currentThreadCpuTime
        action()
        return threads.currentThreadCpuTime - start
    }

    private fun median(samples: List<Long>): Double = samples.sorted()[samples.size / 2].toDouble()

    companion object {
        /** How long to measure, in seconds, unless told. */
        const val SECONDS = 5.0

        // Half of that again, before, for the JVM to compile.
        private const val WARM_UP_SHARE = 0.5
    }
}
