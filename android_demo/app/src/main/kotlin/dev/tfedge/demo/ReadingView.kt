package dev.tfedge.demo

import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.LinearLayout
import android.widget.TextView
import dev.tfedge.core.Alternative

/** The card with the answer: a tile for each phoneme, and other answers below. */
class ReadingView(root: View) {
    private val context = root.context
    private val whole: View = root.findViewById(R.id.reading)
    private val tiles: FlowLayout = root.findViewById(R.id.tiles)
    private val latency: TextView = root.findViewById(R.id.latency)
    private val line: TextView = root.findViewById(R.id.reading_line)
    private val detail: TextView = root.findViewById(R.id.reading_detail)
    private val others: View = root.findViewById(R.id.alternatives)
    private val othersList: LinearLayout = root.findViewById(R.id.alternatives_list)

    /** Shows what the word became. */
    fun show(reading: Reading) {
        val answer = reading as? Reading.Answered
        showTiles(answer?.symbols.orEmpty())
        showOthers(answer?.others.orEmpty())
        latency.text = answer?.let { context.getString(R.string.milliseconds, milliseconds(it.latencyMs)) }.orEmpty()
        line.showLine(line(reading))
        detail.showLine((reading as? Reading.Unreadable)?.let { sentence(it.line) })
        whole.contentDescription = spoken(reading)
    }

    private fun line(reading: Reading): String? = when (reading) {
        is Reading.Nothing -> context.getString(R.string.phonemes_waiting)
        is Reading.Unreadable -> context.getString(R.string.unreadable, reading.word)
        is Reading.Answered -> if (reading.symbols.isEmpty()) context.getString(R.string.phonemes_none) else null
    }

    private fun spoken(reading: Reading): String = when (reading) {
        is Reading.Nothing -> context.getString(R.string.phonemes_waiting)
        is Reading.Unreadable -> "${line(reading)} ${reading.line}"
        is Reading.Answered -> line(reading) ?: context.getString(
            R.string.phonemes_spoken, reading.word, reading.symbols.joinToString(", "), milliseconds(reading.latencyMs)
        )
    }

    private fun showTiles(symbols: List<String>) {
        tiles.showIf(symbols.isNotEmpty())
        while (tiles.childCount > symbols.size) tiles.removeViewAt(tiles.childCount - 1)
        while (tiles.childCount < symbols.size) inflate(R.layout.tile, tiles)
        symbols.forEachIndexed { place, symbol -> (tiles.getChildAt(place) as TextView).text = symbol }
    }

    private fun showOthers(alternatives: List<Alternative>) {
        others.showIf(alternatives.isNotEmpty())
        othersList.removeAllViews()
        for (alternative in alternatives) {
            inflate(R.layout.alternative, othersList)
            (othersList.getChildAt(othersList.childCount - 1) as TextView).text = alternative.text
        }
    }

    private fun inflate(layout: Int, parent: ViewGroup) {
        LayoutInflater.from(context).inflate(layout, parent)
    }
}
