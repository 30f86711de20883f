package dev.tfedge.core

import java.nio.ByteBuffer

/** Turns source ids into the tokens of an answer. For one thread at a time. */
internal interface Decoder {
    /** What reports call it: "greedy" or "encode+decode_step". */
    val entry: String

    /**
     * Returns the ids of the answer up to and including the stop id, without padding.
     *
     * @param sourceIds with the stop id, without padding.
     * @param watch gets the times.
     */
    fun decode(sourceIds: IntArray, watch: Stopwatch): IntArray
}

/** The loop in the graph: one call an answer. */
internal class GreedyDecoder(private val greedy: Signature) : Decoder {
    override val entry get() = GREEDY

    override fun decode(sourceIds: IntArray, watch: Stopwatch): IntArray {
        val start = System.nanoTime()
        writeSource(greedy.input(SOURCE_IDS), greedy.inputs.getValue(SOURCE_IDS), sourceIds)
        watch.addWrite(System.nanoTime() - start)
        greedy.run(watch)
        val end = System.nanoTime()
        val tokens = trimmed(greedy.output(TARGET_IDS))
        watch.addRead(System.nanoTime() - end)
        return tokens
    }

    private fun trimmed(row: ByteBuffer): IntArray {
        val length = row.remaining() / Int.SIZE_BYTES
        var end = 0
        for (place in 0 until length) {
            val id = row.getInt(place * Int.SIZE_BYTES)
            if (id != PAD_ID) end = place + 1
            if (id == STOP_ID) break
        }
        return IntArray(end) { row.getInt(it * Int.SIZE_BYTES) }
    }

    internal companion object {
        const val GREEDY = "greedy"
        const val SOURCE_IDS = "source_ids"
        const val TARGET_IDS = "target_ids"

        /** Writes [ids] into the bytes of an input `source_ids`, padded to its length. */
        fun writeSource(bytes: ByteBuffer, form: TensorForm, ids: IntArray) {
            for (place in 0 until form.count) {
                bytes.putInt(place * Int.SIZE_BYTES, if (place < ids.size) ids[place] else PAD_ID)
            }
        }
    }
}
