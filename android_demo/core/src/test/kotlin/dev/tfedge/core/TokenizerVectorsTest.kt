package dev.tfedge.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.junit.Test

/** The vectors that Python reads too: every text has the same ids, and every refusal the same words. */
class TokenizerVectorsTest {
    private val vectors = Files.vectors("tokenizer")
    private val tasks = (vectors["tasks"] as JsonObject).fields.mapValues { TaskSpec.read(it.value as JsonObject) }

    private fun wrong(row: Json): String? {
        val (name, text, ids, refusal) = row.cells()
        val known = (vectors["known"] as JsonObject)[name.string()].string()
        val expected = if (ids is JsonNull) refusal.string().replace("~", known) else ids.ints().toList().toString()
        val actual = try {
            tasks.getValue(name.string()).sourceIds(text.string()).toList().toString()
        } catch (error: TaskException) {
            error.line
        }
        return if (actual == expected) null else "${quoted(text.string())}: expected $expected, got $actual"
    }

    private fun wrongDecoding(row: Json): String? {
        val (name, ids, text, refusal) = row.cells()
        val expected = if (text is JsonNull) refusal.string() else text.string()
        val actual = try {
            tasks.getValue(name.string()).target.decode(ids.ints())
        } catch (error: EngineException) {
            error.line
        }
        return if (actual == expected) null else "expected $expected, got $actual"
    }

    @Test fun test_encode_when_python_wrote_vectors_then_all_are_equal() {
        val rows = vectors.rows("encoded")
        assertTrue("${rows.size} vectors", rows.size > 500)
        assertEquals(emptyList<String>(), rows.mapNotNull(::wrong))
    }

    @Test fun test_encode_when_a_vector_is_changed_then_it_is_found() {
        val row = vectors.rows("encoded").first { it.cells()[2] is JsonList }.cells()
        val ids = JsonList(listOf(JsonNumber("9")) + row[2].cells().drop(1))
        val changed = JsonList(listOf(row[0], row[1], ids, row[3]))
        assertEquals(1, listOf<Json>(JsonList(row), changed).mapNotNull(::wrong).size)
    }

    @Test fun test_decode_when_python_wrote_vectors_then_all_are_equal() {
        assertEquals(emptyList<String>(), vectors.rows("decoded").mapNotNull(::wrongDecoding))
    }

    @Test fun test_decode_when_a_vector_is_changed_then_it_is_found() {
        val row = JsonList(listOf(JsonText("g2p"), JsonList(listOf(JsonNumber("3"))), JsonText("AE"), JsonNull))
        assertTrue(wrongDecoding(row).orEmpty().contains("expected AE, got AA"))
    }

    @Test fun test_read_when_a_spec_is_illegal_then_it_is_refused_in_one_line() {
        for (row in vectors.rows("illegal_specs")) {
            val (name, spec) = (row as JsonObject)["name"].string() to row["spec"] as JsonObject
            try {
                TaskSpec.read(spec)
                fail("a spec with $name was read")
            } catch (error: FormException) {
                assertTrue(name, error.message.orEmpty().let { it.isNotEmpty() && '\n' !in it })
            }
        }
    }

    @Test fun test_encode_when_half_a_surrogate_pair_is_typed_then_it_is_named() {
        // JSON cannot say it, a keyboard that is cut off can.
        val error = runCatching { tasks.getValue("g2p").sourceIds("a\uD83D") }.exceptionOrNull()
        assertTrue(error is TaskException && error.line.contains("'\\ud83d'"))
    }
}
