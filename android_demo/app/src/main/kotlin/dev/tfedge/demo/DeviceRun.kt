package dev.tfedge.demo

import dev.tfedge.core.Benchmark
import dev.tfedge.core.BenchmarkConfig
import dev.tfedge.core.DeviceFacts
import dev.tfedge.core.DeviceReport
import dev.tfedge.core.Engine
import dev.tfedge.core.Pack
import dev.tfedge.core.SelfTest

/**
 * One run of a file on this phone, in an interpreter of its own: golden cases, then the benchmark if it is asked for.
 *
 * @property pack the file.
 * @property numThreads threads that the interpreter is asked to use.
 * @property benchmark how long to measure; null for the golden cases alone.
 */
class DeviceRun(private val pack: Pack, private val numThreads: Int, private val benchmark: BenchmarkConfig?) {
    /**
     * Runs; throws as [SelfTest.run], [Benchmark.run] and [Engine].
     *
     * @param facts of the phone, asked when the run has ended, when it is warm.
     * @param isCancelled asked before every answer.
     * @param progress hears (done, total): golden cases, of a benchmark per cent.
     */
    fun run(facts: () -> DeviceFacts, isCancelled: () -> Boolean, progress: (Int, Int) -> Unit): DeviceReport {
        Worker.check()
        return Engine(pack, numThreads).use { engine ->
            val cases = SelfTest(engine).run(isCancelled) { done, total ->
                if (benchmark == null) progress(done, total)
            }
            val latency = benchmark?.let { Benchmark(engine, it).run(progress, isCancelled) }
            DeviceReport(engine, facts(), cases, latency)
        }
    }
}
