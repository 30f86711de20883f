package dev.tfedge.host

import dev.tfedge.core.TfliteRuntime

object Main {
    @JvmStatic
    fun main(arguments: Array<String>) {
        NativeLibrary.load()
        println(TfliteRuntime.version())
    }
}
