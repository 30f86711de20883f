package dev.tfedge.core

/**
 * What manifest.json holds: what the file is, how it was made, and what its gates said.
 *
 * @property tfedgeVersion version that wrote the pack.
 * @property recipe how the model was quantized, for example "dynamic_wi8_afp32".
 * @property modelSha256 of the model part alone.
 * @property modelSizeBytes of the model part alone.
 * @property entries sha256 of each other entry by its name.
 * @property provenance free JSON: trained model, training command, data, versions.
 * @property calibration free JSON on the calibration data; null where the recipe needs none.
 * @property gates findings of the gates, as JSON objects.
 * @property targets runtimes that the file was checked on, as `name==version@arch[:core]`.
 */
data class Manifest(
    val tfedgeVersion: String,
    val recipe: String,
    val modelSha256: String,
    val modelSizeBytes: Long,
    val entries: Map<String, String>,
    val provenance: JsonObject,
    val calibration: JsonObject?,
    val gates: List<JsonObject>,
    val targets: List<String>
) {
    internal companion object {
        const val SCHEMA_VERSION = 1
        private val KEYS = listOf(
            "schema_version", "tfedge_version", "recipe", "model", "entries", "provenance", "calibration", "gates"
        )
        private val OPTIONAL_KEYS = setOf("targets")
        private val RECIPE = Regex("[a-z0-9_]+")
        private val SHA256 = Regex("[0-9a-f]{64}")

        /**
         * Reads what tfedge wrote.
         *
         * @throws FormException another schema version, an unknown or missing key, or an illegal value.
         */
        fun read(value: JsonObject): Manifest {
            checkVersion(value, SCHEMA_VERSION, "manifest.json")
            checkKeys(value, "manifest.json", KEYS, OPTIONAL_KEYS)
            val model = checkKeys(value["model"], "`model` of manifest.json", listOf("sha256", "size_bytes"))
            val entries = value["entries"] as? JsonObject
                ?: throw FormException("`entries` must be an object of sha256 by name; got ${value["entries"].kind}")
            val targets = value.fields["targets"]?.list("`targets`").orEmpty().map { it.text("a target") }
            return Manifest(
                tfedgeVersion = filled(value["tfedge_version"].text("`tfedge_version`"), "`tfedge_version`"),
                recipe = recipe(value["recipe"].text("`recipe`")),
                modelSha256 = sha256("model", model["sha256"]),
                modelSizeBytes = size(model["size_bytes"].whole("`size_bytes` of the model")),
                entries = entries.fields.mapValues { (name, digest) -> sha256(name, digest) },
                provenance = free(value["provenance"], "provenance"),
                calibration = value["calibration"].let { if (it is JsonNull) null else free(it, "calibration") },
                gates = value["gates"].list("`gates`").map { free(it, "gates") },
                targets = targets.map { filled(it, "a target") }
            )
        }

        private fun recipe(name: String): String =
            name.takeIf(RECIPE::matches) ?: throw FormException("`recipe` must be a recipe's name; got ${quoted(name)}")

        private fun size(bytes: Long): Long =
            if (bytes >= 1) bytes else throw FormException("`size_bytes` of the model must be 1 or more; got $bytes")

        private fun filled(text: String, what: String): String =
            text.ifEmpty { throw FormException("$what must not be empty; got an empty text") }

        private fun free(value: Json, key: String): JsonObject =
            value as? JsonObject ?: throw FormException("`$key` must be of JSON objects; got ${value.kind}")

        private fun sha256(name: String, value: Json): String {
            val digest = (value as? JsonText)?.value
            if (digest == null || !SHA256.matches(digest)) {
                throw FormException(
                    "the sha256 of ${printable(name)} must be 64 lower-case hexadecimal digits; got ${shown(value)}"
                )
            }
            return digest
        }
    }
}
