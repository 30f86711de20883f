package dev.tfedge.host

import java.io.File

/** Wrong usage; the message says what was expected and what was received. */
internal class UsageException(message: String) : Exception(message)

/**
 * What was asked for on the command line.
 *
 * @property verb one of [VERBS].
 * @property model the packed model file.
 * @property texts to predict.
 * @property report where to write the report; null: nowhere.
 * @property words a file of texts to predict, one a line, in UTF-8.
 * @property numThreads threads of the interpreter.
 * @property minSeconds of answering in a benchmark, at least; null: the protocol's own.
 * @property isJson whether the result is printed as JSON.
 * @property isForced whether an existing report is replaced.
 */
internal data class Arguments(
    val verb: String,
    val model: File,
    val texts: List<String>,
    val report: File?,
    val words: File?,
    val numThreads: Int,
    val minSeconds: Double?,
    val isJson: Boolean,
    val isForced: Boolean
) {
    companion object {
        val VERBS = listOf("selftest", "benchmark", "predict", "overhead")
        private val WITH_VALUE = setOf("--report", "--words", "--threads", "--min-seconds")
        private val FLAGS = setOf("--json", "--force")
        const val USAGE =
            "usage: android-host selftest|benchmark|predict|overhead MODEL.tflite [TEXT ...] [--report OUT.json] " +
                "[--force] [--threads N] [--min-seconds S] [--words FILE] [--json]"

        /**
         * Reads the command line.
         *
         * @throws UsageException it has another form.
         */
        fun parse(arguments: List<String>): Arguments {
            val (values, plain) = split(arguments)
            val verb = plain.firstOrNull()
            if (verb !in VERBS) {
                val verbs = VERBS.joinToString(", ")
                throw UsageException("expected one of $verbs; got ${verb ?: "nothing"}; $USAGE")
            }
            val model = plain.getOrNull(1) ?: throw UsageException("expected a model file; got none; $USAGE")
            val texts = plain.drop(2)
            if (verb != "predict" && texts.isNotEmpty()) {
                throw UsageException("expected no texts for $verb; got ${texts.first()}; $USAGE")
            }
            val words = values["--words"]?.let(::File)
            if (verb == "predict" && texts.isEmpty() && words == null) {
                throw UsageException("expected texts or --words FILE; got none; $USAGE")
            }
            return Arguments(
                verb.orEmpty(), File(model), texts, values["--report"]?.let(::File), words,
                threads(values["--threads"]), seconds(values["--min-seconds"]), "--json" in values, "--force" in values
            )
        }

        /** Returns options by name, a flag with an empty value, and everything else in order. */
        private fun split(arguments: List<String>): Pair<Map<String, String>, List<String>> {
            val values = LinkedHashMap<String, String>()
            val plain = ArrayList<String>()
            val rest = arguments.iterator()
            var areOptions = true
            while (rest.hasNext()) {
                val word = rest.next()
                when {
                    !areOptions || !word.startsWith("--") -> plain += word
                    word == "--" -> areOptions = false // What follows is text, whatever it looks like.
                    word in FLAGS -> values[word] = ""
                    word in WITH_VALUE && rest.hasNext() -> values[word] = rest.next()
                    word in WITH_VALUE -> throw UsageException("expected a value after $word; got none; $USAGE")
                    else -> throw UsageException("expected an option that exists; got $word; $USAGE")
                }
            }
            return values to plain
        }

        private fun threads(text: String?): Int {
            val number = if (text == null) 1 else text.toIntOrNull()
            if (number == null || number !in 1..MAX_THREADS) {
                throw UsageException("expected --threads of 1 to $MAX_THREADS; got $text")
            }
            return number
        }

        private fun seconds(text: String?): Double? {
            val number = text?.toDoubleOrNull() ?: if (text == null) return null else -1.0
            if (number !in 0.0..MAX_SECONDS) {
                throw UsageException("expected --min-seconds of 0 to $MAX_SECONDS; got $text")
            }
            return number
        }

        // More threads than any phone has cores; a benchmark's own limit.
        private const val MAX_THREADS = 64
        private const val MAX_SECONDS = 60.0
    }
}
