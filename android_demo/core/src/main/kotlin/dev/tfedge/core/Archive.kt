package dev.tfedge.core

import java.util.zip.CRC32
import java.util.zip.DataFormatException
import java.util.zip.Inflater

/**
 * The zip behind a model, read without trusting what it says: names, sizes and places are checked before anything is
 * unpacked, an entry unpacks to its declared size or not at all, and nothing is ever written to disk.
 *
 * @param data the whole file.
 * @param directory offset of the central directory.
 * @param directorySize its size in bytes.
 * @param count number of its entries.
 */
internal class Archive(
    private val data: ModelBytes,
    private val directory: Int,
    private val directorySize: Int,
    private val count: Int
) {
    /** One entry, as the directory describes it; [start] is where its packed bytes begin. */
    private class Entry(
        val name: String,
        val isDeflated: Boolean,
        val crc: Long,
        val packedSize: Int,
        val size: Int,
        val header: Int,
        val start: Int
    )

    /** Size of the model before the zip, in bytes. */
    val modelSize: Int

    private val entries: List<Entry>

    init {
        if (directorySize > MAX_DIRECTORY_BYTES) {
            throw FormException("its directory must be at most $MAX_DIRECTORY_BYTES bytes; got $directorySize")
        }
        entries = readDirectory()
        modelSize = entries.minOfOrNull { it.header } ?: 0
        if (modelSize <= 0) throw FormException("its entries must stand between the model and their directory")
        var free = 0
        for (entry in entries.sortedBy { it.header }) {
            if (entry.header < free) throw FormException("its entries must not overlap; ${quoted(entry.name)} does")
            free = entry.start + entry.packedSize
        }
    }

    /** Unpacks every entry; returns the bytes by name. */
    fun read(): Map<String, ByteArray> = entries.associate { it.name to unpack(it) }

    private fun readDirectory(): List<Entry> {
        val found = ArrayList<Entry>()
        var at = directory
        val end = directory + directorySize
        while (at < end) {
            if (end - at < CENTRAL_SIZE || data.int(at) != CENTRAL_SIGNATURE) {
                throw FormException("its directory must hold entries only; got something else")
            }
            val size = CENTRAL_SIZE + data.short(at + 28) + data.short(at + 30) + data.short(at + 32)
            if (size > end - at) throw FormException("its directory must hold whole entries; the last is cut")
            found.add(readEntry(at))
            at += size
        }
        checkNames(found.map { it.name })
        return found
    }

    private fun readEntry(at: Int): Entry {
        val name = String(data.copy(at + CENTRAL_SIZE, at + CENTRAL_SIZE + data.short(at + 28)), Charsets.ISO_8859_1)
        if (name !in REQUIRED && name !in OPTIONAL) throw wrongNames(listOf(name))
        val method = data.short(at + 10)
        if (data.short(at + 8) and REFUSED_FLAGS != 0 || method !in METHODS) {
            throw FormException("$name must be stored or deflated, and not encrypted")
        }
        val size = data.int(at + 24)
        if (size > MAX_ENTRY_BYTES) throw FormException("$name must be at most $MAX_ENTRY_BYTES bytes; got $size")
        val header = data.int(at + 42)
        val packedSize = data.int(at + 20)
        if (header + LOCAL_SIZE > directory) throw misplaced()
        val start = startOf(name, header.toInt())
        if (start + packedSize > directory) throw misplaced()
        return Entry(
            name, method == DEFLATED, data.int(at + 16), packedSize.toInt(), size.toInt(), header.toInt(), start.toInt()
        )
    }

    /** Returns where the packed bytes of an entry begin; its local header must say the same name. */
    private fun startOf(name: String, header: Int): Long {
        val nameSize = data.short(header + 26)
        if (data.int(header) != LOCAL_SIGNATURE || header + LOCAL_SIZE + nameSize > directory) throw misplaced()
        val local = String(data.copy(header + LOCAL_SIZE, header + LOCAL_SIZE + nameSize), Charsets.ISO_8859_1)
        if (local != name) throw FormException("its entry $name must have one name; got ${quoted(local)} besides")
        return header.toLong() + LOCAL_SIZE + nameSize + data.short(header + 28)
    }

    private fun checkNames(names: List<String>) {
        val distinct = names.toSet()
        if (distinct.size != names.size || !distinct.containsAll(REQUIRED) || names.size != count) {
            throw wrongNames(names)
        }
    }

    private fun unpack(entry: Entry): ByteArray {
        val packed = data.copy(entry.start, entry.start + entry.packedSize)
        val bytes = if (entry.isDeflated) inflate(entry, packed) else packed
        val crc = CRC32().apply { update(bytes) }.value
        if (bytes.size != entry.size || crc != entry.crc) throw FormException("its entry ${entry.name} is damaged")
        return bytes
    }

    private fun inflate(entry: Entry, packed: ByteArray): ByteArray {
        val inflater = Inflater(true)
        try {
            inflater.setInput(packed)
            val bytes = ByteArray(entry.size)
            var filled = 0
            while (filled < bytes.size) {
                val count = inflater.inflate(bytes, filled, bytes.size - filled)
                if (count == 0) break
                filled += count
            }
            return if (filled == bytes.size) bytes else bytes.copyOf(filled)
        } catch (error: DataFormatException) {
            throw FormException("its entry ${entry.name} is damaged; ${error.message}")
        } finally {
            inflater.end()
        }
    }

    private fun misplaced() = FormException("its entries must stand between the model and their directory")

    private fun wrongNames(names: List<String>) = FormException(
        "it must hold the entries ${REQUIRED.joinToString(", ")}; got " +
            names.take(8).joinToString(", ") { quoted(it) }
    )

    companion object {
        /** Entries that every pack has. */
        val REQUIRED = listOf("golden.json", "manifest.json", "task.json")

        /** Entries that a pack may have besides. */
        val OPTIONAL = setOf("evaluation.json")

        // As in tfedge: 20,000 entries; a spec with 100,000 symbols or 12,000 evaluated words is about 1 MB.
        private const val MAX_DIRECTORY_BYTES = 1 shl 20
        private const val MAX_ENTRY_BYTES = 8L shl 20

        // PKWARE APPNOTE 6.3.10, sections 4.3.7 and 4.3.12: fixed parts of local and central headers.
        private const val LOCAL_SIZE = 30
        private const val CENTRAL_SIZE = 46
        private const val LOCAL_SIGNATURE = 0x04034b50L
        private const val CENTRAL_SIGNATURE = 0x02014b50L
        private const val STORED = 0
        private const val DEFLATED = 8
        private val METHODS = setOf(STORED, DEFLATED)

        // Encrypted, patched, strongly encrypted.
        private const val REFUSED_FLAGS = 1 or 0x20 or 0x40
    }
}
