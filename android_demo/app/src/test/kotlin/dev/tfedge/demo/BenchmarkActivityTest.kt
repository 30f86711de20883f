package dev.tfedge.demo

import android.content.Intent
import android.net.Uri
import android.provider.OpenableColumns
import android.view.View
import java.io.FileNotFoundException
import org.json.JSONObject
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

@RunWith(RobolectricTestRunner::class)
class BenchmarkActivityTest {
    private lateinit var controller: ActivityController<BenchmarkActivity>
    private val screen: BenchmarkActivity get() = controller.get()
    private val state: BenchmarkState get() = screen.work.state.value

    @Before
    fun open() {
        controller = Robolectric.buildActivity(BenchmarkActivity::class.java).setup()
        await("a model") { screen.on<View>(R.id.start).isEnabled }
    }

    @After
    fun close() {
        if (!screen.isDestroyed) controller.pause().stop().destroy()
        awaitWorker()
    }

    @Suppress("DEPRECATION")
    private fun share(): Uri {
        screen.on<View>(R.id.share).tap()
        val chooser = shadowOf(screen).nextStartedActivity
        assertEquals(Intent.ACTION_CHOOSER, chooser.action)
        val send = chooser.getParcelableExtra<Intent>(Intent.EXTRA_INTENT)!!
        assertEquals(Intent.ACTION_SEND to "application/json", send.action to send.type)
        assertTrue(send.flags and Intent.FLAG_GRANT_READ_URI_PERMISSION != 0)
        val uri = send.getParcelableExtra<Uri>(Intent.EXTRA_STREAM)!!
        assertEquals(uri, send.clipData!!.getItemAt(0).uri) // What the permission is granted for.
        return uri
    }

    @Test
    fun test_benchmark_when_run_then_its_figures_are_shown_and_the_report_shared_holds_them() {
        screen.on<View>(R.id.start).tap()
        assertTrue(screen.on<View>(R.id.cancel).isSeen())
        await("a result", 120) { state is BenchmarkState.Finished }
        val latency = (state as BenchmarkState.Finished).report.latency!!
        val shown = screen.on<View>(R.id.result).words()
        assertHolds("${milliseconds(latency.p50Ms)} ms | p50", shown)
        assertHolds("${milliseconds(latency.p90Ms)} ms | p90", shown)
        assertHolds("Raw samples | ${latency.numRuns}", shown)
        assertHolds("android-tflite 2.16.1", shown)
        val isValid = latency.invalidReasons.isEmpty()
        assertEquals(if (isValid) "Valid measurement" else "Not to be relied on", screen.textOn(R.id.validity))
        assertEquals(!isValid, screen.on<View>(R.id.validity_reasons).isSeen())
        checkReport(share())
    }

    private fun checkReport(uri: Uri) {
        val report = JSONObject(app.contentResolver.openInputStream(uri)!!.use { it.readBytes().decodeToString() })
        val model = (app.models.state.value as ModelState.Ready).model
        assertEquals("device_report", report.getString("kind"))
        assertEquals(model.pack.sha256, report.getJSONObject("model").getString("sha256"))
        assertEquals("android", report.getJSONObject("device").getString("kind"))
        assertEquals(16, report.getJSONObject("golden").getInt("num_passed"))
        assertEquals(1, report.getJSONObject("threads").getInt("asked"))
        val latency = report.getJSONObject("latency")
        val shown = (state as BenchmarkState.Finished).report.latency!!.numRuns
        for (key in listOf("write_ms", "run_ms", "read_ms")) assertEquals(shown, latency.getJSONArray(key).length())
        app.contentResolver.query(uri, null, null, null, null)!!.use {
            assertTrue(it.moveToFirst())
            assertEquals("tfedge-benchmark.json", it.getString(it.getColumnIndexOrThrow(OpenableColumns.DISPLAY_NAME)))
        }
    }

    @Test
    fun test_provider_when_asked_for_anything_but_a_report_then_it_refuses() {
        val bad = listOf("..%2Fshared_prefs%2Fmodels.xml", "a/tfedge-benchmark.json", "tfedge-none.json", "")
        for (path in bad) {
            val uri = Uri.parse("content://${ReportProvider.AUTHORITY}/$path")
            assertThrows(path, FileNotFoundException::class.java) { app.contentResolver.openInputStream(uri) }
        }
    }

    @Test
    fun test_benchmark_when_cancelled_then_it_ends_and_shows_no_result_and_can_start_again() {
        screen.on<View>(R.id.start).tap()
        await("progress") { screen.work.state.value is BenchmarkState.Running }
        screen.on<View>(R.id.cancel).tap()
        await("the end") { state === BenchmarkState.Cancelled }
        assertEquals("Cancelled: nothing was measured.", screen.textOn(R.id.benchmark_line))
        assertFalse(screen.on<View>(R.id.result).isSeen() || screen.on<View>(R.id.cancel).isSeen())
        assertTrue(screen.on<View>(R.id.start).isEnabled)
    }

    @Test
    fun test_benchmark_when_the_screen_is_left_then_it_ends() {
        val work = screen.work
        screen.on<View>(R.id.start).tap()
        controller.pause().stop().destroy()
        await("the end") { work.state.value === BenchmarkState.Cancelled }
    }

    @Test
    fun test_rotation_when_a_benchmark_runs_then_it_goes_on() {
        screen.on<View>(R.id.start).tap()
        val work = screen.work
        controller.recreate()
        assertTrue(work === screen.work && state is BenchmarkState.Running)
        assertTrue(screen.on<View>(R.id.cancel).isSeen())
        screen.on<View>(R.id.cancel).tap()
        await("the end") { state === BenchmarkState.Cancelled }
    }

    @Test
    fun test_threads_when_changed_then_they_stay_within_the_cores() {
        val cores = Runtime.getRuntime().availableProcessors()
        assertFalse(screen.on<View>(R.id.threads_fewer).isEnabled)
        repeat(cores - 1) { screen.on<View>(R.id.threads_more).tap() }
        assertFalse(screen.on<View>(R.id.threads_more).isEnabled)
        assertHolds("$cores of $cores core", screen.textOn(R.id.threads_value))
    }

    @Test
    fun test_conditions_when_opened_then_phone_heat_and_battery_are_named() {
        await("the conditions") { screen.work.facts.value != null }
        val shown = screen.on<View>(R.id.conditions).words()
        listOf("Phone | ", "Processor | ", "Cores | ", "Heat | none", "Battery | ").forEach { assertHolds(it, shown) }
    }
}
