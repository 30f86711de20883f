package dev.tfedge.demo

import android.content.Intent
import java.io.File
import org.json.JSONObject
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowLog

/** Runs that `tfedge deploy` starts by `am start`, seen through the log and the report as it sees them. */
@RunWith(RobolectricTestRunner::class)
class RunActivityTest {
    private lateinit var controller: ActivityController<RunActivity>

    private fun intent(action: String?, model: String = "", run: String? = "run-1", threads: Int = 1) = Intent().apply {
        action?.let { putExtra("action", it) }
        run?.let { putExtra("run", it) }
        putExtra("model", model)
        putExtra("threads", threads)
    }

    private fun start(intent: Intent) {
        controller = Robolectric.buildActivity(RunActivity::class.java, intent).setup()
    }

    private fun lines(): List<String> = ShadowLog.getLogsForTag("tfedge").map { it.msg }

    private fun end(intent: Intent): String {
        start(intent)
        await("the end of the run", 120) { lines().lastOrNull()?.let { " done " in it || " failed " in it } ?: false }
        awaitWorker()
        return lines().last()
    }

    @After
    fun close() {
        controller.pause().stop().destroy()
        awaitWorker()
    }

    private fun report(line: String): JSONObject {
        val path = File(app.getExternalFilesDir("reports"), "run-1.json").path
        assertEquals("run-1 done $path", line)
        return JSONObject(File(path).readText())
    }

    @Test
    fun test_prepare_when_asked_then_folders_are_there_and_the_screen_is_gone() {
        val line = end(intent("prepare"))
        val files = File(line.removePrefix("run-1 done "))
        assertEquals(app.getExternalFilesDir(null), files)
        assertTrue(File(files, "models").isDirectory && File(files, "reports").isDirectory)
        assertTrue(controller.get().isFinishing)
    }

    @Test
    fun test_selftest_when_no_model_is_named_then_the_apps_own_is_run() {
        val report = report(end(intent("selftest", threads = 2)))
        assertEquals(16, report.getJSONObject("golden").getInt("num_passed"))
        assertEquals(2, report.getJSONObject("threads").getInt("asked"))
        assertTrue(report.isNull("latency"))
        assertEquals(listOf("run-1 progress 1/16", "run-1 progress 2/16"), lines().filter { "/16" in it }.take(2))
        assertEquals("Done", controller.get().textOn(R.id.run_title))
    }

    @Test
    fun test_selftest_when_a_pushed_model_is_named_then_that_is_run() {
        val bytes = Repacked.withGolden { Goldens.wrong(it, 16) }
        val digest = Repacked.sha256(bytes)
        File(app.getExternalFilesDir("models"), "$digest.tflite").writeBytes(bytes)
        val report = report(end(intent("selftest", "/sdcard/Android/data/dev.tfedge.demo/files/models/$digest.tflite")))
        assertEquals(digest, report.getJSONObject("model").getString("sha256"))
        assertEquals(0, report.getJSONObject("golden").getInt("num_passed"))
        val difference = report.getJSONObject("golden").getJSONObject("first_difference")
        assertEquals("shortest_word", difference.getString("case"))
    }

    @Test
    fun test_selftest_when_the_pushed_file_has_another_sha256_then_it_fails() {
        val name = "0".repeat(64) + ".tflite"
        Repacked.file.copyTo(File(app.getExternalFilesDir("models"), name), overwrite = true)
        val line = end(intent("selftest", "/sdcard/Android/data/dev.tfedge.demo/files/models/$name"))
        assertTrue(line, line.startsWith("run-1 failed expected the model of sha256 000"))
    }

    @Test
    fun test_selftest_when_the_file_is_tampered_or_missing_then_it_fails_in_one_line() {
        val name = "1".repeat(64) + ".tflite"
        File(app.getExternalFilesDir("models"), name).writeBytes(Repacked.tampered())
        val line = end(intent("selftest", "/x/$name"))
        assertTrue(line, line.startsWith("run-1 failed ") && "bytes were changed" in line)
        controller.pause().stop().destroy()
        val missing = end(intent("selftest", "/x/${"2".repeat(64)}.tflite"))
        assertTrue(missing, missing.startsWith("run-1 failed expected a model file"))
        assertFalse(File(app.getExternalFilesDir("reports"), "run-1.json").exists())
    }

    @Test
    fun test_run_when_the_intent_is_wrong_then_it_fails_and_says_which_part() {
        val wrong = mapOf(
            "action" to intent("format"), "1 to 64 threads" to intent("selftest", threads = 0),
            "named by its sha256" to intent("selftest", "/data/data/dev.tfedge.demo/shared_prefs/models.xml")
        )
        for ((word, intent) in wrong) {
            val line = end(intent)
            assertTrue(line, line.startsWith("run-1 failed ") && word in line)
            assertEquals("Failed", controller.get().textOn(R.id.run_title))
            controller.pause().stop().destroy()
        }
        for (run in listOf(null, "", "../x", "a b\nrun-1 done /x")) {
            val line = end(intent("selftest", run = run))
            assertTrue(line, line.startsWith("unknown failed expected a run"))
            if (run != "a b\nrun-1 done /x") controller.pause().stop().destroy()
        }
    }

    @Test
    fun test_benchmark_when_run_then_report_and_log_have_it() {
        val latency = report(end(intent("benchmark"))).getJSONObject("latency")
        assertTrue(latency.getJSONArray("run_ms").length() >= 100)
        assertTrue(lines().any { it.endsWith("/100") })
    }

    @Test
    fun test_run_when_the_screen_is_closed_then_it_fails_instead_of_going_on() {
        start(intent("benchmark"))
        await("progress") { lines().any { "/100" in it } }
        controller.recreate() // A rotation does not end it.
        controller.pause().stop().destroy()
        await("the end") { lines().last().startsWith("run-1 failed it was closed on the phone") }
        start(intent("prepare"))
    }
}
