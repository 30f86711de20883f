package dev.tfedge.core

import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

/** The model in the app, on Android's own library. */
class ShippedModelTest {
    @Test fun test_selftest_when_the_shipped_model_runs_then_every_case_is_as_recorded() {
        val heard = ArrayList<Pair<Int, Int>>()
        val result = SelfTest(engine).run { done, total -> heard += done to total }
        assertNull(result.line, result.firstDifference)
        assertTrue(result.isPassed)
        assertEquals((1..result.cases.size).map { it to result.cases.size }, heard)
    }

    @Test fun test_predict_when_python_wrote_answers_then_all_are_equal() {
        val vectors = Files.vectors("decode")
        val stale = "run: python -m tools.make_vectors decode.json"
        assertEquals(stale, engine.pack.manifest.modelSha256, vectors["model_sha256"].string())
        val answers = (vectors["answers"] as JsonObject).fields
        assertEquals(200, answers.size)
        val wrong = answers.filter { (word, answer) -> engine.predict(word).text != answer.string() }.keys
        assertEquals(emptySet<String>(), wrong)
    }

    @Test fun test_trace_when_the_loop_is_in_the_graph_then_the_loop_here_says_the_same() {
        for (case in engine.pack.goldenCases) {
            val trace = engine.trace(case.text)
            val logits = requireNotNull(engine.logitsAfter(trace.ids.toIntArray(), trace.tokens.dropLast(1)))
            assertEquals(case.name, trace.tokens.last(), (0 until logits.size).maxByOrNull(logits::real))
        }
    }

    private companion object {
        val engine = Engine(Pack.open(Files.model))

        @JvmStatic @AfterClass fun close() = engine.close()
    }
}
