package dev.tfedge.host

import com.google.gson.stream.JsonWriter
import dev.tfedge.core.Answer
import dev.tfedge.core.Engine
import java.io.File
import java.io.PrintStream
import java.io.StringWriter

/** The verb `predict`: answers as lines, or as JSON. */
internal class Predictions(private val out: PrintStream) {
    /** Answers the texts asked for; one that cannot be read is refused before anything runs. */
    fun print(engine: Engine, asked: Arguments) {
        val texts = asked.texts + asked.words?.let(::lines).orEmpty()
        for (text in texts) engine.pack.task.sourceIds(text)
        val answers = texts.map { it to engine.predict(it) }
        if (asked.isJson) out.println(json(answers)) else lines(answers).forEach(out::println)
    }

    private fun lines(answers: List<Pair<String, Answer>>) = answers.map { (text, answer) -> "$text\t${answer.text}" }

    private fun lines(file: File): List<String> {
        if (!file.isFile) throw UsageException("expected a file of words at $file; there is none; check the path")
        return file.readLines().filter { it.isNotBlank() }
    }

    private fun json(answers: List<Pair<String, Answer>>): String {
        val text = StringWriter()
        val writer = JsonWriter(text)
        writer.beginArray()
        for ((asked, answer) in answers) {
            writer.beginObject().name("text").value(asked).name("prediction").value(answer.text)
            writer.name("alternatives").beginArray()
            for (other in answer.alternatives) {
                writer.beginObject().name("text").value(other.text).name("score").value(other.score).endObject()
            }
            writer.endArray().name("latency_ms").value(answer.latency.totalMs).endObject()
        }
        writer.endArray()
        return text.toString()
    }
}
