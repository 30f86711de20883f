package dev.tfedge.core

import java.text.Normalizer

/** How a text is normalised and cut into symbols, as `tfedge/text/tokenizer.py` does it. */

/** Returns [text] in Unicode NFC, lower-cased where [lowercase] says so. */
internal fun normalized(text: String, lowercase: Boolean): String {
    val composed = Normalizer.normalize(text, Normalizer.Form.NFC)
    return if (lowercase) Normalizer.normalize(lowercase(composed), Normalizer.Form.NFC) else composed
}

/** Returns the symbols of [text]: its code points, or with [separator] " " the pieces between white space. */
internal fun cut(text: String, separator: String, lowercase: Boolean): List<String> {
    val whole = normalized(text, lowercase)
    if (separator.isNotEmpty()) return pieces(whole)
    val symbols = ArrayList<String>(whole.length)
    stripped(whole).forEachCodePoint { symbols.add(String(Character.toChars(it))) }
    return symbols
}

/** Returns the pieces of [text] between white space; none is empty. */
internal fun pieces(text: String): List<String> {
    val found = ArrayList<String>()
    var start = 0
    for (at in 0..text.length) {
        if (at < text.length && !isPythonSpace(text[at])) continue
        if (at > start) found.add(text.substring(start, at))
        start = at + 1
    }
    return found
}

private fun stripped(text: String): String = text.trim { isPythonSpace(it) }

/** White space as `str.isspace` means it: separators, and control characters with bidirectional class B, S or WS. */
private fun isPythonSpace(letter: Char): Boolean = when (letter) {
    in '\t'..'\r', in '\u001C'..' ', '\u0085', '\u00A0', '\u1680' -> true
    in '\u2000'..'\u200A', '\u2028', '\u2029', '\u202F', '\u205F', '\u3000' -> true
    else -> false
}

/** Code points in order, as Python sorts texts; Java compares halves of surrogate pairs instead. */
internal object ByCodePoint : Comparator<String> {
    override fun compare(one: String, other: String): Int {
        var at = 0
        while (at < one.length && at < other.length && one[at] == other[at]) at++
        if (at == one.length || at == other.length) return one.length - other.length
        if (at > 0 && one[at - 1].isHighSurrogate()) at--
        return one.codePointAt(at) - other.codePointAt(at)
    }
}
