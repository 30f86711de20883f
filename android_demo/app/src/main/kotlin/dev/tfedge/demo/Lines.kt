package dev.tfedge.demo

import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.TextView

/** Shows [line], or nothing and takes no room where it is null. */
fun TextView.showLine(line: String?) {
    text = line.orEmpty()
    showIf(line != null)
}

/** Shows this, or takes no room. */
fun View.showIf(isShown: Boolean) {
    visibility = if (isShown) View.VISIBLE else View.GONE
}

/** Returns a line that the core wrote, as a sentence of a screen begins. */
fun sentence(line: String): String = line.replaceFirstChar { it.uppercase() }

private const val LARGE = 1.3f

/** Adds a line of a name and its value. */
fun ViewGroup.addFact(name: Int, value: String) {
    val layout = if (resources.configuration.fontScale >= LARGE) R.layout.fact_large else R.layout.fact
    val fact = LayoutInflater.from(context).inflate(layout, this, false)
    fact.findViewById<TextView>(R.id.fact_name).setText(name)
    fact.findViewById<TextView>(R.id.fact_value).text = value
    addView(fact)
}
