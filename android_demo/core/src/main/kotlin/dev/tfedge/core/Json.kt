package dev.tfedge.core

/** A JSON value as a pack means it; [StrictJson] reads it. */
sealed interface Json {
    /** What a message calls it. */
    val kind: String
}

/** A JSON object; no key is in it twice. */
data class JsonObject(val fields: Map<String, Json>) : Json {
    override val kind: String get() = "an object"

    /** The value of [key], which [checkKeys] has shown to be there. */
    operator fun get(key: String): Json = fields.getValue(key)
}

/** A JSON list. */
data class JsonList(val items: List<Json>) : Json {
    override val kind: String get() = "a list"
}

/** A JSON string. */
data class JsonText(val value: String) : Json {
    override val kind: String get() = "a text"
}

/** A JSON number, as it was written. */
data class JsonNumber(val text: String) : Json {
    override val kind: String get() = "a number"

    /** Its value as a double. */
    val value: Double get() = text.toDouble()

    /** Its value where it was written as a whole number that fits; a fraction such as 1.0 is none, as in Python. */
    val whole: Long? get() = text.toLongOrNull()
}

/** true or false. */
data class JsonTruth(val value: Boolean) : Json {
    override val kind: String get() = "a truth value"
}

/** null. */
object JsonNull : Json {
    override val kind: String get() = "null"
}

/** What is wrong with an entry of a pack; the reader of the pack adds the file and raises a [PackException]. */
internal class FormException(message: String) : Exception(message)

/**
 * Returns [value] as an object whose keys are exactly [keys], but for those of [optional] that may be left out.
 *
 * @throws FormException naming the keys that are unknown and those that are missing.
 */
internal fun checkKeys(value: Json, what: String, keys: List<String>, optional: Set<String> = emptySet()): JsonObject {
    if (value !is JsonObject) throw FormException("$what must be a JSON object; got ${value.kind}")
    val unknown = value.fields.keys.filter { it !in keys && it !in optional }.sorted()
    val missing = keys.filter { it !in value.fields }.sorted()
    if (unknown.isNotEmpty() || missing.isNotEmpty()) {
        throw FormException(
            "$what must have the keys ${keys.joinToString(", ")}; got unknown ${listed(unknown)}, " +
                "missing ${listed(missing)}"
        )
    }
    return value
}

/**
 * Refuses an object of another schema version than [version].
 *
 * @throws FormException no `schema_version`, or another.
 */
internal fun checkVersion(value: Json, version: Int, what: String) {
    val got = (value as? JsonObject)?.fields?.get("schema_version")
    if ((got as? JsonNumber)?.value != version.toDouble()) {
        throw FormException(
            "$what must have schema_version $version; got ${shown(got)}; read it with a tfedge of its time, or " +
                "update this app"
        )
    }
}

/** Returns a text, or refuses. */
internal fun Json.text(what: String): String =
    (this as? JsonText)?.value ?: throw FormException("$what must be a text; got ${shown(this)}")

/** Returns the items of a list, or refuses. */
internal fun Json.list(what: String): List<Json> =
    (this as? JsonList)?.items ?: throw FormException("$what must be a list; got $kind")

/** Returns a truth value, or refuses. */
internal fun Json.truth(what: String): Boolean =
    (this as? JsonTruth)?.value ?: throw FormException("$what must be true or false; got ${shown(this)}")

/** Returns a whole number, or refuses. */
internal fun Json.whole(what: String): Long =
    (this as? JsonNumber)?.whole ?: throw FormException("$what must be a whole number; got ${shown(this)}")

/** Returns a value in a few words, for a message. */
internal fun shown(value: Json?): String = when (value) {
    null -> "none"
    is JsonText -> quoted(firstCodePoints(value.value, 40))
    is JsonNumber -> value.text
    is JsonTruth -> value.value.toString()
    else -> value.kind
}

private fun listed(names: List<String>): String = names.joinToString(", ", "[", "]") { quoted(it) }
