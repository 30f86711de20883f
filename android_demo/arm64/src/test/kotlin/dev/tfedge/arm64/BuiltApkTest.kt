package dev.tfedge.arm64

import dev.tfedge.core.Engine
import dev.tfedge.core.Pack
import dev.tfedge.core.SelfTest
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

/** The library and the model, both out of the APK that the build has just made. */
class BuiltApkTest {
    @get:Rule
    val folder = TemporaryFolder()
    private val apk = BuiltApk(File(System.getProperty("tfedge.apk")))

    @Test
    fun test_library_when_read_from_the_apk_then_it_is_that_of_the_archive() {
        val archive = File(System.getProperty("tfedge.library"))
        assertEquals(BuiltApk.sha256(archive.readBytes()), BuiltApk.sha256(apk.read(BuiltApk.LIBRARY)))
    }

    @Test
    fun test_golden_cases_when_run_on_arm64_then_every_token_is_the_recorded_one() {
        val pack = Pack.open(apk.copy("assets/g2p.tflite", folder.root))
        val library = Arm64Library(apk.copy(BuiltApk.LIBRARY, folder.root))
        Engine(pack, Arm64Runtime(library, pack), 1).use { engine ->
            assertEquals("2.16.1", engine.runtime.version)
            val result = SelfTest(engine).run { _, _ -> }
            val actual = result.cases.associate { it.case.name to it.trace.tokens }
            assertEquals(pack.goldenCases.associate { it.name to it.expectedIds.getValue(pack.expectedKey) }, actual)
        }
    }
}
