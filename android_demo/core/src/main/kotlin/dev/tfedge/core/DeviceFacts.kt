package dev.tfedge.core

import java.io.File
import java.io.IOException

/**
 * Where a file was run.
 *
 * @property name as a person calls it: "Pixel 8", a host's name.
 * @property kind "android" for a phone or tablet, "android-host" for this library on a workstation's JVM,
 *   "emulated_arm" under an emulator of the processor.
 * @property cpu processor model.
 * @property cores logical cores.
 * @property abi on Android `Build.SUPPORTED_ABIS[0]`; else what `uname -m` says.
 * @property os system and release.
 * @property thermal the system's own word for its heat; null where it has none.
 * @property batteryPercent 0 to 100; null without a battery.
 * @property isCharging null where that is not known.
 */
data class DeviceFacts(
    val name: String,
    val kind: String,
    val cpu: String,
    val cores: Int,
    val abi: String,
    val os: String,
    val thermal: String? = null,
    val batteryPercent: Int? = null,
    val isCharging: Boolean? = null
) {
    companion object {
        private val MODEL_KEYS = listOf("model name", "Hardware", "Processor", "CPU part")

        /** Returns the processor's model as Linux tells it, or [otherwise]. */
        fun cpuModel(otherwise: String, file: File = File("/proc/cpuinfo")): String {
            val lines = try {
                file.readLines()
            } catch (error: IOException) {
                emptyList()
            }
            val found = MODEL_KEYS.firstNotNullOfOrNull { key ->
                val line = lines.firstOrNull { it.substringBefore(':').trim() == key }
                line?.substringAfter(':')?.trim()?.ifEmpty { null }
            }
            return found ?: otherwise
        }
    }
}
