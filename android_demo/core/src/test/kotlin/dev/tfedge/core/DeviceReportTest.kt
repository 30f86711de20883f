package dev.tfedge.core

import java.io.File
import java.io.IOException
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** The report has the keys of the one that Python wrote, and Python reads the one that this wrote. */
class DeviceReportTest {
    private val device =
        DeviceFacts("a host", "android-host", "a processor", 2, "x86_64", "Debian GNU/Linux 12", null, 81, true)

    private fun report(): String = Engine(Files.pack("autokey_wrong")).use { engine ->
        val selfTest = SelfTest(engine).run { _, _ -> }
        val samples = listOf(Latency(2_000, 40_000, 500), Latency(1_500, 42_000, 700), Latency(0, 1_000_000, 1))
        val latency = LatencyReport(engine.entry, listOf("abc", "é"), 20, true, samples + samples[0], listOf(2, 2))
        DeviceReport(
            engine.pack, "android-tflite", "2.16.1", device, 2, 1, engine.entry, selfTest, engine.notShown, latency,
            listOf(engine.trace("E", "text 1")), "2026-11-21T13:00:00Z"
        ).toJson()
    }

    /** Paths of all keys; of a list those of its first item, of an object of free names those of its first value. */
    private fun keys(value: Json, path: String = ""): Set<String> = when (value) {
        is JsonList -> value.items.take(1).flatMap { keys(it, "$path[]") }.toSet()
        is JsonObject -> if (path.endsWith("encoder_output")) {
            value.fields.values.take(1).flatMap { keys(it, "$path.*") }.toSet()
        } else {
            value.fields.flatMap { (key, held) -> keys(held, "$path.$key") + "$path.$key" }.toSet()
        }
        else -> emptySet()
    }

    @Test fun test_json_when_written_then_its_keys_are_those_of_the_example() {
        val example = StrictJson.readObject(Files.golden("device_report/example.json").readBytes(), "example.json")
        val written = StrictJson.readObject(report().toByteArray(), "report")
        assertEquals(keys(example), keys(written))
        assertFalse("a key less is seen", keys(example) == keys(JsonObject(written.fields - "latency")))
    }

    @Test fun test_json_when_nothing_changed_then_the_committed_file_is_the_same() {
        val committed = Files.golden("device_report/android_host.json")
        val text = report()
        File("target").mkdirs()
        File("target/android_host.json").writeText(text)
        assertEquals("copy android_demo/core/target/android_host.json to $committed", committed.readText(), text)
    }

    @Test fun test_json_when_nothing_was_measured_or_shown_then_null_and_why() {
        Engine(Files.pack("echo")).use { engine ->
            val text = DeviceReport(engine, device, SelfTest(engine).run { _, _ -> }).toJson()
            val json = StrictJson.readObject(text.toByteArray(), "report")
            assertEquals(JsonNull, json["latency"])
            assertEquals(JsonNull, (json["golden"] as JsonObject)["first_difference"])
            assertEquals(emptyMap<String, Json>(), (json["not_shown"] as JsonObject).fields)
            val logits = (json.rows("traces").first() as JsonObject)["first_logits"] as JsonObject
            assertEquals("int8", logits["dtype"].string())
            assertEquals(1.0 / 64, logits["scale"].number(), 0.0)
        }
    }

    @Test fun test_write_when_a_file_exists_then_it_is_replaced_and_nothing_else_is_left() {
        val folder = File("target/whole-file").apply { deleteRecursively(); mkdirs() }
        val file = File(folder, "report.json")
        WholeFile.write(file, "one")
        WholeFile.write(file, "zwei")
        assertEquals("zwei", file.readText())
        assertEquals(listOf("report.json"), folder.list()?.toList())
        val error = runCatching { WholeFile.write(File(folder, "no/such/report.json"), "x") }.exceptionOrNull()
        assertTrue("$error", error is IOException)
    }

    @Test fun test_cpu_model_when_the_file_is_missing_or_says_nothing_then_the_other_word() {
        assertEquals("x86", DeviceFacts.cpuModel("x86", File("no/such")))
        val file = File("target/cpuinfo").apply { writeText("processor : 0\nHardware\t: Tensor G3\nmodel name\t:\n") }
        assertEquals("Tensor G3", DeviceFacts.cpuModel("arm", file))
    }
}
