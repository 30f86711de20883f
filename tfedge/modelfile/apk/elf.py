"""A native library's ELF headers: for which machine, how its segments are aligned, and its build id."""

from __future__ import annotations

import dataclasses

from tfedge.errors import ArtifactError
from tfedge.modelfile.apk.window import Window
from tfedge.modelfile.model_file import ModelData

# Headers of a linked library stand at its start, notes of 32 to 52 bytes right behind them.
HEAD_BYTES = 65_536
MACHINES = {3: "x86", 40: "armeabi-v7a", 62: "x86_64", 183: "arm64-v8a", 243: "riscv64"}

_LOAD, _NOTE = 1, 4
_BUILD_ID = 3
_MAX_SEGMENTS = 512
_MAX_NOTES = 64


@dataclasses.dataclass(frozen=True)
class Elf:
    """Headers of a library.

    Attributes:
        abi: Android's name of the machine; "machine 8" for one that Android has no name for.
        is_64_bit: whether addresses have 64 bits.
        load_alignment: the smallest alignment of a LOAD segment, in bytes; 0 without any.
        build_id: of the linker, hexadecimal; empty where there is none.
    """

    abi: str
    is_64_bit: bool
    load_alignment: int
    build_id: str


def read_elf(head: ModelData, what: str) -> Elf:
    """Reads the headers of a library from its first `HEAD_BYTES` bytes.

    Raises:
        ArtifactError: no ELF of little-endian order, or headers that lie elsewhere or do not fit.
    """
    window = Window(head, what)
    if len(window) < 20 or window.slice(0, 4) != b"\x7fELF" or window.number("<B", 5) != 1:
        raise ArtifactError(
            f"expected a native library (ELF) in {what}; it begins with {window.slice(0, min(4, len(window)))!r}"
        )
    wide = window.number("<B", 4) == 2
    machine = window.number("<H", 18)
    start = window.number("<Q", 32) if wide else window.number("<I", 28)
    each, count = window.numbers("<HH", 54 if wide else 42)
    size = 56 if wide else 32
    if each < size or count > _MAX_SEGMENTS:
        raise ArtifactError(f"expected program headers of {size} bytes in {what}; it has {count} of {each}")
    alignments, notes = [], []
    for place in range(start, start + each * count, each):
        kind = window.number("<I", place)
        if kind == _LOAD:
            alignments.append(window.number("<Q", place + 48) if wide else window.number("<I", place + 28))
        elif kind == _NOTE:
            notes.append(window.numbers("<QQQQ", place + 8)[::3] if wide else window.numbers("<IIII", place + 4)[::3])
    abi = MACHINES.get(machine, f"machine {machine}")
    return Elf(abi, wide, min(alignments, default=0), _build_id(window, notes))


def _build_id(window: Window, notes: list[tuple[int, ...]]) -> str:
    left = _MAX_NOTES  # Of all segments together.
    for start, size in notes:
        at, end = start, min(start + size, len(window))
        while left and at + 12 <= end:
            left -= 1
            name, content, kind = window.numbers("<III", at)
            body = at + 12 + (name + 3 & ~3)
            if body + content > end:
                break
            if kind == _BUILD_ID and window.slice(at + 12, min(name, 4)) == b"GNU\0" and content <= 64:
                return window.slice(body, content).hex()
            at = body + (content + 3 & ~3)
    return ""
