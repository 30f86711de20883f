package dev.tfedge.host

import dev.tfedge.core.nativeVersion

object Main {
    @JvmStatic
    fun main(arguments: Array<String>) {
        NativeLibrary.load()
        println(nativeVersion())
    }
}
