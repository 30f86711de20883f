package dev.tfedge.core

/**
 * Lower case as Python's `str.lower` and the Unicode standard have it (section 3.13, SpecialCasing.txt), alike on every
 * machine: `String.lowercase` asks a word breaker where a final sigma stands, and the JDK's is not Android's.
 */
internal fun lowercase(text: String): String {
    val codePoints = IntArray(text.codePointCount(0, text.length))
    var count = 0
    text.forEachCodePoint { codePoints[count++] = it }
    return buildString(text.length) {
        codePoints.forEachIndexed { place, codePoint ->
            when (codePoint) {
                CAPITAL_I_WITH_DOT -> append("i\u0307")
                CAPITAL_SIGMA -> append(if (isFinal(codePoints, place)) 'ς' else 'σ')
                else -> appendCodePoint(Character.toLowerCase(codePoint))
            }
        }
    }
}

/** Whether a cased letter stands before [place] and none behind, what may stand between letters left out. */
private fun isFinal(codePoints: IntArray, place: Int): Boolean {
    val before = (place - 1 downTo 0).firstOrNull { !isCaseIgnorable(codePoints[it]) }
    val behind = (place + 1 until codePoints.size).firstOrNull { !isCaseIgnorable(codePoints[it]) }
    return before != null && isCased(codePoints[before]) && (behind == null || !isCased(codePoints[behind]))
}

private fun isCased(codePoint: Int): Boolean =
    Character.isLowerCase(codePoint) || Character.isUpperCase(codePoint) || Character.isTitleCase(codePoint)

/** Unicode's Case_Ignorable: marks, formats, modifiers, and punctuation inside words (Word_Break MidLetter, ...). */
private fun isCaseIgnorable(codePoint: Int): Boolean = codePoint in INSIDE_WORDS ||
    when (Character.getType(codePoint).toByte()) {
        Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> true
        Character.MODIFIER_LETTER, Character.MODIFIER_SYMBOL -> true
        else -> false
    }

private const val CAPITAL_I_WITH_DOT = 0x130
private const val CAPITAL_SIGMA = 0x3A3
private val INSIDE_WORDS = setOf(
    0x27, 0x2E, 0x3A, 0xB7, 0x387, 0x55F, 0x5F4, 0x2018, 0x2019, 0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07,
    0xFF0E, 0xFF1A
)
