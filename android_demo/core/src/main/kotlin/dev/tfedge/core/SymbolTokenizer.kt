package dev.tfedge.core

/** Id of the padding. */
const val PAD_ID = 0

/** Id with which a decoder starts. */
const val START_ID = 1

/** Id that ends a sequence. */
const val STOP_ID = 2

/**
 * Turns a text into ids, one a symbol, and back; nothing but data, which Python and Kotlin execute alike.
 *
 * @property symbols the vocabulary after the three special symbols, in id order; symbol i has id i + 3.
 * @property separator text between symbols: "" cuts a text into code points, " " into words.
 * @property lowercase whether text is lower-cased before it is cut.
 */
class SymbolTokenizer private constructor(
    val symbols: List<String>,
    val separator: String,
    val lowercase: Boolean
) {
    private val ids: Map<String, Int> = symbols.withIndex().associate { (index, symbol) -> symbol to index + FIRST_ID }

    /** Number of ids, the three special ones included. */
    val vocabSize: Int get() = symbols.size + FIRST_ID

    /**
     * Returns the ids of [text] with the stop id appended, without padding.
     *
     * @throws TaskException the text is empty, or holds symbols that are not in the vocabulary (all are named).
     */
    fun encode(text: String): IntArray {
        val pieces = cut(text, separator, lowercase)
        if (pieces.isEmpty()) {
            throw TaskException("expected a text of one symbol or more; got an empty one; pass a word")
        }
        val found = IntArray(pieces.size + 1)
        for ((place, piece) in pieces.withIndex()) found[place] = ids[piece] ?: throw unknown(text, pieces)
        found[pieces.size] = STOP_ID
        return found
    }

    /**
     * Returns the text of [ids] up to the first stop id.
     *
     * @throws EngineException an id that is not in the vocabulary: the ids are not of this tokenizer's model.
     */
    fun decode(ids: IntArray): String = pieces(ids).joinToString(separator)

    /** Returns the symbols of [ids] up to the first stop id, without special symbols; throws as [decode]. */
    fun pieces(ids: IntArray): List<String> {
        val found = ArrayList<String>(ids.size)
        for (id in ids) {
            if (id == STOP_ID) break
            if (id !in 0 until vocabSize) {
                throw EngineException(
                    "expected ids below $vocabSize; got $id; model and tokenizer do not belong together"
                )
            }
            if (id >= FIRST_ID) found.add(symbols[id - FIRST_ID])
        }
        return found
    }

    private fun unknown(text: String, pieces: List<String>): TaskException {
        val unknown = pieces.filter { it !in ids }.toSortedSet(ByCodePoint)
        val more = if (unknown.size > MAX_NAMED) ", …" else ""
        val named = unknown.take(MAX_NAMED).joinToString(", ", postfix = more) { quoted(it) }
        val known = cutShort(symbols.joinToString(separator), 80)
        return TaskException(
            "expected only the symbols ${quoted(known)}; got $named in ${quoted(cutShort(text, 40))}; respell it"
        )
    }

    internal companion object {
        private val SPECIAL = listOf("<pad>", "<start>", "<stop>")
        private val FIRST_ID = SPECIAL.size
        private const val MAX_NAMED = 8
        private val KEYS = listOf("kind", "separator", "lowercase", "special", "symbols")

        /** Returns [text], or its first [length] code points and "…". */
        fun cutShort(text: String, length: Int): String {
            val start = firstCodePoints(text, length)
            return if (start.length == text.length) text else "$start…"
        }

        /**
         * Reads a tokenizer's spec.
         *
         * @throws FormException another kind of tokenizer, an unknown or missing key, or an illegal value.
         */
        fun read(value: Json): SymbolTokenizer {
            val spec = checkKeys(value, "a tokenizer spec", KEYS)
            val special = (spec["special"] as? JsonList)?.items?.map { (it as? JsonText)?.value }
            if ((spec["kind"] as? JsonText)?.value != "symbols" || special != SPECIAL) {
                throw FormException(
                    "a tokenizer spec must be of kind 'symbols' with special symbols ${SPECIAL.joinToString(", ")}; " +
                        "got ${shown(spec["kind"])} with ${special ?: spec["special"].kind}"
                )
            }
            val lowercase = spec["lowercase"].truth("`lowercase`")
            val separator = (spec["separator"] as? JsonText)?.value
            if (separator != "" && separator != " ") {
                throw FormException("`separator` must be '' or ' '; got ${shown(spec["separator"])}")
            }
            val symbols = spec["symbols"].list("`symbols`")
            if (symbols.isEmpty()) throw FormException("`symbols` must be a list of one symbol or more; got []")
            return SymbolTokenizer(checked(symbols, separator, lowercase), separator, lowercase)
        }

        private fun checked(symbols: List<Json>, separator: String, lowercase: Boolean): List<String> {
            val met = HashSet<String>()
            return symbols.map { value ->
                val symbol = (value as? JsonText)?.value
                if (symbol == null || !isSymbol(symbol, separator, lowercase)) {
                    val form = if (separator.isEmpty()) "single code points" else "non-empty and without white space"
                    val case = if (lowercase) " and lower case" else ""
                    throw FormException(
                        "`symbols` must be $form, in Unicode NFC$case, and none of ${SPECIAL.joinToString(", ")}; " +
                            "got ${shown(value)}"
                    )
                }
                if (!met.add(symbol)) throw FormException("`symbols` must be distinct; got ${quoted(symbol)} twice")
                symbol
            }
        }

        private fun isSymbol(symbol: String, separator: String, lowercase: Boolean): Boolean {
            if (symbol in SPECIAL || normalized(symbol, lowercase) != symbol) return false
            if (separator.isNotEmpty()) return pieces(symbol) == listOf(symbol)
            return symbol.codePointCount(0, symbol.length) == 1
        }
    }
}
