package dev.tfedge.core

/** Whether the signatures of a model fit the task and each other; all problems in one message. */
internal object SignatureCheck {
    private const val INT32 = "int32"

    /**
     * Refuses a `greedy` that cannot be called with padded ids.
     *
     * @throws EngineException naming what was expected and what the model has.
     */
    fun greedy(greedy: Signature, task: TaskSpec) {
        val problems = source(greedy, task) + output(greedy, GreedyDecoder.TARGET_IDS)
        val form = greedy.outputs[GreedyDecoder.TARGET_IDS]
        refuse(problems + if (form == null || form.dtype == INT32) emptyList() else listOf("greedy gives $form"))
    }

    /** Refuses `encode` and `decode_step` that a host loop cannot run in turns; throws as [greedy]. */
    fun steps(encode: Signature, step: Signature, task: TaskSpec) {
        val problems = ArrayList(source(encode, task) + output(step, StepDecoder.LOGITS))
        val single = listOf(StepDecoder.TOKEN, StepDecoder.INDEX)
        for (key in single) {
            val form = step.inputs[key]
            if (form == null || form.dtype != INT32 || form.count != 1) {
                problems += "decode_step takes ${form ?: "no $key"} in place of one int32 $key"
            }
        }
        for ((key, form) in step.inputs.filterKeys { it !in single }) {
            val from = if (key.startsWith("cache_")) step else encode
            val given = from.outputs[key]
            if (given == null) problems += "${from.name} has no output $key"
            if (given != null && given.count != form.count) {
                problems += "$key leaves ${from.name} as $given and enters decode_step as $form"
            }
        }
        refuse(problems)
    }

    /** Refuses a `beam` without tokens and scores; throws as [greedy]. */
    fun beam(beam: Signature, task: TaskSpec) {
        val (tokens, scores) = beam.outputs[BeamSearch.TOKENS] to beam.outputs[BeamSearch.SCORES]
        val problems = ArrayList(source(beam, task) + output(beam, BeamSearch.TOKENS) + output(beam, BeamSearch.SCORES))
        if (tokens != null && scores != null) {
            val isFit = tokens.dtype == INT32 && tokens.shape.isNotEmpty() &&
                scores.count * tokens.shape.last() == tokens.count
            if (!isFit) problems += "beam gives $tokens with $scores"
        }
        refuse(problems)
    }

    private fun source(signature: Signature, task: TaskSpec): List<String> {
        val form = signature.inputs[GreedyDecoder.SOURCE_IDS]
        val isFit = form != null && signature.inputs.size == 1 && form.dtype == INT32 &&
            form.shape == listOf(1, task.maxSourceLength)
        if (isFit) return emptyList()
        val got = signature.inputs.values.joinToString(", ").ifEmpty { "nothing" }
        return listOf("${signature.name} takes $got in place of source_ids int32 [1, ${task.maxSourceLength}]")
    }

    private fun output(signature: Signature, key: String): List<String> =
        if (key in signature.outputs) emptyList() else listOf("${signature.name} has no output $key")

    private fun refuse(problems: List<String>) {
        if (problems.isEmpty()) return
        throw EngineException(
            "expected seq2seq signatures (greedy: source_ids -> target_ids; encode and decode_step that fit " +
                "together); received a model in which ${problems.joinToString("; ")}; convert it again"
        )
    }
}
