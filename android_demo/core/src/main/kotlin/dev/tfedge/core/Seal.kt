package dev.tfedge.core

import java.security.MessageDigest

/**
 * The end of a packed file: the last record of a zip and, as its comment, a sha256 over every byte before the comment.
 *
 * @property sha256 of the whole file.
 * @property directory offset of the zip's central directory.
 * @property directorySize its size in bytes.
 * @property count number of its entries.
 */
internal class Seal private constructor(
    val sha256: String,
    val directory: Int,
    val directorySize: Int,
    val count: Int
) {
    companion object {
        private const val END_SIZE = 22 // Signature, disks, counts, size, offset, comment size.
        private const val END_SIGNATURE = 0x06054b50L
        private const val PREFIX = "sha256:"
        private const val COMMENT_SIZE = PREFIX.length + 64
        private const val TAIL_SIZE = END_SIZE + COMMENT_SIZE
        private val COMMENT = Regex("sha256:[0-9a-f]{64}")

        /**
         * Checks the sha256 over the file [name].
         *
         * @throws PackException no pack in it, or bytes that differ from those that were packed.
         */
        fun check(data: ModelBytes, name: String): Seal {
            val size = data.size
            if (size < TAIL_SIZE) {
                if (!hasRemains(data)) throw withoutPack(name)
                throw changed("expected a whole pack in $name; got its last bytes alone; copy the file again")
            }
            val end = size - TAIL_SIZE
            val comment = text(data, size - COMMENT_SIZE, size)
            val isWhole = data.int(end) == END_SIGNATURE &&
                data.short(end + 20) == COMMENT_SIZE && comment.startsWith(PREFIX)
            if (!isWhole) {
                if (!hasRemains(data)) throw withoutPack(name)
                throw changed("expected a whole pack in $name; its end is cut, changed or added to; copy it again")
            }
            val digest = data.digest(size - COMMENT_SIZE)
            val expected = PREFIX + hexadecimal((digest.clone() as MessageDigest).digest())
            if (comment != expected) {
                throw changed(
                    "expected $name to have ${printable(comment.take(23))}…; got ${expected.take(23)}…: bytes were " +
                        "changed after packing; copy the file again"
                )
            }
            val (directory, directorySize) = data.int(end + 16) to data.int(end + 12)
            if (directory + directorySize + TAIL_SIZE != size.toLong()) {
                throw PackException("expected a readable pack in $name; its central directory is not at its end")
            }
            digest.update(data.copy(size - COMMENT_SIZE, size))
            return Seal(hexadecimal(digest.digest()), directory.toInt(), directorySize.toInt(), data.short(end + 10))
        }

        /** Whether a damaged pack is in the file: its comment at the end, or a header with the name of an entry. */
        private fun hasRemains(data: ModelBytes): Boolean {
            if (COMMENT.matches(text(data, maxOf(0, data.size - COMMENT_SIZE), data.size))) return true
            val names = (Archive.REQUIRED + Archive.OPTIONAL).map { it.toByteArray(Charsets.US_ASCII) }
            for (at in 0 until data.size - 3) {
                if (data[at] != 'P'.code.toByte() || data[at + 1] != 'K'.code.toByte()) continue
                val size = when (data.int(at)) {
                    0x04034b50L -> 30
                    0x02014b50L -> 46
                    else -> continue
                }
                if (names.any { matches(data, at + size, it) }) return true
            }
            return false
        }

        private fun matches(data: ModelBytes, at: Int, name: ByteArray): Boolean =
            at + name.size <= data.size && name.indices.all { data[at + it] == name[it] }

        private fun text(data: ModelBytes, start: Int, end: Int) = String(data.copy(start, end), Charsets.ISO_8859_1)

        private fun withoutPack(name: String) = PackException(
            "expected a pack in $name; there is no pack; make one with `tfedge package`"
        )

        private fun changed(message: String) = PackException(message, isIntegrity = true)
    }
}
