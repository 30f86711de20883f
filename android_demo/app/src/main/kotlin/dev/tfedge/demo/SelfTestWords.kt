package dev.tfedge.demo

import android.content.Context
import dev.tfedge.core.FirstDifference
import java.text.NumberFormat

/** What the golden cases say, in the phone's language. */
class SelfTestWords(private val context: Context) {
    /** One line. */
    fun line(state: SelfTestState): String = when (state) {
        is SelfTestState.Waiting -> context.getString(R.string.self_test_waiting)
        is SelfTestState.PassedBefore -> context.getString(R.string.self_test_passed_before)
        is SelfTestState.Running -> context.getString(R.string.self_test_running)
        is SelfTestState.Broken -> context.getString(R.string.self_test_broken)
        is SelfTestState.Finished -> finished(state)
    }

    /** How far a first difference is, or null where that has no number. */
    fun distance(difference: FirstDifference): String? = difference.quantSteps?.let { steps ->
        val format = NumberFormat.getNumberInstance().apply { maximumFractionDigits = 2 }
        // Languages choose the form by the number as it is written; English has one for exactly 1.
        context.resources.getQuantityString(R.plurals.quant_steps, if (steps == 1.0) 1 else 2, format.format(steps))
    }

    private fun finished(state: SelfTestState.Finished): String {
        val (passed, all) = state.result.numPassed to state.result.cases.size
        val form = if (state.result.isPassed) R.plurals.self_test_passed else R.plurals.self_test_failed
        return context.resources.getQuantityString(form, all, passed, all)
    }
}
