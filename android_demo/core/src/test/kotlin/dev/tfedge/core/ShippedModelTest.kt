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

    private companion object {
        val engine = Engine(Pack.open(Files.model))

        @JvmStatic @AfterClass fun close() = engine.close()
    }
}
