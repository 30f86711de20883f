"""The words for a CPU, from the lines a worker reads in its /proc/cpuinfo."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable

from tfedge.runtime import worker

# Those that decide the speed of int8 kernels.
FEATURES = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "asimd", "asimddp", "i8mm")


def cpu_text(lines: Iterable[str], machine: str, num_cores: int | None) -> str:
    """Returns CPU model, number of cores, and the features that decide the speed of int8 kernels.

    Args:
        lines: as `worker.cpu_lines` returns them.
        machine: as `platform.machine()` says it, for where the lines name no model.
    """
    values: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        values.setdefault(key.strip().lower(), value.strip())
    # x86 says "model name", a Raspberry Pi "model"; elsewhere on ARM the part number is all there is
    words = values.get("model name") or (values.get("model") if "cpu part" in values else "") or values.get("cpu part")
    flags = (values.get("flags") or values.get("features") or "").split()
    features = " ".join(feature for feature in FEATURES if feature in flags)
    return ", ".join(part for part in (words or machine, f"{num_cores} cores", features) if part)


def this_cpu() -> str:
    """Returns `cpu_text` of the machine that this process runs on."""
    return cpu_text(worker.cpu_lines(), platform.machine(), os.cpu_count())
