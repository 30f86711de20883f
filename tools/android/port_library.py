"""Makes the native TFLite library of an Android archive (AAR) loadable by glibc, for running it on the host.

The machine code stays what phones run. Of the ELF file's tables three things change: the library needs the shim
(`shim.c`) in place of Android's own libraries, names that Android's C library means otherwise begin with a capital
letter, so that the shim answers them, and versions of symbols, which glibc would look for, are dropped.

The app's build (`android_demo/`) runs this with nothing but Python: standard library only.
"""

from __future__ import annotations

import pathlib
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence

FOLDER = pathlib.Path(__file__).parent
SHIM = "libB.so"  # as long as the name "libc.so", whose place it takes
LIBRARY = "libtensorflowlite_jni.so"
RENAMED: tuple[str, ...] = ("dlsym", "fflush", "fileno", "fprintf", "fputc", "fwrite", "memalign", "newlocale")
RENAMED += ("strerror_r", "sysconf", "vfprintf")
# ELF, 64 bits: program header types, dynamic tags, and tags that have to do with versions of symbols.
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _HASH, _STRINGS, _SYMBOLS = 1, 4, 5, 6
_VERSION_TAGS = {0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF}
_IGNORED_TAG = 0x60000FFF
_SYMBOL_BYTES = 24


def port(library: bytes) -> bytes:
    """Returns the library with its tables changed."""
    data = bytearray(library)
    tags = dict(reversed([(tag, value) for _, tag, value in _dynamic(data)]))  # the first of each
    strings, symbols = _offset(data, tags[_STRINGS]), _offset(data, tags[_SYMBOLS])
    needed = data.index(b"\0libc.so\0", strings) + 1
    data[needed : needed + len(SHIM)] = SHIM.encode()
    for place, tag, _ in list(_dynamic(data)):
        if tag in _VERSION_TAGS:
            struct.pack_into("<Q", data, place, _IGNORED_TAG)
        elif tag == _NEEDED:
            struct.pack_into("<Q", data, place + 8, needed - strings)
    (count,) = struct.unpack_from("<I", data, _offset(data, tags[_HASH]) + 4)
    for place in range(symbols, symbols + count * _SYMBOL_BYTES, _SYMBOL_BYTES):
        name, _, section = struct.unpack_from("<IHH", data, place)
        start = strings + name
        if section == 0 and data[start : data.index(0, start)].decode() in RENAMED:
            data[start : start + 1] = data[start : start + 1].upper()
    return bytes(data)


def _headers(data: bytes | bytearray) -> Iterator[tuple[int, int, int, int]]:
    """Yields type, offset, address and size of each program header."""
    (start,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    for place in range(start, start + 56 * count, 56):
        kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, place)
        yield kind, offset, address, size


def _offset(data: bytes | bytearray, address: int) -> int:
    """Returns where an address lies in the file."""
    loads = (part for part in _headers(data) if part[0] == _LOAD)
    return next(address - start + offset for _, offset, start, size in loads if start <= address < start + size)


def _dynamic(data: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """Yields place, tag and value of each dynamic entry."""
    (offset, size) = next((offset, size) for kind, offset, _, size in _headers(data) if kind == _DYNAMIC)
    for place in range(offset, offset + size, 16):
        yield (place, *struct.unpack_from("<QQ", data, place))


def compile_shim(path: pathlib.Path, compiler: Sequence[str] = ("gcc",), env: Mapping[str, str] | None = None) -> None:
    """Compiles the shim by a compiler and its options.

    Raises:
        ChildProcessError: it refused; its first line is the message.
    """
    command = [*compiler, "-O2", "-shared", "-fPIC", "-w", f"-Wl,-soname,{SHIM}", "-o", str(path)]
    command += [str(FOLDER / "shim.c"), "-Wl,--no-as-needed", "-lm", "-ldl", "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        raise ChildProcessError(f"expected to compile shim.c; {compiler[0]} said: {done.stderr.splitlines()[0]}")
