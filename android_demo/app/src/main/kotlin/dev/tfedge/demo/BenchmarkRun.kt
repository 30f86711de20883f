package dev.tfedge.demo

import android.content.Context
import dev.tfedge.core.BenchmarkConfig
import dev.tfedge.core.DeviceFacts
import dev.tfedge.core.DeviceReport
import dev.tfedge.core.MeasurementException
import dev.tfedge.core.TfedgeException

/** How far a benchmark is. */
sealed interface BenchmarkState {
    /** Not asked for. */
    object Idle : BenchmarkState

    /** [percent] is measured. */
    class Running(val percent: Int) : BenchmarkState

    /** Measured; [saved] is what can be shared. */
    class Finished(val report: DeviceReport, val saved: SavedReport) : BenchmarkState

    /** Ended by the user. */
    object Cancelled : BenchmarkState

    /** Could not be measured; [line] says why. */
    class Broken(val line: String) : BenchmarkState
}

/** A benchmark of the model and its setting; lives as long as its screen does, across rotations. */
class BenchmarkRun(private val context: Context, private val models: Models) {
    /** How far. */
    val state = Live<BenchmarkState>(BenchmarkState.Idle)

    /** The phone, as it was when somebody last asked. */
    val facts = Live<DeviceFacts?>(null)

    /** Threads to ask for. */
    val numThreads = Live(1)

    @Volatile
    private var isCancelled = false

    /** Asks how the phone does now. */
    fun look() = models.use({ phoneFacts(context) }) { facts.value = it }

    /** Begins, unless it is running or there is no model. */
    fun start(config: BenchmarkConfig = BenchmarkConfig()) {
        if (state.value is BenchmarkState.Running || models.state.value !is ModelState.Ready) return
        isCancelled = false
        state.value = BenchmarkState.Running(0)
        val threads = numThreads.value
        models.use({ measure(it, threads, config) }) {
            state.value = it
            look()
        }
    }

    /** Ends the measurement; what was measured so far is dropped. */
    fun cancel() {
        isCancelled = true
    }

    private fun measure(model: OpenModel, threads: Int, config: BenchmarkConfig): BenchmarkState = try {
        val run = DeviceRun(model.pack, threads, config)
        val report = run.run({ phoneFacts(context) }, { isCancelled }) { done, total ->
            val percent = done * WHOLE / total
            models.show { if (state.value is BenchmarkState.Running) state.value = BenchmarkState.Running(percent) }
        }
        BenchmarkState.Finished(report, Reports(context).save("benchmark", report))
    } catch (error: MeasurementException) {
        BenchmarkState.Cancelled
    } catch (error: TfedgeException) {
        BenchmarkState.Broken(error.line)
    }

    private companion object {
        const val WHOLE = 100
    }
}
