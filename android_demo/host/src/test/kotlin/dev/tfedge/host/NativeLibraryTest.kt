package dev.tfedge.host

import dev.tfedge.core.TfliteRuntime
import org.junit.Assert.assertEquals
import org.junit.Test

class NativeLibraryTest {
    @Test fun test_version_when_loaded_by_name_then_it_is_the_archives() =
        assertEquals("2.16.1", TfliteRuntime.version())
}
