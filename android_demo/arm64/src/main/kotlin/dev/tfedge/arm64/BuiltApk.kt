package dev.tfedge.arm64

import java.io.File
import java.io.FileNotFoundException
import java.security.MessageDigest
import java.util.zip.ZipFile

/** What an APK holds, by its names; IOException where there is no such entry. */
class BuiltApk(private val file: File) {
    /** Returns the bytes of an entry. */
    fun read(name: String): ByteArray = ZipFile(file).use { apk ->
        val entry = apk.getEntry(name) ?: throw FileNotFoundException("expected $name in $file")
        apk.getInputStream(entry).use { it.readBytes() }
    }

    /** Copies an entry into [folder], under its last name. */
    fun copy(name: String, folder: File): File =
        File(folder, name.substringAfterLast('/')).also { it.writeBytes(read(name)) }

    companion object {
        /** The native library of 64-bit phones. */
        const val LIBRARY = "lib/arm64-v8a/libtensorflowlite_jni.so"

        /** Returns the sha256 of [bytes] in hexadecimal. */
        fun sha256(bytes: ByteArray): String =
            MessageDigest.getInstance("SHA-256").digest(bytes).joinToString("") { "%02x".format(it) }
    }
}
