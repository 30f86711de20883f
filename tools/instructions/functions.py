"""Names of functions in an ARM library, from its ELF symbol table: enough to say where instructions were spent."""

from __future__ import annotations

import bisect
import functools
import os
import pathlib
import struct

from tfedge.errors import ArtifactError

_DYNAMIC, _SYMBOLS, _LOADED, _FUNCTION = 11, 2, 1, 2  # SHT_DYNSYM, SHT_SYMTAB, PT_LOAD, STT_FUNC


class Library:
    """The functions of one 64-bit little-endian ELF file.

    Raises:
        ArtifactError: not such a file.
    """

    def __init__(self, path: str) -> None:
        self.name = os.path.basename(path)
        data = pathlib.Path(path).read_bytes()
        if data[:6] != b"\x7fELF\x02\x01":
            raise ArtifactError(f"expected a 64-bit ELF library in {path}; it is none; look at what is mapped")
        try:
            self._segments = _segments(data)
            self._functions = _functions(data, _SYMBOLS) or _functions(data, _DYNAMIC)
        except (struct.error, IndexError, ValueError) as error:
            raise ArtifactError(
                f"expected a whole ELF library in {path}; {error}; install the runtime again"
            ) from error

    @classmethod
    @functools.lru_cache(maxsize=64)
    def at(cls, path: str) -> Library:
        """Returns the library in `path`, read once."""
        return cls(path)

    def function_at(self, offset: int) -> str:
        """Returns the function at an offset of the file; the file's name where no symbol covers it."""
        address = next((offset - low + start for low, high, start in self._segments if low <= offset < high), -1)
        place = bisect.bisect_right(self._functions, (address, 1 << 62, "")) - 1
        if place >= 0:
            start, size, name = self._functions[place]
            if start <= address < start + size:
                return name
        return self.name


def _segments(data: bytes) -> list[tuple[int, int, int]]:
    """Returns (first offset, offset after the last, address) of each part that is loaded."""
    (start,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    headers = [struct.unpack_from("<IIQQQQQQ", data, start + 56 * place) for place in range(count)]
    return [(offset, offset + size, address) for kind, _, offset, address, _, size, _, _ in headers if kind == _LOADED]


def _functions(data: bytes, wanted: int) -> list[tuple[int, int, str]]:
    """Returns (address, size, name) of each function in the symbol table of one kind, by address."""
    (start,), (count,) = struct.unpack_from("<Q", data, 40), struct.unpack_from("<H", data, 60)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, start + 64 * place) for place in range(count)]
    found = []
    for _, kind, _, _, offset, size, link, _, _, _ in sections:
        if kind == wanted:
            names = sections[link][4]
            for place in range(offset, offset + size, 24):
                name, info, _, _, address, length = struct.unpack_from("<IBBHQQ", data, place)
                if info & 15 == _FUNCTION and length:
                    text = data[names + name : data.index(b"\0", names + name)].decode(errors="replace")
                    found.append((address, length, text))
    return sorted(found)
