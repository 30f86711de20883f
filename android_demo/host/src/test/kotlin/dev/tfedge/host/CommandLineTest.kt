package dev.tfedge.host

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** The command line as `tfedge` calls it: exit codes, lines, and the report. */
class CommandLineTest {
    private val vectors = File(System.getProperty("tfedge.repository"), "tests/golden/vectors")
    private val folder = File("target/command-line").apply { mkdirs() }

    private class Ran(val code: Int, val out: String, val err: List<String>)

    private fun run(vararg arguments: String): Ran {
        val (out, err) = ByteArrayOutputStream() to ByteArrayOutputStream()
        val code = CommandLine(PrintStream(out), PrintStream(err)) {}.run(arguments.toList())
        return Ran(code, out.toString("UTF-8"), err.toString("UTF-8").lines().filter { it.isNotEmpty() })
    }

    private fun model(name: String) = File(vectors, "$name.tflite").path

    @Test fun test_selftest_when_all_cases_pass_then_0_with_progress_and_a_report() {
        val report = File(folder, "selftest.json").apply { delete() }
        val ran = run("selftest", model("autokey"), "--report", report.path, "--threads", "2")
        assertEquals(0, ran.code)
        assertEquals((1..12).map { "progress $it/12" }, ran.err)
        assertTrue(ran.out, ran.out.startsWith("pass  12 of 12"))
        assertTrue("\"asked\": 2" in report.readText() && "\"latency\": null" in report.readText())
    }

    @Test fun test_selftest_when_cases_differ_then_1_with_a_report_and_the_first_difference() {
        val report = File(folder, "wrong.json").apply { delete() }
        val ran = run("selftest", model("autokey_wrong"), "--report", report.path)
        assertEquals(1, ran.code)
        assertTrue(ran.err.last(), ran.err.last().startsWith("note: 9 of 12"))
        assertTrue("\"stage\": \"ids\"" in report.readText())
    }

    @Test fun test_benchmark_when_short_then_the_report_has_times_and_notes_say_what_is_missing() {
        val ran = run("benchmark", model("autokey"), "--min-seconds", "0", "--json")
        assertEquals(0, ran.code)
        assertTrue("\"write_ms\"" in ran.out)
        assertTrue(ran.err.any { it == "progress 100/100" })
        assertTrue(ran.err.any { it.startsWith("note: not to be relied on: too short") })
    }

    @Test fun test_predict_when_texts_and_words_are_given_then_all_are_answered_in_order() {
        val words = File(folder, "words.txt").apply { writeText("b\n\nab\n") }
        assertEquals("abb\tA B C\nb\tB\nab\tA B\n", run("predict", model("autokey"), "abb", "--words", words.path).out)
        val json = run("predict", model("echo"), "--json", "a").out
        val start = "[{\"text\":\"a\",\"prediction\":\"A\",\"alternatives\":[{\"text\":\"A\",\"score\":-0.5}"
        assertTrue(json, json.startsWith(start))
    }

    @Test fun test_predict_when_a_text_cannot_be_read_then_2_and_nothing_is_answered() {
        val ran = run("predict", model("autokey"), "abb", "--", "--x")
        assertEquals(2, ran.code)
        assertEquals("", ran.out)
        assertEquals(1, ran.err.size)
        val start = "error: expected only the symbols 'abcde'; got '-', 'x'"
        assertTrue(ran.err.single(), ran.err.single().startsWith(start))
    }

    @Test fun test_run_when_asked_wrongly_then_2_and_one_line() {
        for (arguments in listOf(
            listOf(), listOf("fly", "x"), listOf("selftest"), listOf("selftest", "a", "b"),
            listOf("selftest", "no/such.tflite"),
            listOf("predict", model("autokey")), listOf("selftest", model("autokey"), "--threads", "0"),
            listOf("selftest", model("autokey"), "--threads"), listOf("selftest", model("autokey"), "--colour"),
            listOf("predict", model("autokey"), "--words", "no/such.txt"),
            listOf("benchmark", model("autokey"), "--min-seconds", "NaN"),
            listOf("selftest", model("autokey"), "--report", "no/such/folder/r.json"),
            listOf("selftest", File(vectors, "packs.json").path)
        )) {
            val ran = run(*arguments.toTypedArray())
            assertEquals("$arguments: ${ran.err}", 2, ran.code)
            assertEquals("$arguments: ${ran.err}", 1, ran.err.size)
            assertTrue(ran.err.single(), ran.err.single().startsWith("error: expected"))
            assertEquals("", ran.out)
        }
    }

    @Test fun test_report_when_it_exists_then_it_is_kept_unless_forced() {
        val report = File(folder, "kept.json").apply { writeText("kept") }
        assertEquals(2, run("selftest", model("autokey"), "--report", report.path).code)
        assertEquals("kept", report.readText())
        assertEquals(0, run("selftest", model("autokey"), "--report", report.path, "--force").code)
        assertFalse(report.readText() == "kept")
    }

    @Test fun test_overhead_when_measured_then_whole_answers_stand_beside_bare_calls() {
        for (name in listOf("autokey", "echo")) {
            val ran = run("overhead", model(name), "--min-seconds", "0.2")
            assertEquals(0, ran.code)
            assertTrue(ran.out, Regex("\\{\"entry\": \"[a-z+_]+\", \"answer_us\": [0-9.]+, .*\\}\n").matches(ran.out))
        }
    }
}
