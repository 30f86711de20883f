package dev.tfedge.core

/**
 * How long to measure; the defaults are those of `tfedge bench`. Less makes an invalid measurement, which says so.
 *
 * @property minRuns answers, at least.
 * @property minSeconds seconds of answering, at least.
 * @property maxSeconds of answering, after which it is done anyway.
 * @property numTexts texts answered in turn: even quantiles of the lengths that the pack's texts have.
 */
data class BenchmarkConfig(
    val minRuns: Int = LatencyReport.MIN_RUNS,
    val minSeconds: Double = LatencyReport.MIN_SECONDS,
    val maxSeconds: Double = 60.0,
    val numTexts: Int = 12
) {
    init {
        val isLegal = minRuns >= 1 && numTexts >= 1 && minSeconds >= 0 && maxSeconds >= minSeconds &&
            maxSeconds < Double.POSITIVE_INFINITY
        if (!isLegal) {
            throw ConfigException(
                "expected runs and texts of 1 or more and seconds of 0 or more up to a limit; got $this"
            )
        }
    }
}
