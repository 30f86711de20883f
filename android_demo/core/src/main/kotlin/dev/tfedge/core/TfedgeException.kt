package dev.tfedge.core

/**
 * Every error that this library raises on purpose. Its message is one line for a person: what was expected, what was
 * received, what to do next. [exitCode] is what a command line returns, as `tfedge` does.
 */
sealed class TfedgeException(message: String, val exitCode: Int, cause: Throwable? = null) : Exception(message, cause) {
    /** The line for a person. */
    val line: String get() = message.orEmpty()
}

/**
 * A model file that cannot be read as a pack.
 *
 * @property isIntegrity whether bytes differ from those that were packed, and not just the form of the file.
 */
class PackException(message: String, val isIntegrity: Boolean = false, cause: Throwable? = null) :
    TfedgeException(message, BAD_INPUT, cause)

/** A text that the task cannot read: empty, too long, or with symbols that are not in the vocabulary. */
class TaskException(message: String) : TfedgeException(message, BAD_INPUT)

/** A model that this runtime refuses, that its signatures do not let run, or that was closed. */
class EngineException(message: String, cause: Throwable? = null) : TfedgeException(message, NOT_MEASURED, cause)

/** A setting out of its range. */
class ConfigException(message: String) : TfedgeException(message, BAD_INPUT)

/** A measurement that was cancelled or could not be made. */
class MeasurementException(message: String) : TfedgeException(message, NOT_MEASURED)

/** Exit code: everything passed. */
const val PASSED = 0

/** Exit code: a golden case failed. */
const val GATE_FAILED = 1

/** Exit code: wrong usage or bad input. */
const val BAD_INPUT = 2

/** Exit code: could not run or measure. */
const val NOT_MEASURED = 3
