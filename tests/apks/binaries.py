"""Writes the smallest ELF libraries, dex files and signing blocks that readers take."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence

MESSAGE = b"\0Didn't find op for builtin opcode '%s' version '%d'.\0"
MACHINES = {"x86": 3, "armeabi": 40, "armeabi-v7a": 40, "x86_64": 62, "arm64-v8a": 183, "mips": 8}
NARROW = ("x86", "armeabi", "armeabi-v7a", "mips")
V1, V2, V3 = "v1", 0x7109871A, 0xF05368C0
MAGIC = b"APK Sig Block 42"


def elf(abi: str = "arm64-v8a", align: int = 16_384, build_id: bytes = b"", payload: bytes = b"") -> bytes:
    """Returns a library of two LOAD segments and a note, with `payload` behind its headers."""
    wide = abi not in NARROW
    start, each = (64, 56) if wide else (52, 32)
    note = struct.pack("<III4s", 4, len(build_id), 3, b"GNU\0") + build_id if build_id else b""
    body = start + 3 * each
    segments = [(1, 0, body, 2**16), (1, body, len(payload), align), (4, body, len(note), 4)]
    rows = b"".join(
        struct.pack("<IIQQQQQQ", kind, 4, at, at, at, size, size, power)
        if wide
        else struct.pack("<IIIIIIII", kind, at, at, at, size, size, 4, power)
        for kind, at, size, power in segments
    )
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    words = "QQQ" if wide else "III"
    head = struct.pack(f"<HHI{words}IHHHHHH", 3, MACHINES[abi], 1, 0, start, 0, 0, start, each, 3, 0, 0, 0)
    return ident + head + rows + note + payload


def interpreter(
    abi: str = "arm64-v8a", version: str = "2.16.1", align: int = 16_384, more: bytes = b"", build_id: str = ""
) -> bytes:
    """Returns a library that looks like an interpreter of a version; "" says none."""
    said = b"\0" + version.encode() + b"\0" if version else b""
    return elf(abi, align, bytes.fromhex(build_id), MESSAGE + said + more)


def dex(defined: Sequence[str] = (), named: Sequence[str] = ()) -> bytes:
    """Returns a dex file that defines classes ("Lorg/tensorflow/lite/Interpreter;") and names more types."""
    types = sorted({*defined, *named})
    strings = sorted({*types, "<init>", "V", "zebra"})
    start = 112
    type_at = start + 4 * len(strings)
    class_at = type_at + 4 * len(types)
    text_at = class_at + 32 * len(defined)
    texts, places = bytearray(), []
    for text in strings:
        places.append(text_at + len(texts))
        texts += bytes([len(text)]) + text.encode() + b"\0"
    classes = b"".join(struct.pack("<8I", types.index(name), 1, 0xFFFFFFFF, 0, 0, 0, 0, 0) for name in defined)
    body = struct.pack(f"<{len(places)}I", *places)
    body += struct.pack(f"<{len(types)}I", *(strings.index(name) for name in types)) + classes + bytes(texts)
    sizes = (len(strings), start, len(types), type_at, 0, 0, 0, 0, 0, 0, len(defined), class_at, len(texts), text_at)
    rest = struct.pack("<6I", start + len(body), 112, 0x12345678, 0, 0, 0) + struct.pack("<14I", *sizes) + body
    signed = hashlib.sha1(rest).digest() + rest
    return b"dex\n035\0" + struct.pack("<I", zlib.adler32(signed)) + signed


def signing_block(schemes: Sequence[int] = (V2, V3), certificate: bytes = b"CN=Example") -> bytes:
    """Returns a signing block with a part for each scheme."""
    parts = b"".join(struct.pack("<QI", 4 + len(certificate), key) + certificate for key in schemes)
    size = len(parts) + 24
    return struct.pack("<Q", size) + parts + struct.pack("<Q", size) + MAGIC
