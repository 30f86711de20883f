package dev.tfedge.core

/**
 * A packed model in an interpreter: texts in, texts out.
 *
 * Any thread may call it; calls wait for each other. [close] waits for the call in progress, frees the interpreter, and
 * makes every later call throw [EngineException].
 *
 * @property pack the file.
 * @property runtime that has loaded it; closed with this.
 * @property numThreads threads that the interpreter was asked to use.
 * @throws EngineException the signatures do not fit the task; the runtime is closed then.
 */
class Engine(val pack: Pack, val runtime: ModelRuntime, val numThreads: Int) : AutoCloseable {
    private val task = pack.task
    private val decoder: Decoder
    private val steps: StepDecoder?
    private val beam: BeamSearch?
    private val watch = Stopwatch()
    private var isClosed = false

    /** How answers are decoded: "greedy" (the loop in the graph) or "encode+decode_step" (the loop here). */
    val entry: String get() = decoder.entry

    /** Whether [Answer.alternatives] may hold something. */
    val hasAlternatives: Boolean get() = beam != null

    /** Why a stage is missing in every trace, by the stage's name. */
    val notShown: Map<String, String>
        get() {
            if (steps != null) return emptyMap()
            val why = "the file has no signatures `encode` and `decode_step`"
            return mapOf(Stage.ENCODER_OUTPUT.key to why, Stage.FIRST_LOGITS.key to why)
        }

    /** How many threads were seen computing so far, for a caller that has run a few texts; null where nobody tells. */
    fun threadsSeen(): Int? = runtime.threadsSeen()

    init {
        try {
            val names = runtime.signatures
            steps = stepDecoder(names)
            decoder = greedyDecoder(names) ?: steps ?: throw EngineException(
                "expected a signature `greedy`, or `encode` and `decode_step`; received a model with " +
                    "${names.joinToString(", ").ifEmpty { "none" }}; convert it again"
            )
            beam = if (BeamSearch.BEAM in names) beamSearch() else null
        } catch (error: TfedgeException) {
            runtime.close()
            throw error
        }
    }

    /**
     * Loads [pack] into Android's TensorFlow Lite.
     *
     * @throws EngineException the runtime refuses the file, or its signatures do not fit the task.
     */
    constructor(pack: Pack, numThreads: Int = 1) : this(pack, TfliteRuntime.load(pack, numThreads), numThreads)

    /**
     * Returns the answer to [text].
     *
     * @throws TaskException a text that the task cannot read.
     * @throws EngineException the runtime failed, or this was closed.
     */
    fun predict(text: String): Answer {
        val ids = task.sourceIds(text)
        return whileOpen {
            watch.reset()
            val tokens = decoder.decode(ids, watch)
            Answer(task.target.decode(tokens), beam?.search(ids).orEmpty(), watch.latency())
        }
    }

    /**
     * Returns what [text] becomes at each stage; throws as [predict].
     *
     * @param name what the trace is called.
     */
    fun trace(text: String, name: String = "text 1"): StageTrace {
        val ids = task.sourceIds(text)
        return whileOpen {
            watch.reset()
            steps?.start(ids, watch)
            val encoderOutput = steps?.encoderOutput().orEmpty()
            steps?.step(START_ID, 0, watch)
            val firstLogits = steps?.logits()
            val tokens = decoder.decode(ids, watch)
            StageTrace(
                name, text.toByteArray(), ids.toList(), encoderOutput, firstLogits, tokens.toList(),
                task.target.decode(tokens)
            )
        }
    }

    /** Decodes [sourceIds] and forgets the answer: what a benchmark times. */
    internal fun time(sourceIds: IntArray): Latency = whileOpen {
        watch.reset()
        decoder.decode(sourceIds, watch)
        watch.latency()
    }

    /** Returns the logits after [past] tokens of an answer, or null where the file has no `decode_step`. */
    internal fun logitsAfter(sourceIds: IntArray, past: List<Int>): TensorValue? = whileOpen {
        steps?.let { loop ->
            loop.start(sourceIds, watch)
            (listOf(START_ID) + past).forEachIndexed { index, token -> loop.step(token, index, watch) }
            loop.logits()
        }
    }

    override fun close() = synchronized(watch) {
        if (!isClosed) runtime.close()
        isClosed = true
    }

    private inline fun <T> whileOpen(action: () -> T): T = synchronized(watch) {
        if (isClosed) throw EngineException("expected an open model; it was closed; open it again")
        action()
    }

    private fun greedyDecoder(names: Set<String>): Decoder? {
        if (GreedyDecoder.GREEDY !in names) return null
        val greedy = runtime.signature(GreedyDecoder.GREEDY)
        SignatureCheck.greedy(greedy, task)
        return GreedyDecoder(greedy)
    }

    private fun stepDecoder(names: Set<String>): StepDecoder? {
        if (StepDecoder.ENCODE !in names || StepDecoder.DECODE_STEP !in names) return null
        val encode = runtime.signature(StepDecoder.ENCODE)
        val step = runtime.signature(StepDecoder.DECODE_STEP)
        SignatureCheck.steps(encode, step, task)
        return StepDecoder(encode, step, task.maxTargetLength)
    }

    private fun beamSearch(): BeamSearch {
        val beam = runtime.signature(BeamSearch.BEAM)
        SignatureCheck.beam(beam, task)
        return BeamSearch(beam, task)
    }
}
