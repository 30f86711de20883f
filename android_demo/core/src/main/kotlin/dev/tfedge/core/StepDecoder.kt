package dev.tfedge.core

import java.nio.ByteBuffer

/**
 * The loop of the host: `encode` once, then `decode_step` a token, with the caches handed from call to call.
 *
 * Inputs of `decode_step` are bound by name: `token_ids` int32 (1, 1), `cache_update_index` int32 (1,), `cache_*` from
 * the same outputs of the call before (at first what stands for 0), and all others from `encode`.
 *
 * @param maxTargetLength tokens of an answer at most.
 */
internal class StepDecoder(
    private val encode: Signature,
    private val step: Signature,
    private val maxTargetLength: Int
) : Decoder {
    private val caches = step.inputs.keys.filter { it.startsWith("cache_") && it != INDEX }
    private val states = step.inputs.keys.filter { it !in caches && it != INDEX && it != TOKEN }
    private val logitsForm = step.outputs.getValue(LOGITS)

    override val entry get() = ENTRY

    override fun decode(sourceIds: IntArray, watch: Stopwatch): IntArray {
        start(sourceIds, watch)
        val tokens = IntArray(maxTargetLength)
        var token = START_ID
        for (index in 0 until maxTargetLength) {
            step(token, index, watch)
            val read = System.nanoTime()
            token = argmax(step.output(LOGITS), logitsForm)
            watch.addRead(System.nanoTime() - read)
            tokens[index] = token
            if (token == STOP_ID) return tokens.copyOf(index + 1)
        }
        return tokens.copyOf(tokens.indexOfLast { it != PAD_ID } + 1)
    }

    /** Encodes [sourceIds] and empties the caches. */
    fun start(sourceIds: IntArray, watch: Stopwatch) {
        val start = System.nanoTime()
        GreedyDecoder.writeSource(
            encode.input(GreedyDecoder.SOURCE_IDS), encode.inputs.getValue(GreedyDecoder.SOURCE_IDS), sourceIds
        )
        for (key in caches) Quantization.fillZero(step.input(key), step.inputs.getValue(key))
        watch.addWrite(System.nanoTime() - start)
        encode.run(watch)
        val read = System.nanoTime()
        for (key in states) handOver(encode, key)
        watch.addRead(System.nanoTime() - read)
    }

    /** Runs one step: [token] is written at [index]; what came out of the caches goes into the next step. */
    fun step(token: Int, index: Int, watch: Stopwatch) {
        if (index > 0) {
            val read = System.nanoTime()
            for (key in caches) handOver(step, key)
            watch.addRead(System.nanoTime() - read)
        }
        step.input(TOKEN).putInt(0, token)
        step.input(INDEX).putInt(0, index)
        step.run(watch)
    }

    /** The outputs of `encode` after [start]. */
    fun encoderOutput(): Map<String, TensorValue> = encode.outputs.keys.sorted().associateWith { encode.value(it) }

    /** The logits after [step]. */
    fun logits(): TensorValue = step.value(LOGITS)

    /** Copies an output into the input of `decode_step` of its name; where their forms differ, number by number. */
    private fun handOver(from: Signature, key: String) {
        val (source, target) = from.outputs.getValue(key) to step.inputs.getValue(key)
        val (output, input) = from.output(key) to step.input(key)
        if (target.carries(source)) {
            input.clear()
            input.put(output)
            return
        }
        for (place in 0 until target.count) {
            val real = Quantization.toReal(Quantization.stored(output, source, place), source)
            Quantization.write(input, target, place, real)
        }
    }

    internal companion object {
        const val ENTRY = "encode+decode_step"
        const val ENCODE = "encode"
        const val DECODE_STEP = "decode_step"
        const val TOKEN = "token_ids"
        const val INDEX = "cache_update_index"
        const val LOGITS = "logits"

        /** Place of the largest number, of several the first; of a NaN where there is one, as `numpy.argmax`. */
        fun argmax(bytes: ByteBuffer, form: TensorForm): Int {
            var best = 0
            var most = Quantization.stored(bytes, form, 0)
            for (place in 1 until form.count) {
                if (most.isNaN()) return best
                val value = Quantization.stored(bytes, form, place)
                if (value > most || value.isNaN()) {
                    best = place
                    most = value
                }
            }
            return best
        }
    }
}
