package dev.tfedge.host

import java.util.logging.Level
import java.util.logging.Logger
import kotlin.system.exitProcess

/** "android-host": Android's TensorFlow Lite and the app's core on this machine's JVM. */
object Main {
    // Kept, because a logger that nobody holds forgets its level.
    private val chatter: Logger = Logger.getLogger("org.tensorflow.lite")

    /** Runs one verb and ends the process with its exit code. */
    @JvmStatic
    fun main(arguments: Array<String>) {
        chatter.level = Level.WARNING
        val code = CommandLine(System.out, System.err) { NativeLibrary.load() }.run(arguments.toList())
        System.out.flush()
        exitProcess(code)
    }
}
