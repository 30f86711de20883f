package dev.tfedge.core

import java.nio.ByteBuffer

/**
 * One of several answers.
 *
 * @property text as the task writes it.
 * @property score its logarithmic probability or whatever the model calls it; more is better.
 */
data class Alternative(val text: String, val score: Double)

/**
 * The n best answers of a model with a signature `beam`: `source_ids` -> `tokens` int32 (n, length) or (1, n, length),
 * `scores` (n,) or (1, n).
 */
internal class BeamSearch(private val beam: Signature, private val task: TaskSpec) {
    private val tokens = beam.outputs.getValue(TOKENS)
    private val scores = beam.outputs.getValue(SCORES)
    private val length = tokens.shape.last()

    /** Returns the answers, best first; none is there twice. */
    fun search(sourceIds: IntArray): List<Alternative> {
        GreedyDecoder.writeSource(
            beam.input(GreedyDecoder.SOURCE_IDS), beam.inputs.getValue(GreedyDecoder.SOURCE_IDS), sourceIds
        )
        beam.run(Stopwatch())
        val rows = beam.output(TOKENS)
        val points = beam.output(SCORES)
        val found = List(tokens.count / length) { row -> Alternative(text(rows, row), score(points, row)) }
        return found.sortedByDescending { it.score }.distinctBy { it.text }
    }

    private fun text(rows: ByteBuffer, row: Int): String =
        task.target.decode(IntArray(length) { rows.getInt((row * length + it) * Int.SIZE_BYTES) })

    private fun score(points: ByteBuffer, row: Int): Double =
        Quantization.toReal(Quantization.stored(points, scores, row), scores)

    internal companion object {
        const val BEAM = "beam"
        const val TOKENS = "tokens"
        const val SCORES = "scores"
    }
}
