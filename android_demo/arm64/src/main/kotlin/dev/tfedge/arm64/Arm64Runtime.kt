package dev.tfedge.arm64

import com.github.unidbg.pointer.UnidbgPointer
import dev.tfedge.core.EngineException
import dev.tfedge.core.ModelRuntime
import dev.tfedge.core.Pack
import dev.tfedge.core.Signature
import dev.tfedge.core.TensorForm
import dev.tfedge.core.TfliteRuntime
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** TensorFlow Lite's arm64-v8a library with one model in it, by its C functions. Closes the library with itself. */
class Arm64Runtime(private val library: Arm64Library, pack: Pack) : ModelRuntime {
    private val interpreter: UnidbgPointer

    override val name get() = TfliteRuntime.NAME
    override val version: String = library.text("TfLiteVersion")
    override val signatures: Set<String>

    init {
        val bytes = ByteArray(pack.model().remaining()).also { pack.model().get(it) }
        val model = library.pointer("TfLiteModelCreate", library.place(bytes), bytes.size.toLong())
        val options = checkNotNull(library.pointer("TfLiteInterpreterOptionsCreate"))
        library.call("TfLiteInterpreterOptionsSetNumThreads", options, 1)
        // Java's interpreter adds XNNPACK on every phone; the functions of C leave that to the caller.
        val xnnpack = checkNotNull(library.pointer("TfLiteXNNPackDelegateCreate", 0L))
        library.call("TfLiteInterpreterOptionsAddDelegate", options, xnnpack)
        interpreter = model?.let { library.pointer("TfLiteInterpreterCreate", it, options) }
            ?: throw EngineException("expected a model that TensorFlow Lite $version runs in ${pack.name}; it refused it")
        val count = library.call("TfLiteInterpreterGetSignatureCount", interpreter).toInt()
        signatures = (0 until count).map { library.text("TfLiteInterpreterGetSignatureKey", interpreter, it) }.toSet()
    }

    override fun signature(name: String): Signature {
        val runner = library.pointer("TfLiteInterpreterGetSignatureRunner", interpreter, library.place(name))
            ?: throw EngineException("expected the signature `$name`; the runtime does not give it")
        return Arm64Signature(library, runner, name)
    }

    override fun close() = library.close()
}

/** A signature in the emulated library; its inputs are copied in before each run, its outputs are copied out. */
private class Arm64Signature(
    private val library: Arm64Library,
    private val runner: UnidbgPointer,
    override val name: String
) : Signature {
    private val inputTensors: Map<String, UnidbgPointer>
    private val outputTensors: Map<String, UnidbgPointer>
    override val inputs: Map<String, TensorForm>
    override val outputs: Map<String, TensorForm>
    private val buffers: Map<String, ByteBuffer>

    init {
        check("allocate the tensors of", library.call("TfLiteSignatureRunnerAllocateTensors", runner))
        inputTensors = tensors("Input")
        outputTensors = tensors("Output")
        inputs = inputTensors.mapValues { (key, tensor) -> form(key, tensor) }
        outputs = outputTensors.mapValues { (key, tensor) -> form(key, tensor) }
        buffers = inputs.mapValues { (_, form) -> ByteBuffer.allocate(form.sizeBytes).order(ByteOrder.nativeOrder()) }
    }

    override fun input(key: String): ByteBuffer = buffers.getValue(key)

    override fun run(): Long {
        for ((key, tensor) in inputTensors) {
            val bytes = buffers.getValue(key).array()
            data(tensor).write(0, bytes, 0, bytes.size)
        }
        val start = System.nanoTime()
        check("run", library.call("TfLiteSignatureRunnerInvoke", runner))
        return System.nanoTime() - start
    }

    override fun output(key: String): ByteBuffer {
        val bytes = data(outputTensors.getValue(key)).getByteArray(0, outputs.getValue(key).sizeBytes)
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asReadOnlyBuffer().order(ByteOrder.nativeOrder())
    }

    private fun check(what: String, status: Long) {
        if (status.toInt() != 0) throw EngineException("expected the runtime to $what `$name`; it refused")
    }

    private fun tensors(side: String): Map<String, UnidbgPointer> {
        val count = library.call("TfLiteSignatureRunnerGet${side}Count", runner).toInt()
        return (0 until count).associate { index ->
            val key = checkNotNull(library.pointer("TfLiteSignatureRunnerGet${side}Name", runner, index))
            key.getString(0) to checkNotNull(library.pointer("TfLiteSignatureRunnerGet${side}Tensor", runner, key))
        }
    }

    private fun data(tensor: UnidbgPointer): UnidbgPointer = checkNotNull(library.pointer("TfLiteTensorData", tensor))

    private fun form(key: String, tensor: UnidbgPointer): TensorForm {
        val type = library.call("TfLiteTensorType", tensor).toInt()
        val shape = IntArray(library.call("TfLiteTensorNumDims", tensor).toInt()) {
            library.call("TfLiteTensorDim", tensor, it).toInt()
        }
        // Two fields of four bytes come back in one register: the scale below, the zero point above.
        val quantization = library.call("TfLiteTensorQuantizationParams", tensor)
        val scale = java.lang.Float.intBitsToFloat(quantization.toInt())
        return TensorForm.of(key, TYPES[type] ?: "$type", shape, scale, (quantization shr Int.SIZE_BITS).toInt())
    }

    private companion object {
        /** Of `TfLiteType` in the archive's c_api_types.h, those that hold numbers which core/ knows. */
        val TYPES = mapOf(
            1 to "FLOAT32", 2 to "INT32", 3 to "UINT8", 4 to "INT64", 6 to "BOOL", 7 to "INT16", 9 to "INT8"
        )
    }
}
