package dev.tfedge.core

import java.util.Locale

/**
 * One tensor of a signature, as the model file describes it.
 *
 * @property name its name in the signature.
 * @property dtype NumPy's name of it, such as "float32".
 * @property shape sizes, batch axis included.
 * @property scale of a quantized tensor, above 0: `real = (stored - zeroPoint) * scale`; null of any other.
 * @property zeroPoint the stored number that stands for 0; 0 without scale.
 */
data class TensorForm(
    val name: String,
    val dtype: String,
    val shape: List<Int>,
    val scale: Double? = null,
    val zeroPoint: Int = 0
) {
    /** Number of elements. */
    val count: Int get() = shape.fold(1) { product, size -> product * size }

    /** Size in bytes. */
    val sizeBytes: Int get() = count * elementBytes

    /** Size of one element in bytes. */
    val elementBytes: Int get() = ELEMENT_BYTES.getValue(dtype)

    /** Whether it holds whole numbers that stand for real ones. */
    val isQuantized: Boolean get() = scale != null

    /**
     * Whether the bytes of [source] can be handed on as this tensor. Quantizers write one scale in two roundings, one
     * unit of float32 apart: no stored number becomes another by that.
     */
    fun carries(source: TensorForm): Boolean {
        if (dtype != source.dtype || shape != source.shape || zeroPoint != source.zeroPoint) return false
        val (mine, other) = (scale ?: return source.scale == null) to (source.scale ?: return false)
        return Math.abs(mine - other) <= FLOAT_ROUNDING * mine
    }

    override fun toString(): String =
        "$name $dtype $shape" + if (scale == null) "" else " scale $scale zero point $zeroPoint"

    companion object {
        private const val FLOAT_ROUNDING = 2.0 / (1 shl 23)
        private val ELEMENT_BYTES =
            mapOf("float32" to 4, "int32" to 4, "uint8" to 1, "int8" to 1, "int16" to 2, "int64" to 8, "bool" to 1)
        private val QUANTIZED = setOf("int8", "uint8", "int16", "int32")

        /**
         * Returns the form of a tensor of an interpreter.
         *
         * @param type in the words of TensorFlow Lite: "FLOAT32", "INT8", ...
         * @param scale 0 where it has none.
         * @throws EngineException a type of which this library knows no numbers.
         */
        fun of(name: String, type: String, shape: IntArray, scale: Float, zeroPoint: Int): TensorForm {
            val dtype = type.lowercase(Locale.ROOT)
            if (dtype !in ELEMENT_BYTES) throw EngineException("expected tensors of numbers; got $name of type $type")
            val isQuantized = scale > 0 && dtype in QUANTIZED
            return TensorForm(
                name,
                dtype,
                shape.toList(),
                if (isQuantized) scale.toDouble() else null,
                if (isQuantized) zeroPoint else 0
            )
        }
    }
}
