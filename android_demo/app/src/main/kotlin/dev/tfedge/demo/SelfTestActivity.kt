package dev.tfedge.demo

import android.content.res.ColorStateList
import android.view.View
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import dev.tfedge.core.CaseResult

/** The golden cases of the model, one by one: the same test that the first start runs. */
class SelfTestActivity : Screen<SelfTests>(R.layout.self_test) {
    private val words by lazy { SelfTestWords(this) }

    override fun begin() = demo.models.selfTest

    override fun end(work: SelfTests) = Unit

    override fun fill() {
        view<View>(R.id.run).setOnClickListener { work.start() }
        view<View>(R.id.share).setOnClickListener { share() }
        watch(work.state, ::show)
        watch(demo.models.state) { model ->
            // Cases that passed in an earlier process have nothing to show yet.
            if (model is ModelState.Ready && work.state.value == SelfTestState.PassedBefore) work.start()
        }
    }

    private fun show(state: SelfTestState) {
        val finished = state as? SelfTestState.Finished
        if (state == SelfTestState.PassedBefore && demo.models.state.value is ModelState.Ready) return work.start()
        showVerdict(state)
        showProgress(state as? SelfTestState.Running)
        view<View>(R.id.run).isEnabled = state !is SelfTestState.Running
        view<View>(R.id.share).isEnabled = finished?.report?.file != null
        val problem = finished?.report?.takeIf { it.file == null }?.problem
        view<TextView>(R.id.share_line).showLine(problem?.let { getString(R.string.share_failed, it) })
        showDifference(finished)
        // Kept while they are answered again, so that the list does not jump.
        if (state !is SelfTestState.Running) showCases(finished)
    }

    private fun showVerdict(state: SelfTestState) {
        val isPassed = (state as? SelfTestState.Finished)?.result?.isPassed ?: (state !is SelfTestState.Broken)
        val line = if (state is SelfTestState.Broken) state.line else getString(R.string.self_test_about)
        view<TextView>(R.id.verdict_title).text = words.line(state)
        view<TextView>(R.id.verdict_line).text = line
        val icon = view<ImageView>(R.id.verdict_icon)
        icon.showIf(state is SelfTestState.Finished || state is SelfTestState.Broken)
        showIcon(icon, isPassed)
    }

    private fun showProgress(running: SelfTestState.Running?) {
        val bar = view<ProgressBar>(R.id.progress)
        bar.visibility = if (running == null) View.INVISIBLE else View.VISIBLE
        bar.max = running?.total ?: 1
        bar.progress = running?.done ?: 0
    }

    private fun showDifference(finished: SelfTestState.Finished?) {
        val difference = finished?.result?.firstDifference
        view<View>(R.id.difference).showIf(difference != null)
        val facts = view<LinearLayout>(R.id.difference_facts)
        facts.removeAllViews()
        if (difference == null) return
        facts.addFact(R.string.difference_case, difference.case)
        facts.addFact(R.string.difference_stage, difference.stage.key)
        facts.addFact(R.string.difference_index, difference.index.toString())
        facts.addFact(R.string.difference_expected, words.place(finished.pack, difference.stage, difference.expected))
        facts.addFact(R.string.difference_actual, words.place(finished.pack, difference.stage, difference.actual))
        words.distance(difference)?.let { facts.addFact(R.string.difference_steps, it) }
    }

    private fun showCases(finished: SelfTestState.Finished?) {
        val list = view<LinearLayout>(R.id.cases)
        list.showIf(finished != null)
        list.removeAllViews()
        if (finished == null) return
        for (case in finished.result.cases) {
            val row = layoutInflater.inflate(R.layout.golden_case, list, false)
            fillCase(row, case, words.expected(finished.pack, case.case))
            list.addView(row)
        }
    }

    private fun fillCase(row: View, case: CaseResult, expected: String) {
        val icon = row.findViewById<ImageView>(R.id.case_icon)
        showIcon(icon, case.isPassed)
        icon.contentDescription = getString(if (case.isPassed) R.string.case_passed else R.string.case_failed)
        row.findViewById<TextView>(R.id.case_text).text = case.case.text
        row.findViewById<TextView>(R.id.case_name).text = case.case.name
        row.findViewById<TextView>(R.id.case_answer).text = case.trace.text
        val line = getString(R.string.case_expected, expected)
        row.findViewById<TextView>(R.id.case_expected).showLine(if (case.isPassed) null else line)
    }

    private fun showIcon(icon: ImageView, isPassed: Boolean) {
        icon.setImageResource(if (isPassed) R.drawable.icon_check else R.drawable.icon_cross)
        icon.imageTintList = ColorStateList.valueOf(getColor(if (isPassed) R.color.good else R.color.bad))
    }

    private fun share() {
        val file = (work.state.value as? SelfTestState.Finished)?.report?.file ?: return
        startActivity(Reports(this).share(file))
    }
}
