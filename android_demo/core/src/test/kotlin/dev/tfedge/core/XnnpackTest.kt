package dev.tfedge.core

import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** Where the interpreter is told to leave XNNPACK out. */
class XnnpackTest {
    @Test fun test_xnnpack_when_x86_android_then_left_out() {
        for (processor in listOf("x86_64", "x86", "i686")) assertFalse(TfliteRuntime.mayUseXnnpack("Dalvik", processor))
    }

    @Test fun test_xnnpack_when_a_phone_or_a_workstation_then_used() {
        assertTrue(TfliteRuntime.mayUseXnnpack("Dalvik", "aarch64"))
        assertTrue(TfliteRuntime.mayUseXnnpack("OpenJDK 64-Bit Server VM", "amd64"))
        assertTrue(TfliteRuntime.mayUseXnnpack(null, null))
    }
}
