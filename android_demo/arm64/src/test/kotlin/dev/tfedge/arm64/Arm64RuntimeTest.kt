package dev.tfedge.arm64

import com.google.gson.JsonParser
import dev.tfedge.core.Engine
import dev.tfedge.core.EngineException
import dev.tfedge.core.Pack
import dev.tfedge.core.SelfTest
import dev.tfedge.core.SelfTestResult
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import java.util.Base64
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

/** Small models on the arm64 library: the loop in the graph and the one in core/, int8 and float states, refusals. */
class Arm64RuntimeTest {
    @get:Rule
    val folder = TemporaryFolder()

    @Test
    fun test_golden_cases_when_models_are_small_then_they_pass_and_of_a_wrong_one_they_fail() {
        val entries = mapOf("autokey" to "greedy", "echo" to "encode+decode_step", "echo_mixed" to "encode+decode_step")
        for ((name, entry) in entries) {
            val (result, decoded) = selfTest(vector(name))
            assertEquals(result.line, result.cases.size to entry, result.numPassed to decoded)
        }
        val (wrong, _) = selfTest(vector("autokey_wrong"))
        assertTrue(wrong.line, wrong.numPassed < wrong.cases.size && wrong.firstDifference != null)
    }

    @Test
    fun test_load_when_the_runtime_has_no_such_op_then_it_is_refused() {
        val packs = JsonParser.parseString(File(VECTORS, "packs.json").readText()).asJsonObject
        val bytes = Base64.getDecoder().decode(packs.get("first").asString)
        val pack = Pack.open(ByteBuffer.wrap(bytes), "custom.tflite")
        val error = assertThrows(EngineException::class.java) { Arm64Runtime(Arm64Library(LIBRARY), pack) }
        assertTrue(error.line, "it refused it" in error.line)
    }

    @Test
    fun test_words_when_answered_then_library_model_and_tokens_are_written() {
        val words = folder.newFile("words.txt").apply { writeText("abb\n\na\n") }
        val out = File(folder.root, "out.json")
        Main.run(listOf(APK, words, out, File(VECTORS, "autokey.tflite")))
        val written = JsonParser.parseString(out.readText()).asJsonObject
        assertEquals(BuiltApk.sha256(LIBRARY.readBytes()), written.get("library_sha256").asString)
        val answers = written.getAsJsonArray("models").get(0).asJsonObject.getAsJsonArray("answers")
        assertEquals(listOf("A B C", "A"), answers.map { it.asJsonObject.get("answer").asString })
        assertEquals("[3,4,5,2]", answers.get(0).asJsonObject.get("tokens").toString())
    }

    @Test
    fun test_words_when_no_model_is_named_or_the_apk_has_no_library_then_one_line_says_so() {
        assertThrows(IOException::class.java) { Main.run(listOf(APK)) }
        val words = folder.newFile("words.txt").apply { writeText("a\n") }
        val model = File(VECTORS, "autokey.tflite")
        val error = assertThrows(IOException::class.java) { Main.run(listOf(JAR, words, File("none"), model)) }
        assertTrue(error.message, BuiltApk.LIBRARY in error.message.orEmpty())
    }

    private fun selfTest(pack: Pack): Pair<SelfTestResult, String> =
        Engine(pack, Arm64Runtime(Arm64Library(LIBRARY), pack), 1).use { SelfTest(it).run { _, _ -> } to it.entry }

    private fun vector(name: String) = Pack.open(File(VECTORS, "$name.tflite"))

    private companion object {
        val VECTORS = File(System.getProperty("tfedge.repository"), "tests/golden/vectors")
        val LIBRARY = File(System.getProperty("tfedge.library"))
        val APK = File(System.getProperty("tfedge.apk"))

        /** A zip that is no APK. */
        val JAR = File(Pack::class.java.protectionDomain.codeSource.location.toURI())
    }
}
