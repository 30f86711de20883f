package dev.tfedge.core

/**
 * One text by which the file can be scored where neither data nor Keras is.
 *
 * @property text as a user types it.
 * @property references right answers as texts, one or more.
 * @property kerasText what the float Keras model answered; null where nobody asked it.
 */
data class EvaluationExample(val text: String, val references: List<String>, val kerasText: String?)

/**
 * Examples that no choice was made by, in the order of the data's own shuffled split: the first N are a random sample.
 *
 * @property source name, version and sha256 of the data, as JSON.
 */
data class EvaluationSet(val examples: List<EvaluationExample>, val source: JsonObject) {
    internal companion object {
        private const val SCHEMA_VERSION = 1
        private val KEYS = listOf("schema_version", "source", "columns", "rows")

        /**
         * Reads what evaluation.json holds.
         *
         * @throws FormException another schema version, an unknown or missing key, or an illegal value.
         */
        fun read(value: JsonObject): EvaluationSet {
            checkVersion(value, SCHEMA_VERSION, "evaluation.json")
            checkKeys(value, "evaluation.json", KEYS)
            val source = value["source"] as? JsonObject
                ?: throw FormException("evaluation.json must have a source object; got ${value["source"].kind}")
            return EvaluationSet(value["rows"].list("`rows` of evaluation.json").map(::example), source)
        }

        private fun example(row: Json): EvaluationExample {
            val cells = row.list("a row of evaluation.json")
            if (cells.size != 3) throw FormException("`rows` of evaluation.json must be a list of rows of three")
            val text = cells[0].text("an evaluation example's text")
            val references = cells[1].list("an evaluation example's references").map { it.text("a reference") }
            val kerasText = cells[2].let { if (it is JsonNull) null else it.text("Keras' answer") }
            if (text.isEmpty() || references.isEmpty()) {
                throw FormException("an evaluation example must have a text and references; got ${quoted(text)}")
            }
            return EvaluationExample(text, references, kerasText)
        }
    }
}
