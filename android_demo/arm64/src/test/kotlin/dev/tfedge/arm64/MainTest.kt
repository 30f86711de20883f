package dev.tfedge.arm64

import org.junit.Assert.assertEquals
import org.junit.Test

class MainTest {
    @Test fun test_nothing() = assertEquals(1, 1)
}
