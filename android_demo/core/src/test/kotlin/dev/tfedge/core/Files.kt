package dev.tfedge.core

import java.io.File

/** The files that tests read, all of the repository. */
internal object Files {
    private val repository = File(System.getProperty("tfedge.repository"))

    /** The model that the app brings. */
    val model = File(System.getProperty("tfedge.model"))

    /** A file of tests/golden. */
    fun golden(path: String) = File(repository, "tests/golden/$path")
}
