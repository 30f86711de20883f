package dev.tfedge.core

import java.util.Random

/** Statistics of raw samples, as NumPy computes them. */
internal object Statistics {
    private const val SEED = 0L

    /** Returns the [percent] percentile of [samples], one or more, between neighbours by their distance. */
    fun percentile(samples: DoubleArray, percent: Double): Double {
        val sorted = samples.sortedArray()
        val place = (sorted.size - 1) * percent / 100
        val low = place.toInt()
        val high = minOf(low + 1, sorted.size - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - low)
    }

    /** Returns the median of [samples], one or more. */
    fun median(samples: DoubleArray): Double = percentile(samples, 50.0)

    /** Returns the samples of one turn by source; sample k belongs to source k % [numSources]. */
    fun bySource(turn: DoubleArray, numSources: Int): List<DoubleArray> = List(numSources) { source ->
        DoubleArray(turn.size / numSources) { turn[it * numSources + source] }
    }

    /**
     * Returns the geometric mean over sources of each source's median: steadier than the median of all samples, which
     * falls into a gap where half of the sources are short.
     *
     * @param turns of each turn its samples by source.
     */
    fun typical(turns: List<List<DoubleArray>>): Double {
        val logarithms = turns.first().indices.map { source ->
            val whole = DoubleArray(turns.sumOf { it[source].size })
            var at = 0
            for (turn in turns) {
                turn[source].copyInto(whole, at)
                at += turn[source].size
            }
            Math.log(median(whole))
        }
        return Math.exp(logarithms.average())
    }

    /** Returns the 95 % bootstrap interval of [typical] over turns: noise comes in bursts longer than a sample. */
    fun typicalInterval(turns: List<List<DoubleArray>>, resamples: Int): Pair<Double, Double> {
        val random = Random(SEED)
        val drawn = DoubleArray(resamples) { typical(List(turns.size) { turns[random.nextInt(turns.size)] }) }
        return percentile(drawn, 2.5) to percentile(drawn, 97.5)
    }

    /** Returns the 90th percentile of each sample over the median of its own source: noise alone, 1 for none. */
    fun spread(samples: DoubleArray, numSources: Int): Double {
        val medians = bySource(samples, numSources).map(::median)
        return percentile(DoubleArray(samples.size) { samples[it] / medians[it % numSources] }, 90.0)
    }
}
