package dev.tfedge.demo

import android.view.View
import android.view.ViewGroup
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController

@RunWith(RobolectricTestRunner::class)
class SelfTestActivityTest {
    private lateinit var controller: ActivityController<SelfTestActivity>
    private val screen: SelfTestActivity get() = controller.get()
    private val state: SelfTestState get() = app.models.selfTest.state.value

    private fun isPassed() = (state as? SelfTestState.Finished)?.result?.isPassed == true

    private fun open() {
        controller = Robolectric.buildActivity(SelfTestActivity::class.java).setup()
        await("the golden cases") { state is SelfTestState.Finished }
    }

    @After
    fun close() {
        controller.pause().stop().destroy()
        awaitWorker()
    }

    @Test
    fun test_cases_when_the_model_is_right_then_all_pass_and_none_differs() {
        open()
        assertEquals("Passed: 16 of 16 golden cases", screen.textOn(R.id.verdict_title))
        val cases = screen.on<ViewGroup>(R.id.cases)
        assertEquals(16, cases.childCount)
        assertHolds("metallgesellschaft's | M EH T AH L G", cases.getChildAt(3).words())
        assertFalse(screen.on<View>(R.id.difference).isSeen())
    }

    @Test
    fun test_cases_when_golden_answers_are_wrong_then_it_fails_and_names_the_first_difference() {
        open()
        app.models.open(Files.serve().put("wrong.tflite", Repacked.withGolden { Goldens.wrong(it, 16) }))
        await("the other model's golden cases") { state is SelfTestState.Finished && !isPassed() }
        assertEquals("Failed: 0 of 16 golden cases passed", screen.textOn(R.id.verdict_title))
        val expected = "Case | shortest_word | Stage | tokens | Index | 0 | Expected | 16, F | Got | 15, EY | Distance"
        assertHolds(expected, screen.on<View>(R.id.difference_facts).words())
        assertHolds("EY | shortest_word | Expected F", screen.on<ViewGroup>(R.id.cases).getChildAt(0).words())
        app.models.openBuiltIn()
        await("the model in the app") { state === SelfTestState.PassedBefore || isPassed() }
    }

    @Test
    fun test_start_when_the_file_passed_before_then_it_is_not_tested_again_until_somebody_looks() {
        open()
        controller.pause().stop().destroy()
        awaitWorker()
        val main = Robolectric.buildActivity(MainActivity::class.java).setup()
        await("a model") { app.models.state.value is ModelState.Ready }
        awaitWorker()
        assertTrue("$state", state === SelfTestState.PassedBefore)
        assertHolds("Passed on this phone", main.get().on<View>(R.id.row_self_test).words())
        open()
        assertEquals(16, screen.on<ViewGroup>(R.id.cases).childCount)
        main.pause().stop().destroy()
    }

    @Test
    fun test_cases_when_run_again_then_they_are_answered_again() {
        open()
        val before = state
        screen.on<View>(R.id.run).tap()
        assertFalse(screen.on<View>(R.id.run).isEnabled)
        await("the golden cases again") { state is SelfTestState.Finished && state !== before }
        assertEquals("Passed: 16 of 16 golden cases", screen.textOn(R.id.verdict_title))
    }

    @Test
    fun test_rotation_when_cases_are_answered_then_they_stay_and_are_not_answered_again() {
        open()
        val before = state
        controller.recreate()
        awaitWorker()
        assertTrue(before === state)
        assertEquals(16, screen.on<ViewGroup>(R.id.cases).childCount)
    }
}
