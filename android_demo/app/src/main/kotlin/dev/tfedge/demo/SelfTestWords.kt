package dev.tfedge.demo

import android.content.Context
import dev.tfedge.core.EngineException
import dev.tfedge.core.FirstDifference
import dev.tfedge.core.GoldenCase
import dev.tfedge.core.Pack
import dev.tfedge.core.Stage
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

    /** The text of the answer that this very file is to give. */
    fun expected(pack: Pack, case: GoldenCase): String = text(pack, case.expectedIds.getValue(pack.expectedKey))

    /** A place of a first difference: a token with its symbol, anything else as it is. */
    fun place(pack: Pack, stage: Stage, value: String?): String {
        if (value == null) return context.getString(R.string.difference_ended)
        val symbol = if (stage == Stage.TOKENS) value.toIntOrNull()?.let { text(pack, listOf(it)) } else null
        if (symbol.isNullOrEmpty() || symbol == value) return value
        return context.getString(R.string.token, value, symbol)
    }

    /** Ids as text; those of another vocabulary, which a stranger's file may hold, as numbers. */
    private fun text(pack: Pack, ids: List<Int>): String = try {
        pack.task.target.decode(ids.toIntArray())
    } catch (error: EngineException) {
        ids.joinToString(" ")
    }

    private fun finished(state: SelfTestState.Finished): String {
        val (passed, all) = state.result.numPassed to state.result.cases.size
        val form = if (state.result.isPassed) R.plurals.self_test_passed else R.plurals.self_test_failed
        return context.resources.getQuantityString(form, all, passed, all)
    }
}
