package dev.tfedge.core

import java.io.File

/** The files that tests read, all of the repository. */
internal object Files {
    private val repository = File(System.getProperty("tfedge.repository"))

    /** The model that the app brings. */
    val model = File(System.getProperty("tfedge.model"))

    /** A file of tests/golden. */
    fun golden(path: String) = File(repository, "tests/golden/$path")

    /** One of the vectors that Python reads too; `python -m tools.make_vectors` writes them. */
    fun vectors(name: String): JsonObject = StrictJson.readObject(golden("vectors/$name.json").readBytes(), name)

    /** A small packed model that an interpreter runs. */
    fun pack(name: String): Pack = Pack.open(golden("vectors/$name.tflite"))
}

internal fun JsonObject.rows(key: String): List<Json> = (get(key) as JsonList).items

internal fun Json.cells(): List<Json> = (this as JsonList).items

internal fun Json.ints(): IntArray = cells().map { (it as JsonNumber).text.toInt() }.toIntArray()

internal fun Json.string(): String = (this as JsonText).value

internal fun Json.number(): Double = (this as JsonNumber).value
