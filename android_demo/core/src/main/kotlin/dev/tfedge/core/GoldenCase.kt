package dev.tfedge.core

/**
 * One fixed question with its answers; it travels in the pack.
 *
 * @property name what is special about it; one of a kind in a pack.
 * @property text the raw text, as a user types it.
 * @property sourceIds its ids with the stop token, without padding.
 * @property expectedIds answers by who gave them: [KERAS], the float reference, and the recipe of the file. Ids after
 *   the start token, up to and including the stop token, without padding.
 * @property expectedText the text of Keras' answer.
 */
data class GoldenCase(
    val name: String,
    val text: String,
    val sourceIds: List<Int>,
    val expectedIds: Map<String, List<Int>>,
    val expectedText: String
) {
    companion object {
        /** The key of the float reference among [expectedIds]. */
        const val KERAS = "keras"

        private const val SCHEMA_VERSION = 1
        private val KEYS = listOf("name", "text", "source_ids", "expected_ids", "expected_text")

        /**
         * Reads what golden.json holds, for a file of [recipe].
         *
         * @throws FormException another schema version, an unknown or missing key, an illegal value, or cases that
         *   could not check this recipe.
         */
        internal fun readAll(value: JsonObject, recipe: String): List<GoldenCase> {
            checkVersion(value, SCHEMA_VERSION, "golden.json")
            checkKeys(value, "golden.json", listOf("schema_version", "cases"))
            val cases = value["cases"].list("`cases` of golden.json").map(::read)
            val names = cases.map { it.name }
            if (names.isEmpty() || names.toSet().size != names.size) {
                throw FormException("golden cases must be one or more, each with a name of its own; got $names")
            }
            val without = cases.filter { recipe !in it.expectedIds }.map { it.name }
            if (without.isNotEmpty()) {
                throw FormException(
                    "golden cases must hold expected ids of recipe ${quoted(recipe)}; missing in " +
                        without.joinToString(", ")
                )
            }
            return cases
        }

        private fun read(json: Json): GoldenCase {
            val fields = checkKeys(json, "a golden case", KEYS)
            val name = fields["name"].text("`name` of a golden case")
            if (name.isEmpty()) throw FormException("`name` of a golden case must be a text that is not empty")
            val whose = "of golden case ${quoted(name)}"
            val expected = fields["expected_ids"] as? JsonObject
                ?: throw FormException("`expected_ids` $whose must be an object of lists of ids")
            val sourceIds = ids(fields["source_ids"], "`source_ids` $whose")
            if (sourceIds.lastOrNull() != STOP_ID) {
                throw FormException("`source_ids` $whose must end with the stop id $STOP_ID")
            }
            val expectedIds = expected.fields.mapValues { (key, value) ->
                ids(value, "`expected_ids` ${quoted(key)} $whose")
            }
            if (expectedIds[KERAS].isNullOrEmpty()) {
                throw FormException("`expected_ids` $whose must hold ids of ${quoted(KERAS)}")
            }
            return GoldenCase(
                name,
                fields["text"].text("`text` $whose"),
                sourceIds,
                expectedIds,
                fields["expected_text"].text("`expected_text` $whose")
            )
        }

        private fun ids(value: Json, what: String): List<Int> {
            val ids = value.list(what).map { id(it.whole("an id of $what"), what) }
            if (STOP_ID in ids.dropLast(1)) {
                throw FormException("$what must hold the stop id $STOP_ID at the end only; got $ids")
            }
            return ids
        }

        private fun id(value: Long, what: String): Int {
            if (value !in 0..Int.MAX_VALUE) {
                throw FormException("$what must be ids, whole numbers of 0 or more; got $value")
            }
            return value.toInt()
        }
    }
}
