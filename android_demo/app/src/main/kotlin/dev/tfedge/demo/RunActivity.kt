package dev.tfedge.demo

import android.os.Build
import android.os.Bundle
import android.view.View
import android.view.WindowManager
import android.widget.ProgressBar
import android.widget.TextView

/** Shows a run that another computer asked for by an intent, and works behind a lock screen too. */
class RunActivity : Screen<RunWork>(R.layout.run, needsModel = false) {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O_MR1) {
            setShowWhenLocked(true)
            setTurnScreenOn(true)
        }
    }

    override fun begin() = RunWork(applicationContext, demo.worker).apply {
        start(RunRequest.id(intent)) { RunRequest.read(intent) }
    }

    override fun end(work: RunWork) = work.cancel()

    override fun fill() = watch(work.state, ::show)

    private fun show(state: RunState) {
        val flag = WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
        if (state is RunState.Running) window.addFlags(flag) else window.clearFlags(flag)
        view<TextView>(R.id.run_title).setText(
            when (state) {
                is RunState.Running -> R.string.run_running
                is RunState.Done -> R.string.run_done
                is RunState.Failed -> R.string.run_failed
            }
        )
        view<TextView>(R.id.run_line).text = when (state) {
            is RunState.Running -> getString(R.string.run_running_line)
            is RunState.Done -> getString(R.string.run_done_line)
            is RunState.Failed -> state.line
        }
        val bar = view<ProgressBar>(R.id.progress)
        bar.visibility = if (state is RunState.Running) View.VISIBLE else View.INVISIBLE
        if (state is RunState.Running) {
            bar.max = state.total
            bar.progress = state.done
        }
        if (state is RunState.Done && intent.getStringExtra("action") == RunAction.PREPARE.key) finish()
    }
}
