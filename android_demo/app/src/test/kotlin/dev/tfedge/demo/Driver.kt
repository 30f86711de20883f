package dev.tfedge.demo

import android.app.Activity
import android.os.Looper
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import java.time.Duration
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

/** What tests do with a screen: look for things on it, and wait as a person would. */

/** The process under test. */
val app: DemoApp get() = RuntimeEnvironment.getApplication() as DemoApp

@Volatile
private var thrown: Throwable? = null

/** Lets the main thread work until [condition] holds, the clock of the screen going on; fails after [seconds]. */
fun await(what: String, seconds: Int = 30, condition: () -> Boolean) {
    val end = System.nanoTime() + seconds * 1_000_000_000L
    Thread.setDefaultUncaughtExceptionHandler { _, error -> thrown = error }
    while (!condition()) {
        thrown?.let { throw AssertionError("expected $what; a thread ended by $it", it) }
        if (System.nanoTime() > end) fail("expected $what within $seconds s; it did not happen")
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(20))
        Thread.sleep(5)
    }
}

/** Waits until the worker has done what it was given, and the main thread has heard of it. */
fun awaitWorker() {
    var isDone = false
    app.worker.run({}) { isDone = true }
    await("the worker to be done") { isDone }
}

/** The view of an id. */
fun <V : View> Activity.on(id: Int): V = findViewById(id)

/** What a text view shows. */
fun Activity.textOn(id: Int): String = on<TextView>(id).text.toString()

/** Whether a view and all around it can be seen. */
fun View.isSeen(): Boolean = visibility == View.VISIBLE && (parent as? View)?.isSeen() ?: true

/** This view and all below it that can be seen. */
fun View.seen(): List<View> {
    if (visibility != View.VISIBLE) return emptyList()
    if (this !is ViewGroup) return listOf(this)
    return listOf(this) + (0 until childCount).flatMap { getChildAt(it).seen() }
}

/** All texts that can be seen, joined. */
fun View.words(): String =
    seen().filterIsInstance<TextView>().map { it.text.toString() }.filter { it.isNotEmpty() }.joinToString(" | ")

/** Fails, showing [text], where that does not hold [part]. */
fun assertHolds(part: String, text: String) = assertTrue("expected $part in: $text", text.contains(part))

/** What tapping on the view does; fails where a person could not. */
fun View.tap() {
    assertTrue("expected to see ${resources.getResourceName(id)}", isSeen())
    assertTrue("expected ${resources.getResourceName(id)} to be enabled", isEnabled)
    performClick()
}
