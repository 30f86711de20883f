package dev.tfedge.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class BenchmarkTest {
    private val short = BenchmarkConfig(minRuns = 1, minSeconds = 0.0)

    @Test fun test_run_when_short_then_raw_samples_and_why_they_are_not_to_be_relied_on() {
        Engine(Files.pack("autokey")).use { engine ->
            val heard = ArrayList<Int>()
            val latency = Benchmark(engine, short).run({ done, total -> heard += done * 100 / total })
            assertEquals(12, latency.texts.size)
            assertEquals(0, latency.numRuns % 12)
            assertEquals(latency.numRuns, latency.turnRuns.sum())
            assertTrue(latency.samples.all { it.runNs > 0 && it.writeNs >= 0 && it.readNs > 0 })
            assertTrue("${latency.p50Ms} ${latency.p90Ms}", 0 < latency.p50Ms && latency.p50Ms <= latency.p90Ms)
            assertTrue(latency.invalidReasons.toString(), latency.invalidReasons.any { it.startsWith("too short") })
            assertEquals(0, heard.first())
            assertEquals(100, heard.last())
            assertEquals(heard.sorted(), heard)
        }
    }

    @Test fun test_run_when_cancelled_then_it_stops_at_the_next_sample() {
        Engine(Files.pack("autokey")).use { engine ->
            var asked = 0
            val error = runCatching { Benchmark(engine).run({ _, _ -> }) { ++asked == 30 } }.exceptionOrNull()
            assertTrue("$error", error is MeasurementException && "cancelled" in error.line)
            assertEquals(30, asked)
        }
    }

    @Test fun test_reasons_when_samples_are_steady_then_none_and_else_each_is_named() {
        assertEquals(emptyList<String>(), report { _, source -> 10.0 + source }.invalidReasons)
        assertEquals(listOf("unstable"), names(report { turn, _ -> if (turn % 2 == 0) 10.0 else 14.0 }))
        assertTrue("busy device" in names(report { turn, source -> if ((turn + source) % 4 == 0) 30.0 else 10.0 }))
        assertEquals(listOf("not warm"), names(report(isWarm = false) { _, _ -> 10.0 }))
        assertEquals(listOf("too few runs", "too few rounds", "too short"), names(report(turns = 2) { _, _ -> 10.0 }))
    }

    @Test fun test_config_when_out_of_range_then_it_is_refused() {
        val illegal = listOf(
            { BenchmarkConfig(minRuns = 0) },
            { BenchmarkConfig(minSeconds = -1.0) },
            { BenchmarkConfig(minSeconds = Double.NaN) },
            { BenchmarkConfig(maxSeconds = 0.5) },
            { BenchmarkConfig(numTexts = 0) }
        )
        for (make in illegal) assertTrue(runCatching { make() }.exceptionOrNull() is ConfigException)
    }

    @Test fun test_percentile_when_numpy_was_asked_then_the_same() {
        // numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], [0, 2.5, 50, 90, 97.5, 100])
        val samples = doubleArrayOf(3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0)
        val expected = listOf(1.0, 1.0, 3.5, 6.9, 8.475, 9.0)
        listOf(0.0, 2.5, 50.0, 90.0, 97.5, 100.0).zip(expected) { percent, value ->
            assertEquals(value, Statistics.percentile(samples, percent), 1e-12)
        }
    }

    @Test fun test_timed_texts_when_python_chose_then_the_same() {
        val vectors = Files.vectors("decode").rows("timed_texts").map { it.string() }
        val texts = Benchmark.timedTexts(Benchmark.texts(Pack.open(Files.model)), BenchmarkConfig().numTexts)
        assertEquals(vectors, texts)
        assertFalse(texts == Benchmark.timedTexts(texts.drop(1), 12))
        assertEquals(listOf("a"), Benchmark.timedTexts(listOf("bb", "a"), 1))
        assertEquals(listOf("\uFFFF", "😀", "bb"), Benchmark.timedTexts(listOf("😀", "bb", "\uFFFF"), 3))
    }

    private fun names(report: LatencyReport) = report.invalidReasons.map { it.substringBefore(':') }

    private fun report(turns: Int = 12, isWarm: Boolean = true, ms: (Int, Int) -> Double): LatencyReport {
        val samples = List(turns) { turn -> List(20) { Latency(0, (ms(turn, it % 4) * 1e6).toLong(), 0) } }
        return LatencyReport("greedy", listOf("a", "b", "c", "d"), 20, isWarm, samples.flatten(), List(turns) { 20 })
    }
}
