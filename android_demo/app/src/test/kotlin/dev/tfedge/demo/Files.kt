package dev.tfedge.demo

import android.content.ContentProvider
import android.content.ContentValues
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.File
import java.io.FileNotFoundException
import kotlin.io.path.createTempDirectory
import org.robolectric.Robolectric

/** The phone's files, as another app serves them to who may read them. */
class Files : ContentProvider() {
    private val folder = createTempDirectory("files").toFile().apply { deleteOnExit() }

    /** Puts [bytes] there under [name]; returns what a file picker gives. */
    fun put(name: String, bytes: ByteArray): Uri = put(name) { it.writeBytes(bytes) }

    /** Puts a file there that [write] fills. */
    fun put(name: String, write: (File) -> Unit): Uri {
        write(File(folder, name))
        return Uri.parse("content://$AUTHORITY/$name")
    }

    override fun onCreate() = true

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        val file = File(folder, uri.lastPathSegment!!)
        if (!file.exists()) throw FileNotFoundException("there is no ${file.name}")
        return ParcelFileDescriptor.open(file, ParcelFileDescriptor.MODE_READ_ONLY)
    }

    override fun query(uri: Uri, columns: Array<String>?, where: String?, values: Array<String>?, order: String?) =
        MatrixCursor(arrayOf(OpenableColumns.DISPLAY_NAME)).apply { addRow(arrayOf(uri.lastPathSegment)) }

    override fun getType(uri: Uri): String? = null

    override fun insert(uri: Uri, values: ContentValues?): Uri? = null

    override fun delete(uri: Uri, where: String?, values: Array<String>?): Int = 0

    override fun update(uri: Uri, row: ContentValues?, where: String?, values: Array<String>?): Int = 0

    companion object {
        private const val AUTHORITY = "files"

        /** Begins to serve. */
        fun serve(): Files = Robolectric.setupContentProvider(Files::class.java, AUTHORITY)
    }
}
