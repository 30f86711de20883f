package dev.tfedge.demo

import android.content.Context
import dev.tfedge.core.DeviceReport
import dev.tfedge.core.MeasurementException
import dev.tfedge.core.Pack
import dev.tfedge.core.SelfTest
import dev.tfedge.core.SelfTestResult
import dev.tfedge.core.TfedgeException

/** What the golden cases say of the model on this phone. */
sealed interface SelfTestState {
    /** Nothing yet. */
    object Waiting : SelfTestState

    /** They passed when this app ran them before, on this file and runtime. */
    object PassedBefore : SelfTestState

    /** [done] of [total] are answered. */
    class Running(val done: Int, val total: Int) : SelfTestState

    /** All cases of [pack] are answered; [report] is what can be shared. */
    class Finished(val pack: Pack, val result: SelfTestResult, val report: SavedReport) : SelfTestState

    /** They could not be answered; [line] says why. */
    class Broken(val line: String) : SelfTestState
}

/** Runs the golden cases of the model: once on each file that is new on this phone, and whenever somebody asks. */
class SelfTests(private val context: Context, private val models: Models) {
    private val settings by lazy { context.getSharedPreferences("self_tests", Context.MODE_PRIVATE) }

    @Volatile
    private var isCancelled = false

    /** What is known. */
    val state = Live<SelfTestState>(SelfTestState.Waiting)

    /** Runs unless this very file has passed on this runtime before. */
    fun startUnlessPassed() {
        state.value = SelfTestState.Waiting
        models.use({ model -> settings.contains(key(model)) }) { hasPassed ->
            if (hasPassed) state.value = SelfTestState.PassedBefore else start()
        }
    }

    /** Runs, unless it is running or there is no model; what is known meanwhile is how far. */
    fun start() {
        if (state.value is SelfTestState.Running || models.state.value !is ModelState.Ready) return
        isCancelled = false
        state.value = SelfTestState.Running(0, 1)
        models.use(::run) { state.value = it }
    }

    /** Ends the run in progress. */
    fun cancel() {
        isCancelled = true
    }

    /** Forgets what was known of a model that was closed. */
    fun forget() {
        state.value = SelfTestState.Waiting
    }

    private fun run(model: OpenModel): SelfTestState = try {
        val result = SelfTest(model.engine).run({ isCancelled }) { done, total ->
            models.show { if (state.value is SelfTestState.Running) state.value = SelfTestState.Running(done, total) }
        }
        remember(model, result)
        val report = DeviceReport(model.engine, phoneFacts(context), result)
        SelfTestState.Finished(model.pack, result, Reports(context).save("self-test", report))
    } catch (error: MeasurementException) {
        SelfTestState.Waiting
    } catch (error: TfedgeException) {
        SelfTestState.Broken(error.line)
    }

    private fun remember(model: OpenModel, result: SelfTestResult) {
        val change = settings.edit()
        if (result.isPassed) change.putBoolean(key(model), true) else change.remove(key(model))
        change.apply()
    }

    private fun key(model: OpenModel) = "${model.pack.sha256} ${model.engine.runtime.version}"
}
