package com.example.spelling

import dev.tfedge.core.Engine
import dev.tfedge.core.Pack
import dev.tfedge.core.SelfTest
import java.io.File

class Spelling(model: File) : AutoCloseable {
    private val engine = Engine(Pack.open(model))  // a pack that was changed, or is not for this runtime, is refused

    fun isRightHere() = SelfTest(engine).run { _, _ -> }.isPassed  // its golden cases, on this very phone

    fun phonemes(word: String) = engine.predict(word).text  // off the main thread, one word at a time

    override fun close() = engine.close()
}
