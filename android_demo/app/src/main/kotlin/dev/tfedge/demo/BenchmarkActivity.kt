package dev.tfedge.demo

import android.view.View
import android.view.WindowManager
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import dev.tfedge.core.DeviceFacts
import dev.tfedge.core.DeviceReport
import dev.tfedge.core.LatencyReport

/** How fast this phone answers, under which conditions. */
class BenchmarkActivity : Screen<BenchmarkRun>(R.layout.benchmark) {
    private val cores = Runtime.getRuntime().availableProcessors()

    override fun begin() = BenchmarkRun(applicationContext, demo.models)

    override fun end(work: BenchmarkRun) = work.cancel()

    override fun fill() {
        view<View>(R.id.start).setOnClickListener { work.start() }
        view<View>(R.id.cancel).setOnClickListener { work.cancel() }
        view<View>(R.id.share).setOnClickListener { share() }
        view<View>(R.id.threads_fewer).setOnClickListener { work.numThreads.value -= 1 }
        view<View>(R.id.threads_more).setOnClickListener { work.numThreads.value += 1 }
        watch(work.numThreads) { showThreads() }
        watch(work.state, ::show)
        watch(work.facts, ::showConditions)
        watch(demo.models.state) {
            showStart()
            if (it is ModelState.Ready) work.look()
        }
    }

    private fun show(state: BenchmarkState) {
        val running = state as? BenchmarkState.Running
        // A dark screen slows the processor down.
        val flag = WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
        if (running != null) window.addFlags(flag) else window.clearFlags(flag)
        view<View>(R.id.cancel).showIf(running != null)
        view<View>(R.id.start).showIf(running == null)
        val bar = view<ProgressBar>(R.id.progress)
        bar.visibility = if (running == null) View.INVISIBLE else View.VISIBLE
        bar.progress = running?.percent ?: 0
        view<TextView>(R.id.benchmark_line).showLine(line(state))
        showStart()
        showThreads()
        if (state is BenchmarkState.Finished) showResult(state) else view<View>(R.id.result).showIf(false)
    }

    private fun line(state: BenchmarkState): String? = when (state) {
        is BenchmarkState.Idle, is BenchmarkState.Finished -> null
        is BenchmarkState.Running -> getString(R.string.measuring)
        is BenchmarkState.Cancelled -> getString(R.string.benchmark_cancelled)
        is BenchmarkState.Broken -> "${getString(R.string.benchmark_broken)}: ${state.line}"
    }

    private fun showStart() {
        view<View>(R.id.start).isEnabled = demo.models.state.value is ModelState.Ready
    }

    private fun showThreads() {
        val threads = work.numThreads.value
        val isFree = work.state.value !is BenchmarkState.Running
        view<TextView>(R.id.threads_value).text =
            resources.getQuantityString(R.plurals.threads_of_cores, cores, threads, cores)
        view<View>(R.id.threads_fewer).isEnabled = isFree && threads > 1
        view<View>(R.id.threads_more).isEnabled = isFree && threads < cores
    }

    private fun showResult(finished: BenchmarkState.Finished) {
        val latency = finished.report.latency ?: return
        view<View>(R.id.result).showIf(true)
        showFigure(R.id.p50, latency.p50Ms, R.string.p50)
        showFigure(R.id.p90, latency.p90Ms, R.string.p90)
        view<LatencyChart>(R.id.chart).show(latency.samplesMs)
        showValidity(latency.invalidReasons)
        showFacts(finished.report, latency)
        view<View>(R.id.share).isEnabled = finished.saved.file != null
        val problem = finished.saved.takeIf { it.file == null }?.problem
        view<TextView>(R.id.share_line).showLine(problem?.let { getString(R.string.share_failed, it) })
    }

    private fun showFigure(id: Int, ms: Double, meaning: Int) {
        val figure = view<View>(id)
        figure.findViewById<TextView>(R.id.figure_value).text = getString(R.string.milliseconds, milliseconds(ms))
        figure.findViewById<TextView>(R.id.figure_meaning).setText(meaning)
        figure.contentDescription = getString(R.string.figure_spoken, milliseconds(ms), getString(meaning))
    }

    private fun showValidity(reasons: List<String>) {
        val line = view<TextView>(R.id.validity)
        val isValid = reasons.isEmpty()
        line.setText(if (isValid) R.string.valid else R.string.not_valid)
        line.setTextColor(getColor(if (isValid) R.color.good else R.color.bad))
        val why = if (isValid) null else reasons.joinToString("\n", transform = ::sentence)
        view<TextView>(R.id.validity_reasons).showLine(why)
    }

    private fun showFacts(report: DeviceReport, latency: LatencyReport) {
        val facts = view<LinearLayout>(R.id.result_facts)
        val seen = report.threadsSeen?.toString() ?: getString(R.string.unknown)
        facts.removeAllViews()
        facts.addFact(R.string.samples, latency.numRuns.toString())
        facts.addFact(R.string.warm_up, latency.warmupRuns.toString())
        facts.addFact(R.string.threads, getString(R.string.threads_used_value, report.threadsAsked.toString(), seen))
        facts.addFact(R.string.parts, parts(latency))
        facts.addFact(R.string.runtime, "${report.runtimeName} ${report.runtimeVersion}")
    }

    private fun parts(latency: LatencyReport): String {
        val runs = latency.numRuns * NS_A_MS
        return getString(
            R.string.parts_value,
            milliseconds(latency.samples.sumOf { it.writeNs } / runs),
            milliseconds(latency.samples.sumOf { it.runNs } / runs),
            milliseconds(latency.samples.sumOf { it.readNs } / runs)
        )
    }

    private fun showConditions(phone: DeviceFacts?) {
        val list = view<LinearLayout>(R.id.conditions)
        list.removeAllViews()
        list.addFact(R.string.phone, phone?.let { "${it.name}, ${it.os}" } ?: getString(R.string.unknown))
        list.addFact(R.string.processor, phone?.let { "${it.cpu}, ${it.abi}" } ?: getString(R.string.unknown))
        list.addFact(R.string.cores, phone?.cores?.toString() ?: getString(R.string.unknown))
        list.addFact(R.string.thermal, phone?.thermal ?: getString(R.string.unknown))
        list.addFact(R.string.battery, phone?.let(::battery) ?: getString(R.string.unknown))
    }

    private fun battery(phone: DeviceFacts): String? = phone.batteryPercent?.let { percent ->
        getString(if (phone.isCharging == true) R.string.battery_charging else R.string.battery_discharging, percent)
    }

    private fun share() {
        val file = (work.state.value as? BenchmarkState.Finished)?.saved?.file ?: return
        startActivity(Reports(this).share(file))
    }

    private companion object {
        const val NS_A_MS = 1e6
    }
}
