package dev.tfedge.core

import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class QuantizationVectorsTest {
    private fun wrong(row: JsonObject): List<String> {
        val form = TensorForm(
            "x", row["dtype"].string(), listOf(1), row["scale"].number(), row["zero_point"].number().toInt()
        )
        val quantized = row.rows("quantized").map { it.cells() }.filter { (real, stored) ->
            Quantization.fromReal(real.number(), form) != (stored as JsonNumber).whole
        }
        val dequantized = row.rows("dequantized").map { it.cells() }.filter { (stored, real) ->
            Quantization.toReal(stored.number(), form) != real.number()
        }
        return (quantized + dequantized).map { "$form: $it" }
    }

    @Test fun test_quantize_when_python_wrote_vectors_then_all_are_equal() {
        val forms = Files.vectors("quantization").rows("forms")
        assertTrue(forms.size >= 8)
        assertEquals(emptyList<String>(), forms.flatMap { wrong(it as JsonObject) })
    }

    @Test fun test_quantize_when_a_vector_is_changed_then_it_is_found() {
        val form = Files.vectors("quantization").rows("forms").first() as JsonObject
        val pair = JsonList(listOf(JsonNumber("0.25"), JsonNumber("1"))) // Half a step: 0, the even neighbour.
        assertEquals(1, wrong(JsonObject(form.fields + ("quantized" to JsonList(listOf(pair))))).size)
    }

    @Test fun test_quantize_when_a_number_is_none_then_0_as_numpy() {
        assertEquals(0L, Quantization.fromReal(Double.NaN, TensorForm("x", "int8", listOf(1), 0.5, 9)))
    }

    @Test fun test_carries_when_scales_differ_by_one_rounding_then_bytes_pass() {
        val (one, other) = 0.041339628398418427 to 0.04133963584899902 // Of a real file: one cache, in and out.
        assertTrue(form(one).carries(form(other)))
        assertFalse(form(one).carries(form(one * 1.00001)))
        assertFalse(form(one).carries(form(one).copy(zeroPoint = 3)))
        assertFalse(form(one).carries(form(one).copy(scale = null)))
        assertTrue(form(one).copy(scale = null).carries(form(one).copy(scale = null)))
        assertFalse(form(one).carries(form(one).copy(shape = listOf(2))))
    }

    @Test fun test_argmax_when_two_are_largest_then_the_first_and_of_nan_the_nan() {
        assertEquals(1, argmax(0f, 2f, 2f))
        assertEquals(2, argmax(0f, 2f, Float.NaN, 3f))
        assertEquals(0, argmax(Float.NaN, Float.NaN))
        assertEquals(0, argmax(Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY))
    }

    private fun form(scale: Double) = TensorForm("cache", "int8", listOf(1), scale, 2)

    private fun argmax(vararg values: Float): Int {
        val bytes = ByteBuffer.allocate(4 * values.size).order(ByteOrder.nativeOrder())
        for (value in values) bytes.putFloat(value)
        return StepDecoder.argmax(bytes, TensorForm("logits", "float32", listOf(1, values.size)))
    }
}
