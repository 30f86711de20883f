package dev.tfedge.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

/** What the self-test says of a model whose golden cases are not all its own. */
class SelfTestTest {
    private fun run(name: String): SelfTestResult = Engine(Files.pack(name)).use { SelfTest(it).run { _, _ -> } }

    @Test fun test_run_when_the_model_is_right_then_all_pass() {
        val result = run("autokey")
        assertTrue(result.isPassed)
        assertEquals(12, result.numPassed)
        assertNull(result.firstDifference)
    }

    @Test fun test_run_when_ids_tokens_and_text_differ_then_each_stage_is_named() {
        val result = run("autokey_wrong")
        assertFalse(result.isPassed)
        assertEquals(9, result.numPassed)
        val found = result.cases.mapNotNull { it.difference }
        assertEquals(listOf(Stage.IDS, Stage.TOKENS, Stage.TEXT), found.map { it.stage })
        assertEquals(listOf(0, 1, 2), found.map { it.index })
        assertEquals(found.first(), result.firstDifference)
        assertTrue(result.line, "9 of 12" in result.line && "ids 0: expected" in result.line)
    }

    @Test fun test_run_when_a_token_differs_then_its_distance_is_in_steps_of_the_logits() {
        val difference = run("autokey_wrong").cases.mapNotNull { it.difference }.first { it.stage == Stage.TOKENS }
        // Logits of the model are 0 and 1: one whole range apart, 255 steps of what int8 would make of it.
        assertEquals(255.0, difference.quantSteps ?: 0.0, 1e-9)
        assertTrue(difference.line, "255.00 quantization steps apart" in difference.line)
    }

    @Test fun test_run_when_cancelled_then_it_says_so() {
        Engine(Files.pack("autokey")).use { engine ->
            var asked = 0
            val error = runCatching { SelfTest(engine).run({ asked++ == 3 }) { _, _ -> } }.exceptionOrNull()
            assertTrue("$error", error is MeasurementException && "after 3" in error.line)
        }
    }

    @Test fun test_allowed_when_counts_grow_then_as_python_allows() {
        // tfedge/validation/golden.py, _allowed_flips: the 99 % quantile of a binomial of 5 %.
        assertEquals(listOf(0, 1, 1, 2, 3, 4, 11), listOf(1, 2, 3, 4, 16, 24, 110).map(Flips::allowed))
    }
}
