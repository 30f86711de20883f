package dev.tfedge.core

import java.io.File
import java.io.FileOutputStream
import java.io.IOException

/** Files that are written completely or not at all. */
object WholeFile {
    /**
     * Writes [text] to [file]: to a temporary name beside it, synced, then renamed; replaces what is there.
     *
     * @throws IOException the folder is missing or full, or may not be written.
     */
    fun write(file: File, text: String) {
        val temporary = File(file.absoluteFile.parentFile, ".${file.name}.${System.nanoTime()}.tmp")
        try {
            FileOutputStream(temporary).use { stream ->
                stream.write(text.toByteArray())
                stream.fd.sync()
            }
            if (!temporary.renameTo(file)) throw IOException("$temporary cannot be renamed to $file")
        } finally {
            temporary.delete()
        }
    }
}
