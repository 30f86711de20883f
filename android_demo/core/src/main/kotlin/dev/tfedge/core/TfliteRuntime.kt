package dev.tfedge.core

import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.Tensor
import org.tensorflow.lite.TensorFlowLite

/**
 * Android's TensorFlow Lite with one model in it.
 *
 * Its Java classes (2.16.1) never free the two handles, of some 90 bytes each, that they make for every input of every
 * call of a signature that is not the file's first: 200 bytes a text by `greedy`, 2 kB a token by `decode_step` of the
 * shipped network. [close] cannot free them either; a program that decodes millions of texts should end now and then.
 */
class TfliteRuntime private constructor(
    private val interpreter: Interpreter,
    override val version: String,
    private val census: ThreadCensus
) : ModelRuntime {
    override val name get() = NAME

    override val signatures: Set<String> = interpreter.signatureKeys.toSet()

    override fun signature(name: String): Signature = TfliteSignature(interpreter, name)

    override fun threadsSeen(): Int? = census.seen()

    override fun close() = interpreter.close()

    companion object {
        /** What reports and manifests call this runtime. */
        const val NAME = "android-tflite"

        /**
         * Loads the model of [pack].
         *
         * @param numThreads threads that the interpreter is asked to use, 1 or more.
         * @throws EngineException the native library is missing, or it refuses the model.
         */
        fun load(pack: Pack, numThreads: Int): TfliteRuntime {
            if (numThreads < 1) throw ConfigException("expected 1 thread or more; got $numThreads")
            val version = version()
            checkGates(pack.manifest, version)
            val census = ThreadCensus()
            val options = Interpreter.Options().setNumThreads(numThreads)
                .setUseXNNPACK(mayUseXnnpack(System.getProperty("java.vm.name"), System.getProperty("os.arch")))
            val interpreter = refusing({ line ->
                "expected a model that TensorFlow Lite $version runs in ${pack.name}; it was not made for this " +
                    "runtime: $line; convert it by a recipe that this runtime has " +
                    "(`tfedge check --target $NAME==$version@arm64-v8a`)"
            }) { Interpreter(pack.model(), options) }
            return TfliteRuntime(interpreter, version, census)
        }

        /**
         * Whether XNNPACK may help here: everywhere but on x86 Android (emulators, Chromebooks). The library's kernels
         * for AVX-512 need memory aligned to 64 bytes, its allocator there gives 32, and the app dies by SIGSEGV.
         *
         * @param virtualMachine "Dalvik" on Android, whatever runs there.
         */
        internal fun mayUseXnnpack(virtualMachine: String?, processor: String?) =
            virtualMachine != "Dalvik" || processor.orEmpty().let { !it.startsWith("x86") && it != "i686" }

        /** Version of the library, for example "2.16.1"; EngineException where there is none for this machine. */
        fun version(): String = try {
            TensorFlowLite.init()
            TensorFlowLite.runtimeVersion()
        } catch (error: UnsatisfiedLinkError) {
            throw EngineException(
                "expected TensorFlow Lite's native library; ${shortened(error.message.orEmpty(), 160)}; install the " +
                    "app for this processor",
                error
            )
        }

        /** Refuses a file of whose gates one failed on this very runtime when it was made; EngineException. */
        private fun checkGates(manifest: Manifest, version: String) {
            val failed = manifest.gates.firstOrNull { gate ->
                val target = (gate.fields["target"] as? JsonText)?.value.orEmpty()
                (gate.fields["verdict"] as? JsonText)?.value == "fail" && target.startsWith("$NAME==$version@")
            } ?: return
            val message = (failed.fields["message"] as? JsonText)?.value.orEmpty()
            throw EngineException(
                "expected a file made for $NAME $version; its own gate failed there: ${shortened(message, 160)}; " +
                    "make it by another recipe"
            )
        }
    }
}

/** A signature in Android's TensorFlow Lite; its buffers are made once. */
private class TfliteSignature(private val interpreter: Interpreter, override val name: String) : Signature {
    override val inputs: Map<String, TensorForm> = interpreter.getSignatureInputs(name).associateWith {
        form(it, interpreter.getInputTensorFromSignature(it, name))
    }
    private val outputTensors: Map<String, Tensor> = interpreter.getSignatureOutputs(name).associateWith {
        interpreter.getOutputTensorFromSignature(it, name)
    }
    override val outputs: Map<String, TensorForm> = outputTensors.mapValues { (key, tensor) -> form(key, tensor) }
    private val buffers: Map<String, ByteBuffer> = inputs.mapValues { (_, form) ->
        ByteBuffer.allocateDirect(form.sizeBytes).order(ByteOrder.nativeOrder())
    }

    override fun input(key: String): ByteBuffer = buffers.getValue(key)

    override fun run(): Long {
        // No outputs are named: they are read from the interpreter's own memory, and only those that somebody wants.
        refusing({ line -> "expected the runtime to run `$name`; it refused: $line; convert the model for it" }) {
            interpreter.runSignature(buffers, emptyMap<String, Any>(), name)
        }
        return interpreter.lastNativeInferenceDurationNanoseconds ?: 0L
    }

    override fun output(key: String): ByteBuffer = outputTensors.getValue(key).asReadOnlyBuffer()

    private fun form(key: String, tensor: Tensor): TensorForm {
        val quantization = tensor.quantizationParams()
        return TensorForm.of(key, tensor.dataType().name, tensor.shape(), quantization.scale, quantization.zeroPoint)
    }
}

/** Calls [action]; what the native library raises becomes an [EngineException] with [message] of its first line. */
private inline fun <T> refusing(message: (String) -> String, action: () -> T): T = try {
    action()
} catch (error: IllegalArgumentException) {
    throw EngineException(message(shortened(error.message.orEmpty(), 300)), error)
} catch (error: IllegalStateException) {
    throw EngineException(message(shortened(error.message.orEmpty(), 300)), error)
}
