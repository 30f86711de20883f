package dev.tfedge.demo

import dev.tfedge.core.Engine
import dev.tfedge.core.Pack

/**
 * A model that answers.
 *
 * @property pack its file.
 * @property engine it, in an interpreter.
 * @property isBuiltIn whether it is the one that came with the app.
 */
class OpenModel(val pack: Pack, val engine: Engine, val isBuiltIn: Boolean)

/** What there is to answer with. */
sealed interface ModelState {
    /** Nothing: no screen needs it. */
    object Closed : ModelState

    /** Nothing yet. */
    object Opening : ModelState

    /** [model] answers. */
    class Ready(val model: OpenModel) : ModelState

    /** Nothing; [line] says why. */
    class Broken(val line: String) : ModelState
}

/**
 * A file that was refused, for people.
 *
 * @property title what happened, a string resource.
 * @property line why, in one line.
 * @property next what now, a string resource.
 */
class Notice(val title: Int, val line: String, val next: Int)
