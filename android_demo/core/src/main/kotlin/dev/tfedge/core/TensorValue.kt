package dev.tfedge.core

import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * A tensor as the interpreter gave it.
 *
 * @property form name, type, shape, and scale where it has one.
 * @property bytes the stored numbers, little-endian, in row-major order; not to be changed.
 */
class TensorValue(val form: TensorForm, val bytes: ByteArray) {
    /** Number of elements. */
    val size: Int get() = bytes.size / form.elementBytes

    private val view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)

    /** The real number that element [place] stands for. */
    fun real(place: Int): Double = Quantization.toReal(Quantization.stored(view, form, place), form)

    /**
     * The size of one quantization step in real numbers: the tensor's own scale, or of floats what int8 would make of
     * their range, a 255th.
     */
    val step: Double
        get() = form.scale ?: ((0 until size).maxOf(::real) - (0 until size).minOf(::real)) / INT8_STEPS

    private companion object {
        const val INT8_STEPS = 255
    }
}
