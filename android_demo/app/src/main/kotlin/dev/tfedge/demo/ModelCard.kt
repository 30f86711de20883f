package dev.tfedge.demo

import android.view.View
import android.widget.ImageView
import android.widget.TextView

/** The card that says which model answers, and what can be done with it. */
class ModelCard(private val root: View) {
    private val context = root.context
    private val title: TextView = root.findViewById(R.id.model_title)
    private val facts: TextView = root.findViewById(R.id.model_facts)
    private val digest: TextView = root.findViewById(R.id.model_digest)
    private val selfTest: View = root.findViewById(R.id.row_self_test)
    private val benchmark: View = root.findViewById(R.id.row_benchmark)
    private val open: View = root.findViewById(R.id.row_open)
    private val builtIn: View = root.findViewById(R.id.row_built_in)

    init {
        name(selfTest, R.drawable.icon_test, R.string.self_test)
        name(benchmark, R.drawable.icon_gauge, R.string.benchmark)
        name(open, R.drawable.icon_folder, R.string.open_model)
        name(builtIn, R.drawable.icon_undo, R.string.open_built_in)
        state(benchmark).setText(R.string.benchmark_state)
        state(builtIn).showLine(null)
    }

    /** Calls [action] when somebody wants to see the golden cases. */
    fun onSelfTest(action: () -> Unit) = selfTest.setOnClickListener { action() }

    /** Calls [action] when somebody wants to measure. */
    fun onBenchmark(action: () -> Unit) = benchmark.setOnClickListener { action() }

    /** Calls [action] when somebody wants to open a file. */
    fun onOpen(action: () -> Unit) = open.setOnClickListener { action() }

    /** Calls [action] when somebody wants the model in the app back. */
    fun onBuiltIn(action: () -> Unit) = builtIn.setOnClickListener { action() }

    /** Shows which model answers. */
    fun showModel(state: ModelState) {
        val model = (state as? ModelState.Ready)?.model
        title.text = when (state) {
            is ModelState.Ready -> name(state.model)
            is ModelState.Broken -> context.getString(R.string.model_broken)
            else -> context.getString(R.string.model_opening)
        }
        facts.showLine(
            if (state is ModelState.Broken) state.line else model?.pack?.let {
                context.getString(R.string.model_facts, it.recipe, megabytes(it.sizeBytes.toLong()))
            }
        )
        digest.showLine(model?.let { context.getString(R.string.model_digest, it.pack.sha256.take(SHOWN_DIGITS)) })
        listOf(selfTest, benchmark).forEach { enable(it, model != null) }
        val canReturn = if (state is ModelState.Ready) !state.model.isBuiltIn else state is ModelState.Broken
        builtIn.showIf(canReturn)
        root.findViewById<View>(R.id.line_built_in).showIf(canReturn)
    }

    /** Shows whether a file is being read; no other is taken meanwhile. */
    fun showReading(isReading: Boolean) {
        state(open).setText(if (isReading) R.string.open_model_busy else R.string.open_model_state)
        listOf(open, builtIn).forEach { enable(it, !isReading) }
    }

    /** Says that the phone has nothing to pick a file with. */
    fun showNoFiles() = state(open).setText(R.string.open_model_no_app)

    /** Shows what the golden cases say. */
    fun showSelfTest(tests: SelfTestState) {
        val isBad = tests is SelfTestState.Broken || tests is SelfTestState.Finished && !tests.result.isPassed
        state(selfTest).text = SelfTestWords(context).line(tests)
        state(selfTest).setTextColor(context.getColor(if (isBad) R.color.bad else R.color.ink_soft))
    }

    private fun name(model: OpenModel): String = if (model.isBuiltIn) {
        context.getString(R.string.model_built_in)
    } else {
        model.pack.name
    }

    private fun name(row: View, icon: Int, title: Int) {
        row.findViewById<ImageView>(R.id.row_icon).setImageResource(icon)
        row.findViewById<TextView>(R.id.row_title).setText(title)
    }

    private fun state(row: View): TextView = row.findViewById(R.id.row_state)

    private fun enable(row: View, isEnabled: Boolean) {
        row.isEnabled = isEnabled
        row.alpha = if (isEnabled) 1f else DIMMED
    }

    private companion object {
        const val SHOWN_DIGITS = 16
        const val DIMMED = 0.6f
    }
}
