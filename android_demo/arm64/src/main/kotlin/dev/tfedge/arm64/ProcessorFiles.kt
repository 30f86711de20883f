package dev.tfedge.arm64

import com.github.unidbg.Emulator
import com.github.unidbg.file.FileResult
import com.github.unidbg.file.IOResolver
import com.github.unidbg.file.linux.AndroidFileIO
import com.github.unidbg.linux.file.ByteArrayFileIO

/** What a phone's system tells of its processor, for the library to choose its kernels by: one core, a Cortex-A76. */
internal class ProcessorFiles : IOResolver<AndroidFileIO> {
    override fun resolve(emulator: Emulator<AndroidFileIO>?, pathname: String, flags: Int): FileResult<AndroidFileIO>? {
        val text = FILES[pathname] ?: return null
        return FileResult.success(ByteArrayFileIO(flags, pathname, text.toByteArray()))
    }

    private companion object {
        val FILES = mapOf(
            "/sys/devices/system/cpu/possible" to "0\n",
            "/sys/devices/system/cpu/present" to "0\n",
            "/sys/devices/system/cpu/kernel_max" to "0\n",
            "/proc/cpuinfo" to """
                processor	: 0
                BogoMIPS	: 38.40
                Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
                CPU implementer	: 0x41
                CPU architecture: 8
                CPU variant	: 0x4
                CPU part	: 0xd0b
                CPU revision	: 0

                Hardware	: Generic
            """.trimIndent() + "\n"
        )
    }
}
