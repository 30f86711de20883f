package dev.tfedge.core

import java.io.ByteArrayOutputStream
import java.io.File
import java.nio.ByteBuffer
import java.util.Base64
import java.util.zip.Inflater
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.junit.Test

/** The packs that Python reads too: what it opens is opened, and what it refuses is refused for the same reason. */
class PackVectorsTest {
    private val vectors = Files.vectors("packs")
    private val first: ByteArray = Base64.getDecoder().decode(vectors["first"].string())

    private fun file(data: String): ByteArray {
        val inflater = Inflater()
        inflater.setInput(Base64.getDecoder().decode(data))
        val bytes = ByteArrayOutputStream()
        val piece = ByteArray(4096)
        while (!inflater.finished()) {
            val count = inflater.inflate(piece)
            if (inflater.needsDictionary()) inflater.setDictionary(first)
            bytes.write(piece, 0, count)
        }
        inflater.end()
        return bytes.toByteArray()
    }

    private fun open(bytes: ByteArray) = Pack.open(ByteBuffer.wrap(bytes), "model.tflite")

    private fun wrong(row: JsonObject): String? {
        val (outcome, message) = try {
            open(file(row["data"].string()))
            "good" to ""
        } catch (error: PackException) {
            (if (error.isIntegrity) "integrity" else "form") to error.line
        }
        val isRight = outcome == row["outcome"].string() && row["says"].string() in message && '\n' !in message &&
            (outcome == "good" || "model.tflite" in message)
        if (isRight) return null
        return "${row["name"].string()}: expected ${row["outcome"]} ${row["says"]}, got $outcome: $message"
    }

    @Test fun test_open_when_python_wrote_vectors_then_all_end_alike() {
        val rows = vectors.rows("packs")
        assertTrue(rows.size > 80)
        assertEquals(emptyList<String>(), rows.mapNotNull { wrong(it as JsonObject) })
    }

    @Test fun test_open_when_a_vector_is_changed_then_it_is_found() {
        val row = vectors.rows("packs").first() as JsonObject
        val damaged = vectors.rows("packs").map { it as JsonObject }.first { it["outcome"].string() == "integrity" }
        assertEquals(null, wrong(row))
        assertTrue(wrong(JsonObject(row.fields + ("outcome" to JsonText("form")))) != null)
        assertTrue(wrong(JsonObject(row.fields + ("data" to damaged["data"]))) != null)
    }

    @Test fun test_open_when_a_pack_is_whole_then_every_part_is_read() {
        val pack = open(first)
        assertEquals("dynamic_wi8_afp32", pack.recipe)
        assertEquals("dynamic_wi8_afp32", pack.expectedKey)
        assertEquals(listOf("short", "composed"), pack.goldenCases.map { it.name })
        assertEquals(listOf(4, 4, 2), pack.goldenCases[0].expectedIds["dynamic_wi8_afp32"])
        assertEquals(listOf("ab", "é"), pack.evaluation?.examples?.map { it.text })
        assertEquals(listOf(null, "tʃ"), pack.evaluation?.examples?.map { it.kerasText })
        assertEquals(first.size, pack.sizeBytes)
        assertEquals(pack.manifest.modelSizeBytes, pack.model().remaining().toLong())
        assertEquals(listOf(4, 3, 2), pack.task.sourceIds("BA").toList())
    }

    @Test fun test_open_when_any_byte_is_flipped_then_it_is_found_out() {
        val bytes = first.copyOf()
        for (place in bytes.indices) {
            bytes[place] = (bytes[place].toInt() xor 0xFF).toByte()
            try {
                open(bytes)
                fail("byte $place was flipped, and nobody saw it")
            } catch (error: PackException) {
                bytes[place] = first[place]
            }
        }
    }

    @Test fun test_open_when_cut_anywhere_then_it_is_refused() {
        for (size in first.indices) {
            val error = runCatching { open(first.copyOf(size)) }.exceptionOrNull()
            assertTrue("cut to $size: $error", error is PackException)
        }
    }

    @Test fun test_open_when_there_is_no_file_then_a_line_says_so() {
        val missing = runCatching { Pack.open(File("no/such.tflite")) }.exceptionOrNull()
        assertEquals("expected a model file at no/such.tflite; there is none; check the path", missing?.message)
        val folder = runCatching { Pack.open(File(".")) }.exceptionOrNull()
        assertTrue(folder is PackException && "it is a folder" in folder.line)
        assertFalse((folder as PackException).isIntegrity)
    }
}
