package dev.tfedge.host

import dev.tfedge.core.DeviceFacts
import java.io.File
import java.io.IOException
import java.net.InetAddress

/** What this machine is. */
internal object HostDevice {
    // What `uname -m` says where Java has a word of its own.
    private val ARCHITECTURES = mapOf("amd64" to "x86_64")

    /** Returns the facts for a report. */
    fun facts(): DeviceFacts {
        val arch = System.getProperty("os.arch")
        return DeviceFacts(
            name = name(),
            kind = "android-host",
            cpu = DeviceFacts.cpuModel(arch),
            cores = Runtime.getRuntime().availableProcessors(),
            abi = ARCHITECTURES[arch] ?: arch,
            os = "${system()}, Java ${System.getProperty("java.version")}"
        )
    }

    private fun name(): String = try {
        InetAddress.getLocalHost().hostName
    } catch (error: IOException) {
        "this machine" // A host without a name that resolves.
    }

    private fun system(): String {
        val lines = File("/etc/os-release").let { if (it.isFile) it.readLines() else emptyList() }
        val name = lines.firstOrNull { it.startsWith("PRETTY_NAME=") }?.substringAfter('=')?.trim('"')
        return name ?: "${System.getProperty("os.name")} ${System.getProperty("os.version")}"
    }
}
