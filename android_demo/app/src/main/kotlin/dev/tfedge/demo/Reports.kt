package dev.tfedge.demo

import android.content.ClipData
import android.content.Context
import android.content.Intent
import android.net.Uri
import android.os.Build
import dev.tfedge.core.DeviceReport
import dev.tfedge.core.WholeFile
import java.io.File
import java.io.IOException

/**
 * A report on disk.
 *
 * @property file null where it could not be written.
 * @property problem why not.
 */
class SavedReport(val file: File?, val problem: String = "")

/** Reports that can be shared: the last one of each kind, in private storage. */
class Reports(private val context: Context) {
    private val folder by lazy { File(context.filesDir, FOLDER) }

    /** Writes [report] in place of the one before of its [kind]. */
    fun save(kind: String, report: DeviceReport): SavedReport {
        Worker.check()
        folder.mkdirs()
        val file = File(folder, "tfedge-$kind.json")
        return try {
            WholeFile.write(file, report.toJson())
            SavedReport(file)
        } catch (error: IOException) {
            SavedReport(null, error.message ?: error.javaClass.simpleName)
        }
    }

    /** Returns what starts the phone's own list of apps to send [file] to, which then may read that one file. */
    fun share(file: File): Intent {
        val uri = Uri.Builder().scheme("content").authority(ReportProvider.AUTHORITY).path(file.name).build()
        val send = Intent(Intent.ACTION_SEND).apply {
            type = ReportProvider.TYPE
            putExtra(Intent.EXTRA_STREAM, uri)
            putExtra(Intent.EXTRA_SUBJECT, context.getString(R.string.share_subject, Build.MODEL))
            clipData = ClipData.newRawUri(file.name, uri)
            addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        }
        return Intent.createChooser(send, context.getString(R.string.share))
    }

    companion object {
        /** Under the app's private files. */
        const val FOLDER = "reports"
    }
}
