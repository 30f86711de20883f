"""Which classes a dex file defines, and which it only names.

Layout: source.android.com/docs/core/runtime/dex-format.
"""

from __future__ import annotations

import dataclasses
import struct

from tfedge.errors import ArtifactError
from tfedge.modelfile.apk.window import Window
from tfedge.modelfile.model_file import ModelData

MAX_BYTES = 64 * 2**20  # A dex file has 65,536 methods at most; the largest have 15 MB.
MAX_CLASSES = 65_536  # As many types can be named.
MAX_NAMED = 5000  # Types under the prefixes; TensorFlow Lite has 35 after shrinking and 300 before.
_MAX_NAME = 256
_CLASS = struct.Struct("<I28x")


@dataclasses.dataclass(frozen=True)
class DexClasses:
    """Classes of one dex file under some prefixes.

    Attributes:
        defined: descriptors of classes that it defines, such as "Lorg/tensorflow/lite/Interpreter;".
        named: descriptors of all types that its code names, those that it defines among them.
    """

    defined: frozenset[str]
    named: frozenset[str]


class _Dex:
    def __init__(self, window: Window) -> None:
        self._window = window
        if len(window) < 112 or window.slice(0, 4) != b"dex\n":
            raise ArtifactError(
                f"expected a dex file in {window.what}; it begins with {window.slice(0, min(4, len(window)))!r}"
            )
        self.num_strings, self._strings, self.num_types, self._types = window.numbers("<IIII", 56)
        self._num_classes, self._classes = window.numbers("<II", 96)
        for name, count, at, size in (
            ("strings", self.num_strings, self._strings, 4),
            ("types", self.num_types, self._types, 4),
            ("classes", self._num_classes, self._classes, _CLASS.size),
        ):
            if count and (at < 0 or at + count * size > len(window)):
                raise ArtifactError(
                    f"expected {count} {name} in {window.what}; they do not fit into {len(window)} bytes"
                )
        if self._num_classes > MAX_CLASSES or self.num_types > MAX_CLASSES:
            raise ArtifactError(f"expected {MAX_CLASSES} classes and types at most in {window.what}; it has more")

    def text(self, index: int) -> bytes:
        """Returns a string's bytes, at most `_MAX_NAME`."""
        at = self._window.number("<I", self._strings + 4 * index)
        head = self._window.slice(at, min(_MAX_NAME + 5, len(self._window) - at) if at < len(self._window) else 1)
        start = next((place + 1 for place, byte in enumerate(head[:5]) if byte < 0x80), 0)  # Behind its length.
        return head[start:].partition(b"\0")[0]

    def strings_with(self, prefix: bytes) -> range:
        """Returns the indices of the strings that begin with a prefix; strings are sorted."""
        return range(self._bisect(prefix), self._bisect(prefix + b"\xff"))

    def _bisect(self, wanted: bytes) -> int:
        low, high = 0, self.num_strings
        while low < high:
            middle = (low + high) // 2
            if self.text(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def types(self) -> tuple[int, ...]:
        """Returns the string index of each type."""
        return self._window.numbers(f"<{self.num_types}I", self._types) if self.num_types else ()

    def classes(self) -> set[int]:
        """Returns the type index of each class that is defined."""
        if not self._num_classes:
            return set()
        table = self._window.slice(self._classes, self._num_classes * _CLASS.size)
        return {index for (index,) in _CLASS.iter_unpack(table)}


def read_classes(data: ModelData, what: str, prefixes: tuple[str, ...]) -> DexClasses:
    """Reads which classes under `prefixes` ("Lorg/tensorflow/lite/") a dex file defines and names.

    Raises:
        ArtifactError: no dex file, or tables that lead out of it.
    """
    dex = _Dex(Window(data, what))
    ranges = [dex.strings_with(prefix.encode("ascii")) for prefix in prefixes]
    wanted = {
        place: string
        for place, string in enumerate(dex.types())
        if any(string in found for found in ranges) and string < dex.num_strings
    }
    if len(wanted) > MAX_NAMED:
        raise ArtifactError(f"expected {MAX_NAMED} classes of runtimes at most in {what}; it names {len(wanted)}")
    names = {place: dex.text(string).decode("utf-8", "backslashreplace") for place, string in wanted.items()}
    defined = dex.classes()
    return DexClasses(frozenset(names[place] for place in names if place in defined), frozenset(names.values()))
