package dev.tfedge.core

import com.google.gson.Strictness
import com.google.gson.stream.JsonWriter
import java.io.StringWriter
import java.security.MessageDigest
import java.time.Instant
import java.time.temporal.ChronoUnit
import java.util.Base64

/**
 * What one file did on one device: the report that `tfedge` writes too, and compares.
 *
 * @property pack the file.
 * @property runtimeName "android-tflite".
 * @property runtimeVersion for example "2.16.1".
 * @property device where it ran.
 * @property threadsAsked threads that the interpreter was asked to use.
 * @property threadsSeen threads that were seen computing; null where that is not known.
 * @property entry how tokens were decoded.
 * @property selfTest golden cases, answered.
 * @property notShown why a stage is missing in every trace, by the stage's name.
 * @property latency null where it was not measured.
 * @property moreTraces of other texts, behind those of the golden cases.
 * @property createdUtc for example "2026-11-21T13:00:00Z".
 * @property writtenBy program and version.
 */
class DeviceReport(
    val pack: Pack,
    val runtimeName: String,
    val runtimeVersion: String,
    val device: DeviceFacts,
    val threadsAsked: Int,
    val threadsSeen: Int?,
    val entry: String,
    val selfTest: SelfTestResult,
    val notShown: Map<String, String>,
    val latency: LatencyReport? = null,
    val moreTraces: List<StageTrace> = emptyList(),
    val createdUtc: String = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
    val writtenBy: String = "tfedge-android $VERSION"
) {
    /** Reports what [engine] did on [device]. */
    constructor(engine: Engine, device: DeviceFacts, selfTest: SelfTestResult, latency: LatencyReport? = null) : this(
        engine.pack, engine.runtime.name, engine.runtime.version, device, engine.numThreads, engine.threadsSeen(),
        engine.entry, selfTest, engine.notShown, latency
    )

    /** Returns the report as JSON, as `tfedge/reports/device_report.py` reads it. */
    fun toJson(): String {
        val text = StringWriter()
        val writer = JsonWriter(text)
        writer.strictness = Strictness.STRICT
        writer.setIndent(" ")
        writer.serializeNulls = true
        write(writer)
        return text.append('\n').toString()
    }

    private fun write(writer: JsonWriter) {
        writer.beginObject()
        writer.name("schema_version").value(SCHEMA_VERSION)
        writer.name("kind").value("device_report")
        writer.name("created_utc").value(createdUtc)
        writer.name("written_by").value(writtenBy)
        writer.name("model")
        writer.fields("sha256" to pack.sha256, "size_bytes" to pack.sizeBytes,
            "tflite_sha256" to pack.manifest.modelSha256, "recipe" to pack.recipe)
        writer.name("runtime")
        writer.fields("name" to runtimeName, "version" to runtimeVersion)
        writer.name("device")
        writer.fields(
            "name" to device.name, "kind" to device.kind, "cpu" to device.cpu, "cores" to device.cores,
            "abi" to device.abi, "os" to device.os, "thermal" to device.thermal,
            "battery_percent" to device.batteryPercent, "is_charging" to device.isCharging
        )
        writer.name("threads")
        writer.fields("asked" to threadsAsked, "seen" to threadsSeen)
        writer.name("entry").value(entry)
        writer.name("golden")
        writeGolden(writer)
        writer.name("traces").beginArray()
        for (trace in selfTest.traces + moreTraces) writeTrace(writer, trace)
        writer.endArray()
        writer.name("not_shown")
        writer.fields(*notShown.toList().toTypedArray())
        writer.name("latency")
        if (latency == null) writer.nullValue() else writeLatency(writer, latency)
        writer.endObject()
    }

    private fun writeGolden(writer: JsonWriter) {
        writer.beginObject()
        writer.name("num_cases").value(selfTest.cases.size)
        writer.name("num_passed").value(selfTest.numPassed)
        writer.name("first_difference")
        val first = selfTest.firstDifference
        if (first == null) {
            writer.nullValue()
        } else {
            writer.fields(
                "case" to first.case, "stage" to first.stage.key, "index" to first.index, "expected" to first.expected,
                "actual" to first.actual, "quant_steps" to first.quantSteps
            )
        }
        writer.endObject()
    }

    private fun writeTrace(writer: JsonWriter, trace: StageTrace) {
        writer.beginObject()
        writer.name("name").value(trace.name)
        writer.name(Stage.RAW_BYTES.key).value(base64(trace.rawBytes))
        writer.name(Stage.IDS.key)
        writer.list(trace.ids)
        writer.name(Stage.ENCODER_OUTPUT.key).beginObject()
        for ((name, value) in trace.encoderOutput) {
            writer.name(name)
            writeTensor(writer, value)
        }
        writer.endObject()
        writer.name(Stage.FIRST_LOGITS.key)
        trace.firstLogits.let { if (it == null) writer.nullValue() else writeTensor(writer, it) }
        writer.name(Stage.TOKENS.key)
        writer.list(trace.tokens)
        writer.name(Stage.TEXT.key).value(trace.text)
        writer.endObject()
    }

    private fun writeTensor(writer: JsonWriter, value: TensorValue) {
        writer.beginObject()
        writer.name("dtype").value(value.form.dtype)
        writer.name("shape")
        writer.list(value.form.shape)
        writer.name("stored").value(value.form.dtype)
        writer.name("data").value(base64(value.bytes))
        writer.name("scale").value(value.form.scale)
        writer.name("zero_point").value(value.form.zeroPoint)
        writer.endObject()
    }

    private fun writeLatency(writer: JsonWriter, latency: LatencyReport) {
        writer.beginObject()
        writer.name("entry").value(latency.entry)
        writer.name("num_sources").value(latency.texts.size)
        writer.name("texts_sha256").value(textsSha256(latency.texts))
        writer.name("warmup_runs").value(latency.warmupRuns)
        writer.name("is_warm").value(latency.isWarm)
        writer.name("write_ms")
        writer.list(latency.samples.map { it.writeNs / NS_A_MS })
        writer.name("run_ms")
        writer.list(latency.samples.map { it.runNs / NS_A_MS })
        writer.name("read_ms")
        writer.list(latency.samples.map { it.readNs / NS_A_MS })
        writer.endObject()
    }

    private fun base64(bytes: ByteArray): String = Base64.getEncoder().encodeToString(bytes)

    private fun textsSha256(texts: List<String>): String {
        val digest = MessageDigest.getInstance("SHA-256")
        for (text in texts) digest.update("$text\n".toByteArray())
        return hexadecimal(digest.digest())
    }

    private fun JsonWriter.fields(vararg fields: Pair<String, Any?>) {
        beginObject()
        for ((name, value) in fields) {
            name(name)
            when (value) {
                null -> nullValue()
                is Boolean -> value(value)
                is Number -> value(value)
                else -> value(value.toString())
            }
        }
        endObject()
    }

    private fun JsonWriter.list(values: List<Number>) {
        beginArray()
        for (value in values) value(value)
        endArray()
    }

    private companion object {
        const val SCHEMA_VERSION = 1
        const val VERSION = "0.1.0"
        const val NS_A_MS = 1e6
    }
}
