package dev.tfedge.demo

import android.content.Context
import android.util.AttributeSet
import android.view.View
import android.view.ViewGroup

/** Places its children beside each other, and below where the line is full: for parts whose width the text decides. */
class FlowLayout(context: Context, attributes: AttributeSet?) : ViewGroup(context, attributes) {
    private val gap = resources.getDimensionPixelSize(R.dimen.tile_gap)

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val room = if (MeasureSpec.getMode(widthMeasureSpec) == MeasureSpec.UNSPECIFIED) {
            Int.MAX_VALUE / 2
        } else {
            MeasureSpec.getSize(widthMeasureSpec)
        }
        shown().forEach { measureChild(it, MeasureSpec.makeMeasureSpec(room, MeasureSpec.AT_MOST), heightMeasureSpec) }
        val lines = lines(room - paddingLeft - paddingRight)
        val width = (lines.maxOfOrNull(::width) ?: 0) + paddingLeft + paddingRight
        val height = lines.sumOf(::height) + gap * maxOf(0, lines.size - 1) + paddingTop + paddingBottom
        setMeasuredDimension(resolveSize(width, widthMeasureSpec), resolveSize(height, heightMeasureSpec))
    }

    override fun onLayout(changed: Boolean, left: Int, top: Int, right: Int, bottom: Int) {
        var y = paddingTop
        for (line in lines(width - paddingLeft - paddingRight)) {
            var start = 0
            for (child in line) {
                // From the side on which this language begins.
                val x = if (layoutDirection == LAYOUT_DIRECTION_RTL) {
                    width - paddingRight - start - child.measuredWidth
                } else {
                    paddingLeft + start
                }
                child.layout(x, y, x + child.measuredWidth, y + child.measuredHeight)
                start += child.measuredWidth + gap
            }
            y += height(line) + gap
        }
    }

    override fun generateLayoutParams(attributes: AttributeSet?): LayoutParams = LayoutParams(context, attributes)

    private fun shown(): List<View> = List(childCount, ::getChildAt).filter { it.visibility != GONE }

    private fun lines(room: Int): List<List<View>> {
        val lines = ArrayList<ArrayList<View>>()
        var used = 0
        for (child in shown()) {
            if (lines.isEmpty() || used + gap + child.measuredWidth > room) {
                lines += arrayListOf(child)
                used = child.measuredWidth
            } else {
                lines.last() += child
                used += gap + child.measuredWidth
            }
        }
        return lines
    }

    private fun width(line: List<View>) = line.sumOf { it.measuredWidth } + gap * (line.size - 1)

    private fun height(line: List<View>) = line.maxOf { it.measuredHeight }
}
