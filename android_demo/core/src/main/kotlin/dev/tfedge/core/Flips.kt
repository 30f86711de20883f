package dev.tfedge.core

/** How many golden cases of a quantized file may answer otherwise, as `tfedge/validation/golden.py` allows. */
internal object Flips {
    // Full int8 changed 2.3 % of the shipped model's answers against its own float; golden cases are picked to be hard
    // and get twice that. More flips than 99 of 100 right files would show are no near ties.
    private const val CHANCE = 0.05
    private const val CONFIDENCE = 0.99

    /** Returns how many of [count] cases may flip: the binomial quantile, and never all, or nothing could fail. */
    fun allowed(count: Int): Int {
        var flips = 0
        var probability = Math.pow(1 - CHANCE, count.toDouble())
        var covered = probability
        while (covered < CONFIDENCE) {
            probability *= (count - flips) * CHANCE / ((flips + 1) * (1 - CHANCE))
            covered += probability
            flips++
        }
        return minOf(flips, count - 1)
    }
}
