package dev.tfedge.demo

import android.app.Activity
import android.graphics.Insets
import android.os.Build
import android.os.Bundle
import android.view.MenuItem
import android.view.View
import android.view.ViewGroup
import android.view.WindowInsets
import android.widget.Toolbar
import java.io.Closeable

/**
 * What every screen has: a bar, room beside the system's bars, and work [R] that survives rotations. The model stays
 * open while there is a screen that needs it.
 */
abstract class Screen<R : Any>(private val layout: Int, private val needsModel: Boolean = true) : Activity() {
    private val watches = ArrayList<Closeable>()

    /** The work of this screen. */
    lateinit var work: R
        private set

    /** Makes the work of a screen that is new. */
    protected abstract fun begin(): R

    /** Ends the work of a screen that does not come back. */
    protected abstract fun end(work: R)

    /** Fills the views. */
    protected abstract fun fill()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.screen)
        layoutInflater.inflate(layout, findViewById<ViewGroup>(R.id.content))
        keepClearOfBars(findViewById(R.id.screen))
        setActionBar(findViewById<Toolbar>(R.id.bar))
        if (parentActivityIntent != null) {
            actionBar?.setDisplayHomeAsUpEnabled(true)
            actionBar?.setHomeAsUpIndicator(R.drawable.icon_back)
        }
        @Suppress("UNCHECKED_CAST", "DEPRECATION")
        val kept = lastNonConfigurationInstance as R?
        if (kept == null && needsModel) demo.models.acquire()
        work = kept ?: begin()
        fill()
    }

    @Suppress("OVERRIDE_DEPRECATION")
    override fun onRetainNonConfigurationInstance(): Any = work

    override fun onDestroy() {
        watches.forEach { it.close() }
        if (!isChangingConfigurations) {
            end(work)
            if (needsModel) demo.models.release()
        }
        super.onDestroy()
    }

    override fun onOptionsItemSelected(item: MenuItem): Boolean {
        if (item.itemId != android.R.id.home) return super.onOptionsItemSelected(item)
        finish()
        return true
    }

    /** Calls [watcher] with the value of [live] now and whenever it changes, while this screen is there. */
    protected fun <T> watch(live: Live<T>, watcher: (T) -> Unit) {
        watches += live.watch(watcher)
    }

    /** The view of an id. */
    protected fun <V : View> view(id: Int): V = findViewById(id)

    /** Lets the ground reach under the system's bars, and nothing else: not those, no notch, no keyboard. */
    private fun keepClearOfBars(root: View) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) {
            root.fitsSystemWindows = true
            return
        }
        window.setDecorFitsSystemWindows(false)
        root.setOnApplyWindowInsetsListener { view, insets ->
            val taken: Insets = insets.getInsets(
                WindowInsets.Type.systemBars() or WindowInsets.Type.displayCutout() or WindowInsets.Type.ime()
            )
            view.setPadding(taken.left, taken.top, taken.right, taken.bottom)
            WindowInsets.CONSUMED
        }
    }
}
