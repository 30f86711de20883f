package dev.tfedge.core

/**
 * What a seq2seq model reads and writes; it travels with the model, so that a stranger's code can feed it text.
 *
 * @property name the task, for example "g2p".
 * @property source text to source ids.
 * @property target target ids to text.
 * @property maxSourceLength tokens of a source at most, the stop token included.
 * @property maxTargetLength tokens of a target at most, the stop token included.
 */
class TaskSpec private constructor(
    val name: String,
    val source: SymbolTokenizer,
    val target: SymbolTokenizer,
    val maxSourceLength: Int,
    val maxTargetLength: Int
) {
    /**
     * Returns the ids of [text] with the stop id, unpadded.
     *
     * @throws TaskException empty, unknown symbols, or longer than [maxSourceLength] tokens.
     */
    fun sourceIds(text: String): IntArray {
        val limit = maxSourceLength - 1
        val size = text.codePointCount(0, text.length)
        if (size > MAX_CHARACTERS_A_SYMBOL * limit) {
            throw TaskException("expected at most $limit symbols; got $size characters; shorten it")
        }
        val ids = source.encode(text)
        if (ids.size > maxSourceLength) {
            val shown = quoted(SymbolTokenizer.cutShort(text, 40))
            throw TaskException("expected at most $limit symbols; got ${ids.size - 1} in $shown; shorten it")
        }
        return ids
    }

    internal companion object {
        private const val SCHEMA_VERSION = 1

        // As in tfedge: attention costs the square of it.
        private val LENGTHS = 2L..512L
        private const val MAX_CHARACTERS_A_SYMBOL = 64
        private val KEYS = listOf(
            "schema_version", "name", "kind", "metric", "source_tokenizer", "target_tokenizer", "max_source_length",
            "max_target_length"
        )

        /**
         * Reads what task.json holds.
         *
         * @throws FormException an unknown or missing key, another schema version, or an illegal value.
         */
        fun read(value: JsonObject): TaskSpec {
            checkVersion(value, SCHEMA_VERSION, "a task spec")
            checkKeys(value, "a task spec", KEYS)
            val kind = (value["kind"] as? JsonText)?.value
            val metric = (value["metric"] as? JsonText)?.value
            if (kind != "seq2seq" || metric != "word_error_rate") {
                throw FormException(
                    "a task must be seq2seq with word_error_rate; got ${shown(value["kind"])} with " +
                        shown(value["metric"])
                )
            }
            val name = value["name"].text("`name` of a task")
            if (name.isEmpty()) throw FormException("`name` must be the name of a task; got ''")
            return TaskSpec(
                name,
                SymbolTokenizer.read(value["source_tokenizer"]),
                SymbolTokenizer.read(value["target_tokenizer"]),
                length(value, "max_source_length"),
                length(value, "max_target_length")
            )
        }

        private fun length(value: JsonObject, key: String): Int {
            val length = value[key].whole("`$key`")
            if (length !in LENGTHS) {
                throw FormException("`$key` must be a whole number of 2 to ${LENGTHS.last} tokens; got $length")
            }
            return length.toInt()
        }
    }
}
