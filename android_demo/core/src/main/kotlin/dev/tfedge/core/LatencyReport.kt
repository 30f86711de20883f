package dev.tfedge.core

/**
 * How long answers take: raw samples with what they depend on; statistics are derived.
 *
 * @property entry "greedy" or "encode+decode_step".
 * @property texts that were answered in turn; sample k belongs to text k % texts.size.
 * @property warmupRuns answers before the first sample.
 * @property isWarm whether the warm-up became stable.
 * @property samples raw times of whole answers, in order.
 * @property turnRuns how many samples each turn took, whole passes over the texts.
 */
class LatencyReport(
    val entry: String,
    val texts: List<String>,
    val warmupRuns: Int,
    val isWarm: Boolean,
    val samples: List<Latency>,
    val turnRuns: List<Int>
) {
    /** Milliseconds of each whole answer. */
    val samplesMs: List<Double> = samples.map { it.totalMs }

    private val times = samplesMs.toDoubleArray()

    /** Number of samples. */
    val numRuns: Int get() = samples.size

    /** Median milliseconds of an answer. */
    val p50Ms: Double by lazy { Statistics.median(times) }

    /** Milliseconds that nine answers of ten stay below. */
    val p90Ms: Double by lazy { Statistics.percentile(times, 90.0) }

    /** Share of the whole time that was not spent inside the interpreter. */
    val outsideRatio: Double
        get() = samples.sumOf { it.writeNs + it.readNs } / (samples.sumOf { it.totalMs } * NS_A_MS)

    /** Why the figures must not be relied on, by the rules of `tfedge bench`; empty for a valid measurement. */
    val invalidReasons: List<String> by lazy { reasons() }

    private fun reasons(): List<String> {
        val turns = turns()
        val typical = Statistics.typical(turns)
        val (low, high) = Statistics.typicalInterval(turns, RESAMPLES)
        val spread = Statistics.spread(times, texts.size)
        val seconds = samplesMs.sum() / 1000
        return listOfNotNull(
            "too few runs: $numRuns of $MIN_RUNS".takeIf { numRuns < MIN_RUNS },
            "too few rounds: ${turnRuns.size} of $MIN_ROUNDS".takeIf { turnRuns.size < MIN_ROUNDS },
            "too short: %.2f s of %.0f s".words(seconds, MIN_SECONDS).takeIf { seconds < MIN_SECONDS },
            "not warm: medians still moved by over %.0f%% after %d runs".words(TOLERANCE * 100, warmupRuns)
                .takeIf { !isWarm },
            "unstable: %.3g ms may be %.3g to %.3g ms, limit %.0f%%".words(typical, low, high, TOLERANCE * 100)
                .takeIf { maxOf(high / typical, typical / low) > 1 + TOLERANCE },
            "busy device: p90 of the noise is %.2f p50, limit %.0f".words(spread, MAX_SPREAD_RATIO)
                .takeIf { spread > MAX_SPREAD_RATIO }
        )
    }

    /** Samples by turn and source. */
    private fun turns(): List<List<DoubleArray>> {
        var at = 0
        return turnRuns.map { runs ->
            Statistics.bySource(times.copyOfRange(at, at + runs), texts.size).also { at += runs }
        }
    }

    private fun String.words(vararg values: Any): String = format(java.util.Locale.ROOT, *values)

    internal companion object {
        // The protocol of tfedge/validation/latency.py, where each number is derived.
        const val MIN_RUNS = 100
        const val MIN_SECONDS = 1.0
        const val MIN_ROUNDS = 10
        const val TOLERANCE = 0.05
        private const val MAX_SPREAD_RATIO = 2.0
        private const val NS_A_MS = 1e6

        // A phone resamples in a tenth of a second; Python takes 500, and derives its own from the raw samples.
        private const val RESAMPLES = 200
    }
}
