package com.example.spelling

import dev.tfedge.core.PackException
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

/** The lines of the README, on Android's own library. */
class SpellingTest {
    private val repository = File(System.getProperty("tfedge.repository"))
    private val model = File(repository, "models/g2p/g2p.tflite")

    @Test fun test_phonemes_then_those_of_the_shipped_model() {
        Spelling(model).use { assertEquals("HH EH L OW", it.phonemes("hello")) }
    }

    @Test fun test_is_right_here_then_the_golden_cases_say_so() {
        Spelling(model).use { assertTrue(it.isRightHere()) }
        Spelling(File(repository, "tests/golden/vectors/autokey_wrong.tflite")).use { assertFalse(it.isRightHere()) }
    }

    @Test fun test_open_when_a_byte_was_changed_then_one_line_says_so() {
        val bytes = model.readBytes().also { it[1000] = (it[1000] + 1).toByte() }
        val changed = File("target/changed.tflite").apply { writeBytes(bytes) }
        val error = assertThrows(PackException::class.java) { Spelling(changed) }
        assertEquals(1, error.line.lines().size)
    }
}
