package dev.tfedge.core

/**
 * Measures how long an answer takes, by the protocol of `tfedge bench`: warm up until two windows agree, then turns of
 * whole passes over a few texts until there are enough runs, rounds and seconds.
 */
class Benchmark(private val engine: Engine, private val config: BenchmarkConfig = BenchmarkConfig()) {
    private val texts = timedTexts(texts(engine.pack), config.numTexts)
    private val sources = texts.map { engine.pack.task.sourceIds(it) }

    /**
     * Runs the protocol; the report is valid or says why it is not.
     *
     * @param progress hears (done, total), in per cent.
     * @param isCancelled asked before every answer.
     * @throws MeasurementException it was cancelled.
     * @throws EngineException the runtime failed.
     */
    fun run(progress: (Int, Int) -> Unit, isCancelled: () -> Boolean = { false }): LatencyReport {
        progress(0, WHOLE)
        val warmUp = warmUp(isCancelled)
        val samples = ArrayList<Latency>()
        val turnRuns = ArrayList<Int>()
        var seconds = 0.0
        while (shareDone(samples.size, turnRuns.size, seconds) < 1) {
            val turn = turn(isCancelled)
            samples += turn
            turnRuns += turn.size
            seconds += turn.sumOf { it.totalMs } / 1000
            progress((shareDone(samples.size, turnRuns.size, seconds) * WHOLE).toInt(), WHOLE)
        }
        return LatencyReport(engine.entry, texts, warmUp.runs, warmUp.isWarm, samples, turnRuns)
    }

    private class WarmUp(val runs: Int, val isWarm: Boolean)

    private fun warmUp(isCancelled: () -> Boolean): WarmUp {
        var runs = 0
        var before = 0.0
        repeat(MAX_WARMUP_WINDOWS) {
            val window = turn(isCancelled)
            runs += window.size
            val median = Statistics.median(DoubleArray(window.size) { window[it].totalMs })
            if (Math.abs(median - before) <= LatencyReport.TOLERANCE * before) return WarmUp(runs, true)
            before = median
        }
        return WarmUp(runs, false)
    }

    /** Whole passes over the texts, until a turn is long enough. */
    private fun turn(isCancelled: () -> Boolean): List<Latency> {
        val samples = ArrayList<Latency>()
        var totalMs = 0.0
        while (samples.size < TURN_RUNS || totalMs < TURN_MS) {
            for (source in sources) {
                if (isCancelled()) throw MeasurementException("expected a whole measurement; it was cancelled")
                val sample = engine.time(source)
                totalMs += sample.totalMs
                samples += sample
            }
        }
        return samples
    }

    private fun shareDone(runs: Int, turns: Int, seconds: Double): Double {
        if (seconds >= config.maxSeconds) return 1.0
        val inTime = if (config.minSeconds > 0) seconds / config.minSeconds else 1.0
        return minOf(1.0, minOf(runs.toDouble() / config.minRuns, turns.toDouble() / LatencyReport.MIN_ROUNDS, inTime))
    }

    internal companion object {
        private const val WHOLE = 100
        private const val MAX_WARMUP_WINDOWS = 20

        // A turn after a pause starts with cold caches, which one sample in ten may show.
        private const val TURN_RUNS = 10
        private const val TURN_MS = 50.0

        /** Returns the texts that a pack brings along: those it can be scored by, else its golden ones. */
        fun texts(pack: Pack): List<String> =
            pack.evaluation?.examples?.map { it.text }?.ifEmpty { null } ?: pack.goldenCases.map { it.text }

        /** Returns [count] texts at even quantiles of length: the shortest, the longest, and what lies between. */
        fun timedTexts(texts: List<String>, count: Int): List<String> {
            val byLength = texts.sortedWith(compareBy<String> { it.codePointCount(0, it.length) }.then(ByCodePoint))
            val places = minOf(count, byLength.size)
            if (places == 1) return byLength.take(1)
            return List(places) { byLength[Math.rint(it * (byLength.size - 1.0) / (places - 1)).toInt()] }
        }
    }
}
