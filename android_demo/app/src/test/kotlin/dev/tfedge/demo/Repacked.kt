package dev.tfedge.demo

import java.io.ByteArrayOutputStream
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.MessageDigest
import java.util.zip.CRC32
import java.util.zip.ZipFile

/** The app's own model file, and others made of it: with parts exchanged and sealed again, as somebody could. */
object Repacked {
    /** The model in the app. */
    val file = File(System.getProperty("tfedge.model"))

    /** Its golden.json. */
    val golden: String by lazy { parts().getValue("golden.json").decodeToString() }

    /** The file with one byte in the middle of the model changed. */
    fun tampered(): ByteArray = file.readBytes().also { it[it.size / 2] = (it[it.size / 2] + 1).toByte() }

    /** The file with [change] made to its golden.json, and a manifest that says so. */
    fun withGolden(change: (String) -> String): ByteArray {
        val parts = parts()
        val before = sha256(parts.getValue("golden.json"))
        parts["golden.json"] = change(golden).toByteArray()
        return seal(parts, before to sha256(parts.getValue("golden.json")))
    }

    /** The file with [change] made to its manifest. */
    fun withManifest(change: (String) -> String): ByteArray {
        val parts = parts()
        parts["manifest.json"] = change(parts.getValue("manifest.json").decodeToString()).toByteArray()
        return seal(parts, "" to "")
    }

    private fun parts(): MutableMap<String, ByteArray> = ZipFile(file).use { zip ->
        zip.entries().asSequence().associateTo(LinkedHashMap()) { it.name to zip.getInputStream(it).readBytes() }
    }

    private fun seal(parts: MutableMap<String, ByteArray>, change: Pair<String, String>): ByteArray {
        val manifest = parts.getValue("manifest.json").decodeToString()
        parts["manifest.json"] = manifest.replace(change.first, change.second).toByteArray()
        val whole = ByteArrayOutputStream()
        whole.write(model())
        val directory = ByteArrayOutputStream()
        for ((name, bytes) in parts) {
            val header = whole.size()
            whole.write(entry(name, bytes, null))
            whole.write(bytes)
            directory.write(entry(name, bytes, header))
        }
        val start = whole.size()
        whole.write(directory.toByteArray())
        whole.write(numbers(22, 0x06054b50, 0, 0, -parts.size, -parts.size, directory.size(), start, -COMMENT_SIZE))
        return whole.toByteArray().let { it + "sha256:${sha256(it)}".toByteArray() }
    }

    /** What lies before the first entry. */
    private fun model(): ByteArray {
        val size = Regex("\"size_bytes\": *(\\d+)").find(parts().getValue("manifest.json").decodeToString())
        return file.readBytes().copyOf(size!!.groupValues[1].toInt())
    }

    private fun entry(name: String, bytes: ByteArray, header: Int?): ByteArray {
        val crc = CRC32().apply { update(bytes) }.value.toInt()
        val shared = ByteBuffer.allocate(26).order(ByteOrder.LITTLE_ENDIAN)
        shared.putShort(20).putShort(0).putShort(0).putShort(0).putShort(0x21)
        shared.putInt(crc).putInt(bytes.size).putInt(bytes.size).putShort(name.length.toShort()).putShort(0)
        if (header == null) return word(0x04034b50) + shared.array() + name.toByteArray()
        val central = word(0x02014b50) + byteArrayOf(20, 0) + shared.array() + ByteArray(10)
        return central + word(header) + name.toByteArray()
    }

    /** Little-endian: the first and other positive numbers in 4 bytes, 0 and negative ones in 2, without their sign. */
    private fun numbers(size: Int, vararg values: Int): ByteArray {
        val buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN)
        for (value in values) if (value > 0) buffer.putInt(value) else buffer.putShort((-value).toShort())
        return buffer.array()
    }

    private fun word(value: Int) = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array()

    /** In hexadecimal digits. */
    fun sha256(bytes: ByteArray): String =
        MessageDigest.getInstance("SHA-256").digest(bytes).joinToString("") { "%02x".format(it) }

    private const val COMMENT_SIZE = 71
}
