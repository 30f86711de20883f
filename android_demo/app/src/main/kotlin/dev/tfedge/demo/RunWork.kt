package dev.tfedge.demo

import android.content.Context
import dev.tfedge.core.BenchmarkConfig
import dev.tfedge.core.MeasurementException
import dev.tfedge.core.Pack
import dev.tfedge.core.TfedgeException
import dev.tfedge.core.WholeFile
import java.io.File
import java.io.IOException

/** How far a run is that another computer asked for. */
sealed interface RunState {
    /** [done] of [total]. */
    class Running(val done: Int, val total: Int) : RunState

    /** The report lies at [path]. */
    class Done(val path: String) : RunState

    /** There is no report; [line] says why. */
    class Failed(val line: String) : RunState
}

/** A run that another computer asked for; lives as long as its screen does, across rotations. */
class RunWork(private val context: Context, private val worker: Worker) {
    /** How far. */
    val state = Live<RunState>(RunState.Running(0, 1))

    @Volatile
    private var isCancelled = false

    /** Begins; the log hears of everything. */
    fun start(id: String, request: () -> RunRequest) {
        val log = RunLog(id)
        worker.run({ run(log, request) }) { state.value = it }
    }

    /** Ends it without a report. */
    fun cancel() {
        isCancelled = true
    }

    private fun run(log: RunLog, request: () -> RunRequest): RunState {
        val end = attempt(log, request)
        if (end is RunState.Done) log.done(end.path)
        if (end is RunState.Failed) log.failed(end.line)
        return end
    }

    private fun attempt(log: RunLog, request: () -> RunRequest): RunState = try {
        val asked = request()
        // The app makes them: those that adb makes are closed to it.
        folder("models")
        if (asked.action == RunAction.PREPARE) {
            folder("reports")
            RunState.Done(folder(null).path)
        } else {
            RunState.Done(measure(asked, log).path)
        }
    } catch (error: MeasurementException) {
        RunState.Failed("it was closed on the phone before its end; leave the phone alone")
    } catch (error: TfedgeException) {
        RunState.Failed(error.line)
    } catch (error: RefusedRun) {
        RunState.Failed(error.message.orEmpty())
    } catch (error: IOException) {
        RunState.Failed("expected to write the report; ${error.message}; make room on the phone")
    }

    private fun measure(asked: RunRequest, log: RunLog): File {
        log.progress(0, 1)
        val pack = open(asked.modelSha256)
        val config = if (asked.action == RunAction.BENCHMARK) BenchmarkConfig() else null
        val run = DeviceRun(pack, asked.numThreads, config)
        val report = run.run({ phoneFacts(context) }, { stop(log) }) { done, total ->
            log.progress(done, total)
            worker.show { if (state.value is RunState.Running) state.value = RunState.Running(done, total) }
        }
        val file = File(folder("reports"), "${asked.id}.json")
        WholeFile.write(file, report.toJson())
        return file
    }

    private fun stop(log: RunLog): Boolean {
        log.alive()
        return isCancelled
    }

    private fun open(sha256: String?): Pack {
        val files = ModelFiles(context)
        if (sha256 == null) return files.builtIn()
        val name = "$sha256.tflite"
        val pack = files.read(File(folder("models"), name), name)
        if (pack.sha256 != sha256) {
            throw RefusedRun("expected the model of sha256 $sha256; the file has ${pack.sha256}; push it again")
        }
        return pack
    }

    private fun folder(name: String?): File = context.getExternalFilesDir(name)
        ?: throw RefusedRun("expected the phone's shared storage; it is not there; unlock the phone")
}
