package dev.tfedge.core

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel
import java.security.MessageDigest

/** The bytes of a model file in memory that the interpreter can read: direct, little-endian, never written. */
internal class ModelBytes(buffer: ByteBuffer) {
    private val bytes: ByteBuffer = direct(buffer)

    /** Number of bytes. */
    val size: Int get() = bytes.capacity()

    /** The byte at [at]. */
    operator fun get(at: Int): Byte = bytes.get(at)

    /** The 16-bit number at [at]. */
    fun short(at: Int): Int = bytes.getShort(at).toInt() and 0xFFFF

    /** The 32-bit number at [at], without sign. */
    fun int(at: Int): Long = bytes.getInt(at).toLong() and 0xFFFFFFFFL

    /** A copy of the bytes from [start] up to [end]. */
    fun copy(start: Int, end: Int): ByteArray = ByteArray(end - start).also { view(start, end).get(it) }

    /** The bytes from [start] up to [end], not copied, in native byte order. */
    fun view(start: Int, end: Int): ByteBuffer {
        val whole = bytes.duplicate()
        whole.limit(end)
        whole.position(start)
        return whole.slice().order(ByteOrder.nativeOrder())
    }

    /** The running sha256 of the bytes up to [end]. */
    fun digest(end: Int): MessageDigest = MessageDigest.getInstance("SHA-256").apply { update(view(0, end)) }

    companion object {
        // As in tfedge: a copy is safe from whoever rewrites the file meanwhile; a larger file is mapped.
        private const val MAX_COPIED_BYTES = 32L shl 20

        /**
         * Reads [file]; a large one is mapped.
         *
         * @throws PackException there is no such file, or it cannot be read.
         */
        fun read(file: File): ModelBytes {
            if (!file.exists()) throw PackException("expected a model file at $file; there is none; check the path")
            if (file.isDirectory) {
                throw PackException("expected a model file at $file; it is a folder; name the file in it")
            }
            if (!file.isFile) throw PackException("expected a model file at $file; it is a pipe or a device")
            return try {
                RandomAccessFile(file, "r").use { read(it.channel) }
            } catch (error: IOException) {
                throw PackException(
                    "expected a readable model file at $file; ${shortened(error.message.orEmpty())}; check its " +
                        "permissions",
                    cause = error
                )
            }
        }

        private fun read(channel: FileChannel): ModelBytes {
            val size = channel.size()
            if (size > Int.MAX_VALUE) throw IOException("$size bytes are more than a model has")
            if (size > MAX_COPIED_BYTES) return ModelBytes(channel.map(FileChannel.MapMode.READ_ONLY, 0, size))
            val copy = ByteBuffer.allocateDirect(size.toInt())
            while (copy.hasRemaining() && channel.read(copy) >= 0) Unit
            copy.flip()
            return ModelBytes(copy)
        }

        private fun direct(buffer: ByteBuffer): ByteBuffer {
            val bytes = buffer.slice()
            if (bytes.isDirect) return bytes.order(ByteOrder.LITTLE_ENDIAN)
            val copy = ByteBuffer.allocateDirect(bytes.capacity())
            copy.put(bytes)
            copy.flip()
            return copy.order(ByteOrder.LITTLE_ENDIAN)
        }
    }
}

/** Returns [bytes] as lower-case hexadecimal digits. */
fun hexadecimal(bytes: ByteArray): String = buildString(2 * bytes.size) {
    for (byte in bytes) {
        val value = byte.toInt() and 0xFF
        append(DIGITS[value shr 4]).append(DIGITS[value and 15])
    }
}

private const val DIGITS = "0123456789abcdef"
