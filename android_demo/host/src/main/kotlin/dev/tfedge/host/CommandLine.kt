package dev.tfedge.host

import dev.tfedge.core.BAD_INPUT
import dev.tfedge.core.Benchmark
import dev.tfedge.core.BenchmarkConfig
import dev.tfedge.core.DeviceReport
import dev.tfedge.core.Engine
import dev.tfedge.core.GATE_FAILED
import dev.tfedge.core.LatencyReport
import dev.tfedge.core.PASSED
import dev.tfedge.core.Pack
import dev.tfedge.core.SelfTest
import dev.tfedge.core.SelfTestResult
import dev.tfedge.core.TfedgeException
import dev.tfedge.core.WholeFile
import dev.tfedge.core.shortened
import java.io.File
import java.io.IOException
import java.io.PrintStream
import java.util.Locale

/**
 * The verbs: results to [out], progress and the one line of an error to [err].
 *
 * @param load makes the native library known; called once, before the model is loaded.
 */
internal class CommandLine(private val out: PrintStream, private val err: PrintStream, private val load: () -> Unit) {
    /** Runs what [arguments] ask for; returns the exit code. */
    fun run(arguments: List<String>): Int = try {
        run(Arguments.parse(arguments))
    } catch (error: UsageException) {
        fail(error.message.orEmpty(), BAD_INPUT)
    } catch (error: TfedgeException) {
        fail(error.line, error.exitCode)
    } catch (error: IOException) {
        fail("expected files that can be read and written; ${shortened(error.message.orEmpty(), 200)}", BAD_INPUT)
    }

    private fun run(asked: Arguments): Int {
        checkReport(asked)
        val pack = Pack.open(asked.model)
        load()
        return Engine(pack, asked.numThreads).use { engine ->
            when (asked.verb) {
                "predict" -> Predictions(out).print(engine, asked)
                "overhead" -> out.println(Overhead(engine).measure(asked.minSeconds ?: Overhead.SECONDS))
                else -> return report(engine, asked)
            }
            PASSED
        }
    }

    /** Refuses a report that exists or has no folder before anything is measured. */
    private fun checkReport(asked: Arguments) {
        val report = asked.report ?: return
        if (report.exists() && !asked.isForced) {
            throw UsageException("expected a report that does not exist yet; $report does; add --force to replace it")
        }
        val folder = report.absoluteFile.parentFile
        if (!folder.isDirectory) throw UsageException("expected a folder for the report; there is no $folder; make it")
    }

    private fun report(engine: Engine, asked: Arguments): Int {
        val selfTest = SelfTest(engine).run { done, total -> err.println("progress $done/$total") }
        val latency = if (asked.verb == "benchmark") benchmark(engine, asked.minSeconds) else null
        val json = DeviceReport(engine, HostDevice.facts(), selfTest, latency).toJson()
        asked.report?.let { WholeFile.write(it, json) }
        if (asked.isJson) out.print(json) else out.println(summary(selfTest, latency, asked.report))
        if (!selfTest.isPassed) err.println("note: ${selfTest.line}")
        return if (selfTest.isPassed) PASSED else GATE_FAILED
    }

    private fun benchmark(engine: Engine, minSeconds: Double?): LatencyReport {
        val defaults = BenchmarkConfig()
        val config = if (minSeconds == null) defaults else defaults.copy(minSeconds = minSeconds)
        val latency = Benchmark(engine, config).run({ done, total -> err.println("progress $done/$total") })
        for (reason in latency.invalidReasons) err.println("note: not to be relied on: $reason")
        return latency
    }

    private fun summary(selfTest: SelfTestResult, latency: LatencyReport?, report: File?): String = buildString {
        append(if (selfTest.isPassed) "pass  " else "fail  ").append(selfTest.line)
        if (latency != null) {
            val line = "\np50 %.3f ms, p90 %.3f ms a text, %d runs, %.1f %% of it outside the interpreter"
            val outside = 100 * latency.outsideRatio
            append(line.format(Locale.ROOT, latency.p50Ms, latency.p90Ms, latency.numRuns, outside))
        }
        if (report != null) append("\nreport: ").append(report)
    }

    private fun fail(line: String, code: Int): Int {
        err.println("error: ${line.replace('\n', ' ')}")
        return code
    }
}
