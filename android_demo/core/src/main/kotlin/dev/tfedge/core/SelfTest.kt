package dev.tfedge.core

import java.util.Locale

/**
 * The first place where an answer differs from the golden case's.
 *
 * @property case name of the golden case.
 * @property stage where it differs.
 * @property index place in the ids or tokens, from 0; of a text that of the character.
 * @property expected what should stand there; null where the expected side has ended.
 * @property actual what stands there; null where this side has ended.
 * @property quantSteps of a token: how much larger its logit is than that of the expected one, in quantization steps
 *   (of floats in 255ths of the logits' range); null where the file has no numbers to show.
 */
data class FirstDifference(
    val case: String,
    val stage: Stage,
    val index: Int,
    val expected: String?,
    val actual: String?,
    val quantSteps: Double?
) {
    /** The difference as a line for a person. */
    val line: String
        get() = "case ${quoted(case)}, ${stage.key} $index: expected ${expected ?: "the end"}, got " +
            (actual ?: "the end") +
            if (quantSteps == null) "" else ", %.2f quantization steps apart".format(Locale.ROOT, quantSteps)
}

/**
 * One golden case, answered.
 *
 * @property case the question with its expected answers.
 * @property trace what it became at each stage.
 * @property difference where that first differs; null where it passed.
 */
class CaseResult(val case: GoldenCase, val trace: StageTrace, val difference: FirstDifference?) {
    /** Whether ids, tokens and text are the expected ones. */
    val isPassed: Boolean get() = difference == null
}

/**
 * All golden cases, answered.
 *
 * @property cases in the pack's order.
 * @property allowed how many may differ: int8 differs by a few steps between processors, and a near tie then falls the
 *   other way; of a float file none.
 */
class SelfTestResult(val cases: List<CaseResult>, val allowed: Int) {
    /** Number of cases that passed. */
    val numPassed: Int get() = cases.count { it.isPassed }

    /** Whether so few cases differ that the file is right on this device. */
    val isPassed: Boolean get() = cases.size - numPassed <= allowed

    /** Of the first case that differs; null where none does. */
    val firstDifference: FirstDifference? get() = cases.firstNotNullOfOrNull { it.difference }

    /** Traces of the cases, in their order. */
    val traces: List<StageTrace> get() = cases.map { it.trace }

    /** The result as a line for a person. */
    val line: String
        get() = "$numPassed of ${cases.size} golden cases answer as recorded, at most $allowed may differ" +
            (firstDifference?.let { "; first difference: ${it.line}" } ?: "")
}

/** Answers the golden cases of a pack and compares every stage that a golden case knows. */
class SelfTest(private val engine: Engine) {
    private val pack = engine.pack

    /**
     * Runs all cases.
     *
     * @param isCancelled asked before each case.
     * @param progress hears (done, total) after each case.
     * @throws MeasurementException it was cancelled.
     * @throws EngineException the runtime failed.
     */
    fun run(isCancelled: () -> Boolean = { false }, progress: (Int, Int) -> Unit): SelfTestResult {
        val cases = pack.goldenCases.mapIndexed { place, case ->
            if (isCancelled()) throw MeasurementException("expected all golden cases; it was cancelled after $place")
            answer(case).also { progress(place + 1, pack.goldenCases.size) }
        }
        val allowed = if (pack.expectedKey == GoldenCase.KERAS) 0 else Flips.allowed(cases.size)
        return SelfTestResult(cases, allowed)
    }

    private fun answer(case: GoldenCase): CaseResult {
        val trace = engine.trace(case.text, case.name)
        return CaseResult(case, trace, difference(case, trace))
    }

    private fun difference(case: GoldenCase, trace: StageTrace): FirstDifference? {
        val ids = firstDifference(case.sourceIds, trace.ids)
        if (ids != null) return found(case, Stage.IDS, ids, case.sourceIds, trace.ids)
        val expected = case.expectedIds.getValue(pack.expectedKey)
        val place = firstDifference(expected, trace.tokens)
        if (place != null) {
            val steps = quantSteps(case, place, expected, trace.tokens)
            return found(case, Stage.TOKENS, place, expected, trace.tokens).copy(quantSteps = steps)
        }
        // The text in a golden case is that of Keras' answer.
        if (expected != case.expectedIds[GoldenCase.KERAS]) return null
        val letters = case.expectedText.toList()
        val text = firstDifference(letters, trace.text.toList()) ?: return null
        return found(case, Stage.TEXT, text, letters, trace.text.toList())
    }

    private fun <T> found(case: GoldenCase, stage: Stage, place: Int, expected: List<T>, actual: List<T>) =
        FirstDifference(
            case.name, stage, place, expected.getOrNull(place)?.toString(), actual.getOrNull(place)?.toString(), null
        )

    /** How far the logits of the two tokens are apart, where both exist and the file has `decode_step`. */
    private fun quantSteps(case: GoldenCase, place: Int, expected: List<Int>, actual: List<Int>): Double? {
        val (right, wrong) = (expected.getOrNull(place) ?: return null) to (actual.getOrNull(place) ?: return null)
        val logits = engine.logitsAfter(case.sourceIds.toIntArray(), expected.take(place)) ?: return null
        if (maxOf(right, wrong) >= logits.size || !(logits.step > 0)) return null
        val steps = Math.abs(logits.real(wrong) - logits.real(right)) / logits.step
        return if (steps.isFinite()) steps else null
    }

    private fun <T> firstDifference(expected: List<T>, actual: List<T>): Int? {
        if (expected == actual) return null
        val shorter = minOf(expected.size, actual.size)
        return (0 until shorter).firstOrNull { expected[it] != actual[it] } ?: shorter
    }
}
