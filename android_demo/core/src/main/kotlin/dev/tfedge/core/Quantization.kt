package dev.tfedge.core

import java.nio.ByteBuffer

/** Real numbers and the stored ones of a quantized tensor: `real = (stored - zero point) * scale`. */
object Quantization {
    /** Returns the real number that [stored] stands for in a tensor of [form]. */
    fun toReal(stored: Double, form: TensorForm): Double {
        val scale = form.scale ?: return stored
        return (stored - form.zeroPoint) * scale
    }

    /**
     * Returns the whole number that stands for [real] in a quantized tensor of [form]: rounded, halves to the even
     * neighbour as NumPy does, and clipped to what the type holds; NaN becomes the least distance, the zero point's 0.
     */
    fun fromReal(real: Double, form: TensorForm): Long {
        val scale = form.scale ?: throw IllegalArgumentException("a tensor without scale: $form")
        val stored = real / scale + form.zeroPoint
        val (low, high) = range(form.dtype)
        // NumPy's nan_to_num makes 0 of NaN after the zero point was added.
        return Math.rint(if (stored.isNaN()) 0.0 else stored.coerceIn(low, high)).toLong()
    }

    /** Returns element [place] of a tensor's bytes, in native order, as it is stored. */
    internal fun stored(bytes: ByteBuffer, form: TensorForm, place: Int): Double = when (form.dtype) {
        "float32" -> bytes.getFloat(4 * place).toDouble()
        "int32" -> bytes.getInt(4 * place).toDouble()
        "int64" -> bytes.getLong(8 * place).toDouble()
        "int16" -> bytes.getShort(2 * place).toDouble()
        "int8" -> bytes.get(place).toDouble()
        else -> (bytes.get(place).toInt() and 0xFF).toDouble()
    }

    /** Writes [real] as element [place] of a tensor of [form]. */
    internal fun write(bytes: ByteBuffer, form: TensorForm, place: Int, real: Double) {
        val whole = if (form.isQuantized) fromReal(real, form) else real.toLong()
        when (form.dtype) {
            "float32" -> bytes.putFloat(4 * place, real.toFloat())
            "int32" -> bytes.putInt(4 * place, whole.toInt())
            "int64" -> bytes.putLong(8 * place, whole)
            "int16" -> bytes.putShort(2 * place, whole.toShort())
            else -> bytes.put(place, whole.toByte())
        }
    }

    /** Fills a tensor's bytes with what stands for 0: the zero point of a quantized one. */
    internal fun fillZero(bytes: ByteBuffer, form: TensorForm) {
        for (place in 0 until form.count) write(bytes, form, place, 0.0)
    }

    private fun range(dtype: String): Pair<Double, Double> = when (dtype) {
        "int8" -> -128.0 to 127.0
        "uint8" -> 0.0 to 255.0
        "int16" -> -32768.0 to 32767.0
        "int32" -> Int.MIN_VALUE.toDouble() to Int.MAX_VALUE.toDouble()
        else -> throw IllegalArgumentException("$dtype is not quantized")
    }
}
