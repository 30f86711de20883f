package dev.tfedge.demo

import android.content.ContentProvider
import android.content.ContentValues
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.File
import java.io.FileNotFoundException

/** Lets another app read a report that was shared with it; nothing else, and nothing to write. */
class ReportProvider : ContentProvider() {
    override fun onCreate() = true

    override fun getType(uri: Uri): String? = if (find(uri) == null) null else TYPE

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        val file = find(uri) ?: throw FileNotFoundException("expected a report of this app; got $uri")
        if (mode != "r") throw SecurityException("expected to read the report; got mode $mode")
        return ParcelFileDescriptor.open(file, ParcelFileDescriptor.MODE_READ_ONLY)
    }

    override fun query(
        uri: Uri,
        projection: Array<out String>?,
        selection: String?,
        selectionArgs: Array<out String>?,
        sortOrder: String?
    ): Cursor {
        val columns = projection ?: arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE)
        val cursor = MatrixCursor(columns)
        val file = find(uri) ?: return cursor
        val facts = mapOf<String, Any>(OpenableColumns.DISPLAY_NAME to file.name, OpenableColumns.SIZE to file.length())
        cursor.addRow(columns.map { facts[it] })
        return cursor
    }

    override fun insert(uri: Uri, values: ContentValues?): Uri? = throw readOnly()

    override fun delete(uri: Uri, selection: String?, selectionArgs: Array<out String>?): Int = throw readOnly()

    override fun update(uri: Uri, values: ContentValues?, selection: String?, selectionArgs: Array<out String>?): Int =
        throw readOnly()

    private fun readOnly() = UnsupportedOperationException("expected to read a report; they cannot be changed")

    private fun find(uri: Uri): File? {
        val name = uri.pathSegments.singleOrNull() ?: return null
        val folder = File(context?.filesDir ?: return null, Reports.FOLDER)
        return if (NAME.matches(name)) File(folder, name).takeIf { it.isFile } else null
    }

    companion object {
        /** As in the manifest. */
        const val AUTHORITY = "dev.tfedge.demo.reports"

        /** Of a report. */
        const val TYPE = "application/json"
        private val NAME = Regex("tfedge-[a-z-]+\\.json")
    }
}
