package dev.tfedge.arm64

import com.google.gson.stream.JsonWriter
import dev.tfedge.core.BAD_INPUT
import dev.tfedge.core.Engine
import dev.tfedge.core.Pack
import dev.tfedge.core.TfedgeException
import dev.tfedge.core.WholeFile
import java.io.File
import java.io.IOException
import java.io.StringWriter
import kotlin.system.exitProcess

/**
 * Answers words on the arm64-v8a library of an APK:
 *
 *     java -jar android_demo/arm64/target/arm64.jar APK WORDS OUT.json MODEL.tflite [MODEL.tflite ...]
 *
 * WORDS has a text on each line. OUT.json gets the library's sha256, and for each model its sha256, recipe, how it was
 * decoded, and tokens and text of each answer.
 */
object Main {
    private const val USAGE = "usage: arm64 APK WORDS OUT.json MODEL.tflite [MODEL.tflite ...]"
    @JvmStatic
    fun main(arguments: Array<String>) {
        System.setProperty("slf4j.internal.verbosity", "ERROR") // unidbg logs to nobody, and shall not say so
        try {
            run(arguments.map(::File))
        } catch (error: TfedgeException) {
            fail(error.line, error.exitCode)
        } catch (error: IOException) {
            fail(error.message.orEmpty(), BAD_INPUT)
        }
    }

    private fun fail(complaint: String, code: Int) {
        System.err.println("error: $complaint")
        exitProcess(code)
    }

    internal fun run(files: List<File>) {
        if (files.size < 4) throw IOException(USAGE)
        val (apk, words, out) = files
        val texts = words.readLines().filter { it.isNotBlank() }
        val text = StringWriter()
        JsonWriter(text).use { json ->
            val library = BuiltApk(apk).read(BuiltApk.LIBRARY)
            json.setIndent(" ")
            json.beginObject().name("library_sha256").value(BuiltApk.sha256(library)).name("models").beginArray()
            for (model in files.drop(3)) answer(model, library, texts, json)
            json.endArray().endObject()
        }
        WholeFile.write(out, text.toString() + "\n")
    }

    private fun answer(model: File, library: ByteArray, texts: List<String>, json: JsonWriter) {
        val pack = Pack.open(model)
        val file = File.createTempFile("arm64", ".so").also { it.writeBytes(library) }
        try {
            Engine(pack, Arm64Runtime(Arm64Library(file), pack), 1).use { engine ->
                json.beginObject().name("sha256").value(pack.sha256).name("recipe").value(pack.recipe)
                json.name("entry").value(engine.entry).name("answers").beginArray()
                texts.forEachIndexed { index, text ->
                    write(engine, text, json)
                    if ((index + 1) % 100 == 0) System.err.println("progress ${index + 1}/${texts.size} ${model.name}")
                }
                json.endArray().endObject()
            }
        } finally {
            file.delete()
        }
    }

    private fun write(engine: Engine, text: String, json: JsonWriter) {
        val trace = engine.trace(text)
        val tokens = trace.tokens.joinToString(",", "[", "]")
        json.beginObject().name("text").value(text).name("answer").value(trace.text).name("tokens").jsonValue(tokens).endObject()
    }
}
