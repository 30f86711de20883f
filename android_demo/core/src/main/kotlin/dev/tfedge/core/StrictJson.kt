package dev.tfedge.core

import com.google.gson.Strictness
import com.google.gson.stream.JsonReader
import com.google.gson.stream.JsonToken
import com.google.gson.stream.MalformedJsonException
import java.io.IOException
import java.io.StringReader
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.nio.charset.CodingErrorAction

/** JSON as the pack means it: UTF-8, finite numbers, no key twice, no half of a surrogate pair. */
internal object StrictJson {
    // A pack nests 10 deep; a reader that recurses must stop somewhere.
    private const val MAX_DEPTH = 200

    /**
     * Reads one JSON object from [data]; [what] names it in the message.
     *
     * @throws FormException not UTF-8, not JSON, not an object, a key twice, or a number that no double holds.
     */
    fun readObject(data: ByteArray, what: String): JsonObject {
        val value = try {
            parse(decode(data))
        } catch (error: IOException) {
            throw FormException("$what must be JSON in UTF-8; got ${reason(error)}; the file was not written by tfedge")
        }
        return value as? JsonObject ?: throw FormException("$what must be a JSON object; got ${value.kind}")
    }

    private fun decode(data: ByteArray): String {
        val decoder = Charsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT)
        val text = try {
            decoder.decode(ByteBuffer.wrap(data)).toString()
        } catch (error: CharacterCodingException) {
            throw MalformedJsonException("bytes that are no UTF-8: ${error.message}")
        }
        if (text.startsWith(BYTE_ORDER_MARK)) throw MalformedJsonException("a byte order mark")
        return text
    }

    private fun parse(text: String): Json {
        val reader = JsonReader(StringReader(text))
        reader.strictness = Strictness.STRICT
        val value = read(reader, 0)
        if (reader.peek() != JsonToken.END_DOCUMENT) throw MalformedJsonException("more than one value")
        return value
    }

    private fun read(reader: JsonReader, depth: Int): Json {
        if (depth > MAX_DEPTH) throw MalformedJsonException("values nested more than $MAX_DEPTH deep")
        return when (val token = reader.peek()) {
            JsonToken.BEGIN_OBJECT -> readFields(reader, depth)
            JsonToken.BEGIN_ARRAY -> readItems(reader, depth)
            JsonToken.STRING -> JsonText(whole(reader.nextString()))
            JsonToken.NUMBER -> JsonNumber(finite(reader.nextString()))
            JsonToken.BOOLEAN -> JsonTruth(reader.nextBoolean())
            JsonToken.NULL -> JsonNull.also { reader.nextNull() }
            else -> throw MalformedJsonException("$token in place of a value")
        }
    }

    private fun readFields(reader: JsonReader, depth: Int): JsonObject {
        val fields = LinkedHashMap<String, Json>()
        reader.beginObject()
        while (reader.hasNext()) {
            val key = whole(reader.nextName())
            if (fields.put(key, read(reader, depth + 1)) != null) {
                throw MalformedJsonException("a key twice in one object")
            }
        }
        reader.endObject()
        return JsonObject(fields)
    }

    private fun readItems(reader: JsonReader, depth: Int): JsonList {
        val items = ArrayList<Json>()
        reader.beginArray()
        while (reader.hasNext()) items.add(read(reader, depth + 1))
        reader.endArray()
        return JsonList(items)
    }

    private fun finite(text: String): String {
        if (!text.toDouble().isFinite()) throw MalformedJsonException("the number ${shortened(text, 24)}")
        return text
    }

    /** Refuses half of a surrogate pair, which would fail at the first print. */
    private fun whole(text: String): String {
        text.forEachCodePoint { if (it in 0xD800..0xDFFF) throw MalformedJsonException("half a surrogate pair") }
        return text
    }

    private fun reason(error: IOException): String = shortened(error.message ?: "its end", 120)

    private const val BYTE_ORDER_MARK = '\uFEFF'
}
