package dev.tfedge.demo

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.util.AttributeSet
import android.view.View

/** How the raw samples of a benchmark are distributed: a bar for each range of times, without the slowest hundredth. */
class LatencyChart(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val bar = Paint().apply { color = context.getColor(R.color.accent) }
    private val ground = Paint().apply { color = context.getColor(R.color.line) }
    private val corner = resources.displayMetrics.density * CORNER_DP
    private var counts = IntArray(0)

    /** Shows [samplesMs], one or more. */
    fun show(samplesMs: List<Double>) {
        val sorted = samplesMs.sorted()
        val low = sorted.first()
        val high = sorted[(sorted.size * SHOWN_SHARE).toInt().coerceAtMost(sorted.size - 1)]
        counts = IntArray(BARS)
        for (sample in sorted.filter { it <= high }) {
            val place = if (high > low) ((sample - low) / (high - low) * BARS).toInt() else 0
            counts[place.coerceAtMost(BARS - 1)] += 1
        }
        contentDescription = context.getString(R.string.chart, milliseconds(low), milliseconds(high))
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        if (counts.isEmpty()) return
        val step = width.toFloat() / counts.size
        val gap = step * GAP_SHARE
        val most = counts.max().toFloat()
        counts.forEachIndexed { place, count ->
            val left = place * step + gap / 2
            val top = height - maxOf(count / most * height, corner)
            val paint = if (count == 0) ground else bar
            canvas.drawRoundRect(left, top, left + step - gap, height.toFloat(), corner, corner, paint)
        }
    }

    private companion object {
        const val BARS = 32
        const val SHOWN_SHARE = 0.99
        const val GAP_SHARE = 0.3f
        const val CORNER_DP = 2f
    }
}
