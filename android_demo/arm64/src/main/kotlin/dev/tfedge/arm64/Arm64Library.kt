package dev.tfedge.arm64

import com.github.unidbg.AndroidEmulator
import com.github.unidbg.Module
import com.github.unidbg.arm.backend.DynarmicFactory
import com.github.unidbg.linux.android.AndroidEmulatorBuilder
import com.github.unidbg.linux.android.AndroidResolver
import com.github.unidbg.pointer.UnidbgPointer
import java.io.File

/**
 * An arm64-v8a library of Android in an emulated processor on this machine, called by the names of its C functions.
 *
 * The instructions are those that a phone runs; only Android's own libraries below it are unidbg's (of Android 6).
 * For one thread, and right rather than fast: what it takes says nothing about a phone.
 */
class Arm64Library(library: File) : AutoCloseable {
    // No other backend where this one does not start: unicorn would take a hundred times as long.
    private val emulator: AndroidEmulator =
        AndroidEmulatorBuilder.for64Bit().setProcessName(PROCESS).addBackendFactory(DynarmicFactory(false)).build()
    private val module: Module

    init {
        emulator.memory.setLibraryResolver(AndroidResolver(ANDROID_SDK))
        emulator.syscallHandler.addIOResolver(ProcessorFiles())
        module = emulator.createDalvikVM().loadLibrary(library, false).module
    }

    /** Calls the function [name] with integers and pointers; returns what it returns in the first register. */
    fun call(name: String, vararg arguments: Any): Long {
        val symbol = checkNotNull(module.findSymbolByName(name, false)) { "expected the function $name in ${module.name}" }
        return symbol.call(emulator, *arguments).toLong()
    }

    /** Calls a function that returns a pointer; null where that is null. */
    fun pointer(name: String, vararg arguments: Any): UnidbgPointer? =
        UnidbgPointer.pointer(emulator, call(name, *arguments))

    /** Calls a function that returns a text. */
    fun text(name: String, vararg arguments: Any): String = checkNotNull(pointer(name, *arguments)).getString(0)

    /** Returns the library's memory at [address]. */
    fun memory(address: Long): UnidbgPointer = checkNotNull(UnidbgPointer.pointer(emulator, address))

    /** Returns memory that holds [bytes]; it is freed with the library. */
    fun place(bytes: ByteArray): UnidbgPointer =
        emulator.memory.malloc(bytes.size, true).pointer.also { it.write(0, bytes, 0, bytes.size) }

    /** Returns memory that holds [text] as C has it. */
    fun place(text: String): UnidbgPointer = place(text.toByteArray() + 0)

    override fun close() = emulator.close()

    private companion object {
        const val PROCESS = "dev.tfedge.demo"
        const val ANDROID_SDK = 23 // the newest that unidbg has
    }
}
