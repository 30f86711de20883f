package dev.tfedge.host

import java.io.File

/** The native library in the folder `lib` beside the program's jar. */
object NativeLibrary {
    /**
     * Loads the shim, then the library, which finds the shim loaded. TensorFlow Lite's own attempt by name fails then,
     * and it goes on with what is there.
     */
    fun load() {
        val jar = File(NativeLibrary::class.java.protectionDomain.codeSource.location.toURI())
        for (name in listOf("libB.so", "libtensorflowlite_jni.so")) System.load(File(jar.parentFile, "lib/$name").path)
    }
}
