package dev.tfedge.demo

import android.content.Context
import android.os.BatteryManager
import android.os.Build
import android.os.PowerManager
import dev.tfedge.core.DeviceFacts

/** Returns what this phone is and how it does just now, as far as Android tells. */
fun phoneFacts(context: Context): DeviceFacts {
    val battery = context.getSystemService(BatteryManager::class.java)
    val percent = battery?.getIntProperty(BatteryManager.BATTERY_PROPERTY_CAPACITY)?.takeIf { it in 0..100 }
    return DeviceFacts(
        name = Build.MODEL.ifBlank { "Android" },
        kind = "android",
        cpu = processor(),
        cores = Runtime.getRuntime().availableProcessors(),
        abi = Build.SUPPORTED_ABIS.firstOrNull() ?: Build.UNKNOWN,
        os = "Android ${Build.VERSION.RELEASE} (${Build.VERSION.SDK_INT})",
        thermal = thermal(context),
        batteryPercent = percent,
        isCharging = if (percent == null) null else battery.isCharging
    )
}

private fun processor(): String {
    val chip = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) Build.SOC_MODEL else Build.UNKNOWN
    if (chip.isNotBlank() && chip != Build.UNKNOWN) return chip
    return DeviceFacts.cpuModel(otherwise = Build.HARDWARE.ifBlank { Build.UNKNOWN })
}

private val HEAT = listOf("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")

private fun thermal(context: Context): String? {
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) return null
    val status = context.getSystemService(PowerManager::class.java)?.currentThermalStatus ?: return null
    return HEAT.getOrNull(status)
}
