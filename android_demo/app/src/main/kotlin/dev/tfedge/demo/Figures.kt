package dev.tfedge.demo

import java.math.BigDecimal
import java.math.MathContext
import java.math.RoundingMode
import java.text.NumberFormat

/** Numbers as the phone's language writes them. */

/** Returns milliseconds with three digits that count: 0.0421, 0.421, 4.21, 421. */
fun milliseconds(ms: Double): String {
    val rounded = BigDecimal(ms).round(MathContext(DIGITS, RoundingMode.HALF_UP))
    val format = NumberFormat.getNumberInstance()
    format.minimumFractionDigits = maxOf(0, DIGITS - rounded.precision() + rounded.scale()).coerceAtMost(MOST_DECIMALS)
    format.maximumFractionDigits = format.minimumFractionDigits
    return format.format(ms)
}

/** Returns bytes in millions, with one decimal. */
fun megabytes(bytes: Long): String = NumberFormat.getNumberInstance().apply {
    minimumFractionDigits = 1
    maximumFractionDigits = 1
}.format(bytes / BYTES_A_MEGABYTE)

private const val DIGITS = 3
private const val MOST_DECIMALS = 4
private const val BYTES_A_MEGABYTE = 1e6
