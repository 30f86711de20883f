package dev.tfedge.core

/** Words for people; those of a stranger's file made safe to print, in the form in which Python prints them. */

/** Returns [text] as Python's `repr` writes it: in quotes, with what is not printable escaped. */
internal fun quoted(text: String): String {
    val quote = if ('\'' in text && '"' !in text) '"' else '\''
    return buildString {
        append(quote)
        text.forEachCodePoint { codePoint ->
            when {
                codePoint == quote.code || codePoint == '\\'.code -> append('\\').appendCodePoint(codePoint)
                else -> append(printed(codePoint))
            }
        }
        append(quote)
    }
}

/** Returns [text] with every character that is not printable escaped: no terminal code and no line break is left. */
fun printable(text: String): String = buildString { text.forEachCodePoint { append(printed(it)) } }

/** Returns [text] printable, in one line, and at most [length] characters long: its start, "…", and its end. */
fun shortened(text: String, length: Int = 80): String {
    val line = printable(text.trim().split(WHITE_SPACE).joinToString(" "))
    if (line.length <= length) return line
    val tail = (length - 1) / 2
    return line.take(length - 1 - tail) + "…" + line.takeLast(tail)
}

/** Returns the first [count] code points of [text]. */
internal fun firstCodePoints(text: String, count: Int): String =
    if (text.codePointCount(0, text.length) <= count) text else text.substring(0, text.offsetByCodePoints(0, count))

/** Calls [action] with each code point; half a surrogate pair counts as one, as in Python. */
internal inline fun String.forEachCodePoint(action: (Int) -> Unit) {
    var at = 0
    while (at < length) {
        val codePoint = codePointAt(at)
        action(codePoint)
        at += Character.charCount(codePoint)
    }
}

private val WHITE_SPACE = Regex("\\s+")

private fun printed(codePoint: Int): String = when {
    codePoint == '\n'.code -> "\\n"
    codePoint == '\r'.code -> "\\r"
    codePoint == '\t'.code -> "\\t"
    isPrintable(codePoint) -> String(Character.toChars(codePoint))
    codePoint < 0x100 -> "\\x%02x".format(codePoint)
    codePoint < 0x10000 -> "\\u%04x".format(codePoint)
    else -> "\\U%08x".format(codePoint)
}

private fun isPrintable(codePoint: Int): Boolean = codePoint == ' '.code ||
    when (Character.getType(codePoint).toByte()) {
        Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED -> false
        Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR -> false
        else -> true
    }
