package dev.tfedge.demo

import android.graphics.Bitmap
import java.io.ByteArrayOutputStream
import java.io.DataOutputStream
import java.util.zip.CRC32
import java.util.zip.Deflater
import java.util.zip.DeflaterOutputStream

/** Writes a picture of few colours as a small PNG: 256 colours at most, one byte a point. */
object PalettePng {
    private const val COLORS = 256

    /** Returns the PNG of [picture]; of more colours the most frequent are kept, others become the nearest of these. */
    fun encode(picture: Bitmap): ByteArray {
        val points = IntArray(picture.width * picture.height)
        picture.getPixels(points, 0, picture.width, 0, 0, picture.width, picture.height)
        val counts = HashMap<Int, Int>()
        for (point in points) counts.merge(point and 0xFFFFFF, 1, Int::plus)
        val palette = counts.entries.sortedByDescending { it.value }.take(COLORS).map { it.key }
        val places = HashMap<Int, Int>()
        for (color in counts.keys) places[color] = nearest(palette, color)
        val rows = ByteArray((picture.width + 1) * picture.height) { at ->
            val (y, x) = at / (picture.width + 1) to at % (picture.width + 1) - 1
            if (x < 0) 0 else places.getValue(points[y * picture.width + x] and 0xFFFFFF).toByte()
        }
        return file(picture.width, picture.height, palette, rows)
    }

    private fun nearest(palette: List<Int>, color: Int): Int = palette.indices.minByOrNull { place ->
        (0..16 step 8).sumOf { shift ->
            val difference = (palette[place] shr shift and 0xFF) - (color shr shift and 0xFF)
            difference * difference
        }
    } ?: 0

    private fun file(width: Int, height: Int, palette: List<Int>, rows: ByteArray): ByteArray {
        val whole = ByteArrayOutputStream()
        val out = DataOutputStream(whole)
        out.writeLong(-0x76afb1b8f2f5e5f6L) // What every PNG begins with.
        chunk(out, "IHDR") {
            writeInt(width)
            writeInt(height)
            write(byteArrayOf(8, 3, 0, 0, 0)) // 8 bits, palette.
        }
        chunk(out, "PLTE") { palette.forEach { color -> (16 downTo 0 step 8).forEach { writeByte(color shr it) } } }
        chunk(out, "IDAT") { DeflaterOutputStream(this, Deflater(Deflater.BEST_COMPRESSION)).use { it.write(rows) } }
        chunk(out, "IEND") { }
        return whole.toByteArray()
    }

    private fun chunk(out: DataOutputStream, name: String, fill: DataOutputStream.() -> Unit) {
        val bytes = ByteArrayOutputStream()
        DataOutputStream(bytes).apply { writeBytes(name) }.fill()
        out.writeInt(bytes.size() - name.length)
        bytes.writeTo(out)
        out.writeInt(CRC32().apply { update(bytes.toByteArray()) }.value.toInt())
    }
}
