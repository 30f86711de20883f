package dev.tfedge.core

import org.junit.Assert.assertEquals
import org.junit.Test

class NativeVersionTest {
    @Test fun test_version_when_library_is_loaded_then_it_is_the_archives() = assertEquals("2.16.1", nativeVersion())
}
