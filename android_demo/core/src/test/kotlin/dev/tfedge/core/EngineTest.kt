package dev.tfedge.core

import java.io.ByteArrayOutputStream
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

/** Small models on Android's own library: loops in the graph and here, int8 states, alternatives, refusals. */
class EngineTest {
    @Test fun test_predict_when_states_caches_and_logits_are_int8_then_the_answer_is_right() {
        for (name in listOf("echo", "echo_mixed")) {
            Engine(Files.pack(name)).use { engine ->
                assertEquals("encode+decode_step", engine.entry)
                for (text in listOf("a", "ABC", "edcba")) {
                    assertEquals(text.uppercase().toList().joinToString(" "), engine.predict(text).text)
                }
            }
        }
    }

    @Test fun test_predict_when_the_model_has_a_beam_then_alternatives_are_best_first_and_distinct() {
        Engine(Files.pack("echo")).use { engine ->
            assertTrue(engine.hasAlternatives)
            assertEquals(listOf(Alternative("B C", -0.5), Alternative("A A", -2.0)), engine.predict("bc").alternatives)
        }
    }

    @Test fun test_predict_when_there_is_no_beam_then_no_alternatives() {
        Engine(Files.pack("autokey")).use { engine ->
            assertFalse(engine.hasAlternatives)
            assertEquals(emptyList<Alternative>(), engine.predict("abc").alternatives)
        }
    }

    @Test fun test_predict_when_a_text_cannot_be_read_then_the_next_one_still_answers() {
        Engine(Files.pack("autokey")).use { engine ->
            val error = runCatching { engine.predict("xyz") }.exceptionOrNull()
            assertTrue("$error", error is TaskException && "'x', 'y', 'z'" in error.line)
            assertEquals("A B C", engine.predict("abb").text)
        }
    }

    @Test fun test_trace_when_all_is_int8_then_stages_have_scales_and_agree_with_the_answer() {
        Engine(Files.pack("echo")).use { engine ->
            val trace = engine.trace("cA", "of two")
            assertEquals("of two", trace.name)
            assertArrayEquals("cA".toByteArray(), trace.rawBytes)
            assertEquals(listOf(5, 3, 2), trace.ids)
            val state = trace.encoderOutput.getValue("state")
            assertEquals("int8", state.form.dtype)
            assertEquals(listOf(5.0, 3.0, 2.0, 0.0, 0.0, 0.0), (0 until 6).map(state::real))
            val logits = trace.firstLogits
            assertNotNull(logits)
            assertEquals(1.0 / 64, logits?.form?.scale ?: 0.0, 0.0)
            assertEquals(listOf(5, 3, 2), trace.tokens)
            assertEquals("C A", trace.text)
        }
    }

    @Test fun test_trace_when_floats_leave_the_encoder_then_they_are_shown_as_floats() {
        Engine(Files.pack("echo_mixed")).use { engine ->
            val form = engine.trace("a").encoderOutput.getValue("state").form
            assertEquals("float32", form.dtype)
            assertNull(form.scale)
        }
    }

    @Test fun test_close_when_closed_then_calls_are_refused_and_closing_again_is_harmless() {
        val engine = Engine(Files.pack("autokey"))
        engine.close()
        engine.close()
        val error = runCatching { engine.predict("abc") }.exceptionOrNull()
        assertTrue("$error", error is EngineException && "it was closed" in error.line)
    }

    @Test fun test_predict_when_two_threads_call_then_answers_do_not_mix() {
        Engine(Files.pack("autokey")).use { engine ->
            val expected = mapOf("abb" to "A B C", "a" to "A", "edcba" to engine.predict("edcba").text)
            val wrong = java.util.Collections.synchronizedList(ArrayList<String>())
            val threads = expected.map { (text, answer) ->
                Thread { repeat(200) { if (engine.predict(text).text != answer) wrong.add(text) } }
            }
            threads.forEach { it.start() }
            threads.forEach { it.join() }
            assertEquals(emptyList<String>(), wrong)
        }
    }

    @Test fun test_load_when_the_runtime_has_no_such_op_then_one_line_says_what_to_do() {
        val error = runCatching { Engine(RuntimeVectors.refused()) }.exceptionOrNull()
        assertTrue("$error", error is EngineException)
        val line = (error as EngineException).line
        assertTrue(line, "it was not made for this runtime" in line && "MyOp" in line && '\n' !in line)
    }

    @Test fun test_load_when_threads_are_none_then_it_is_refused() {
        val error = runCatching { Engine(Files.pack("autokey"), 0) }.exceptionOrNull()
        assertTrue("$error", error is ConfigException)
    }

    @Test fun test_threads_seen_when_one_was_asked_for_then_one() {
        Engine(Files.pack("autokey")).use { engine ->
            engine.predict("abc")
            assertEquals(1, engine.threadsSeen())
        }
    }

    private object RuntimeVectors {
        /** The pack of the shared vectors, whose model is one custom op that no runtime has. */
        fun refused(): Pack {
            val data = java.util.Base64.getDecoder().decode(Files.vectors("packs")["first"].string())
            val bytes = ByteArrayOutputStream().apply { write(data) }.toByteArray()
            return Pack.open(java.nio.ByteBuffer.wrap(bytes), "custom.tflite")
        }
    }
}
