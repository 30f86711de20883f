package dev.tfedge.core

import java.nio.ByteBuffer

/**
 * A model loaded into an interpreter: all that this library asks of one. [TfliteRuntime] is Android's TensorFlow Lite.
 *
 * For one thread at a time, any one; [Engine] sees to that, and closes it.
 */
interface ModelRuntime : AutoCloseable {
    /** What reports call the runtime: "android-tflite". */
    val name: String

    /** Its version, for example "2.16.1". */
    val version: String

    /** Names of the signatures of the model. */
    val signatures: Set<String>

    /**
     * Returns the signature [name], one of [signatures].
     *
     * @throws EngineException the interpreter does not give it, or it has tensors that hold no numbers.
     */
    fun signature(name: String): Signature

    /** How many threads were seen computing since the model was loaded; null where that is not known. */
    fun threadsSeen(): Int? = null
}

/** One entry point of a loaded model, called with the bytes of named tensors; all in native byte order. */
interface Signature {
    /** Its name. */
    val name: String

    /** Inputs by name. */
    val inputs: Map<String, TensorForm>

    /** Outputs by name. */
    val outputs: Map<String, TensorForm>

    /** The bytes of an input, to be filled before [run]; they stay what they are until they are filled again. */
    fun input(key: String): ByteBuffer

    /**
     * Runs with the inputs as they are; returns nanoseconds inside the interpreter.
     *
     * @throws EngineException the interpreter refused.
     */
    fun run(): Long

    /** The bytes of an output: read only, from position 0, valid until the next [run]. */
    fun output(key: String): ByteBuffer
}

/** Runs, and adds the time to [watch]. */
internal fun Signature.run(watch: Stopwatch) {
    val start = System.nanoTime()
    val inside = run()
    watch.addCall(System.nanoTime() - start, inside)
}

/** Returns a copy of an output that stays. */
internal fun Signature.value(key: String): TensorValue {
    val view = output(key)
    val bytes = ByteArray(view.remaining())
    view.get(bytes)
    return TensorValue(outputs.getValue(key), bytes)
}
