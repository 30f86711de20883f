package dev.tfedge.core

/**
 * What a model answers to one text.
 *
 * @property text of the best answer.
 * @property alternatives other answers with scores, best first, the best one included; none where the model has no
 *   signature `beam`.
 * @property latency of the best answer alone.
 */
data class Answer(val text: String, val alternatives: List<Alternative>, val latency: Latency)
