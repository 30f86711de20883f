package dev.tfedge.demo

import android.content.Context
import android.content.res.AssetFileDescriptor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import dev.tfedge.core.Pack
import dev.tfedge.core.PackException
import dev.tfedge.core.shortened
import java.io.File
import java.io.FileInputStream
import java.io.IOException
import java.io.InputStream
import java.nio.ByteBuffer
import java.nio.channels.FileChannel

/** Where model files are: one in the app, and one at most that the user opened, as a copy in private storage. */
class ModelFiles(private val context: Context) {
    private val settings by lazy { context.getSharedPreferences("models", Context.MODE_PRIVATE) }
    private val folder by lazy { File(context.filesDir, "models") }

    /**
     * Reads the model in the app, where it lies in the APK.
     *
     * @throws PackException it is not what was packed.
     */
    fun builtIn(): Pack {
        Worker.check()
        return Pack.open(context.assets.openFd(BUILT_IN).use(::map), BUILT_IN)
    }

    /** Whether the model to open is one that the user picked. */
    fun hasStored(): Boolean {
        Worker.check()
        return settings.contains(FILE)
    }

    /**
     * Reads the file that the user opened last.
     *
     * @throws PackException as [read].
     */
    fun stored(): Pack {
        val file = File(folder, settings.getString(FILE, "").orEmpty())
        return read(file, settings.getString(NAME, "").orEmpty())
    }

    /**
     * Reads the pack in [file].
     *
     * @param name what messages call it.
     * @throws PackException it is none, or was changed.
     */
    fun read(file: File, name: String): Pack {
        Worker.check()
        val bytes = try {
            FileInputStream(file).channel.use { it.map(FileChannel.MapMode.READ_ONLY, 0, it.size()) }
        } catch (error: IOException) {
            throw PackException("expected a model file in $name; ${error.message}; open it again", cause = error)
        }
        return Pack.open(bytes, name)
    }

    /** Returns what the app that owns a picked file calls it. */
    fun name(uri: Uri): String {
        Worker.check()
        val columns = arrayOf(OpenableColumns.DISPLAY_NAME)
        val told = context.contentResolver.query(uri, columns, null, null, null).use { rows ->
            if (rows != null && rows.moveToFirst()) rows.getString(0) else null
        }
        val name = shortened(told ?: uri.lastPathSegment.orEmpty(), MOST_OF_A_NAME)
        return name.ifEmpty { context.getString(R.string.unnamed) }
    }

    /**
     * Copies a file that the user picked, of [MAX_BYTES] at most, into private storage.
     *
     * @throws RefusedFile it is too large, there is no room for it, or it cannot be read.
     */
    fun copy(uri: Uri): File {
        Worker.check()
        folder.mkdirs()
        val copy = File(folder, INCOMING)
        var isWhole = false
        try {
            val source = context.contentResolver.openFileDescriptor(uri, "r")
                ?: throw IOException("its owner does not give it")
            ParcelFileDescriptor.AutoCloseInputStream(source).use {
                checkSize(source.statSize)
                copy(it, copy)
            }
            isWhole = true
        } catch (error: IOException) {
            throw unreadable(error)
        } catch (error: SecurityException) {
            throw unreadable(error)
        } finally {
            if (!isWhole) copy.delete()
        }
        return copy
    }

    /** Makes [copy] the file to open from now on, under the name of its sha256. */
    fun keep(copy: File, sha256: String, name: String) {
        val kept = File(folder, "$sha256.tflite")
        if (!copy.renameTo(kept)) throw unreadable(IOException(kept.path))
        settings.edit().putString(FILE, kept.name).putString(NAME, name).apply()
        folder.listFiles().orEmpty().filter { it != kept }.forEach { it.delete() }
    }

    /** Makes the model in the app the one to open from now on. */
    fun forget() {
        Worker.check()
        settings.edit().clear().apply()
        folder.listFiles().orEmpty().forEach { it.delete() }
    }

    private fun map(asset: AssetFileDescriptor): ByteBuffer = FileInputStream(asset.fileDescriptor).channel.use {
        it.map(FileChannel.MapMode.READ_ONLY, asset.startOffset, asset.length)
    }

    private fun copy(source: InputStream, copy: File) {
        val buffer = ByteArray(BUFFER_BYTES)
        var size = 0L
        copy.outputStream().use { target ->
            while (true) {
                val count = source.read(buffer)
                if (count < 0) break
                size += count
                // A source may be longer than it says, or not say.
                if (size > MAX_BYTES) throw tooLarge()
                target.write(buffer, 0, count)
            }
        }
    }

    private fun checkSize(size: Long) {
        if (size > MAX_BYTES) throw tooLarge()
        val free = folder.usableSpace
        if (size > free) throw RefusedFile(context.getString(R.string.refused_no_room, megabytes(free)))
    }

    private fun tooLarge() = RefusedFile(context.getString(R.string.refused_too_large, megabytes(MAX_BYTES)))

    private fun unreadable(error: Exception) =
        RefusedFile(context.getString(R.string.refused_unreadable, error.message ?: error.javaClass.simpleName))

    companion object {
        /** A phone gives an app of this kind about as much memory. */
        const val MAX_BYTES = 256_000_000L
        private const val BUILT_IN = "g2p.tflite"
        private const val INCOMING = "incoming"
        private const val FILE = "file"
        private const val NAME = "name"
        private const val BUFFER_BYTES = 1 shl 16
        private const val MOST_OF_A_NAME = 60
    }
}

/** A file that was not copied; the message is for people. */
class RefusedFile(message: String) : Exception(message)
