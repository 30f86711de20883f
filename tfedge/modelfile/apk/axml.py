"""Android's binary XML, as `aapt2` writes AndroidManifest.xml: chunks of strings, attribute ids and elements.

Layout: `ResourceTypes.h` of Android's frameworks/base. Attributes are found by their resource id, which shrinkers
leave, and by name where they have none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from tfedge.errors import ArtifactError
from tfedge.modelfile.apk.window import Window
from tfedge.modelfile.model_file import ModelData

# A manifest of a large app has 100 KB and 2,000 elements.
MAX_BYTES = 8 * 2**20
MAX_ELEMENTS = 100_000
MAX_TEXT = 4096  # Characters of one string; names of packages and permissions have at most a few hundred.
MAX_TEXTS = 2**21  # Characters of all strings: strings may share bytes, so that a small file has an endless number.

_POOL, _XML, _IDS, _START, _END = 0x0001, 0x0003, 0x0180, 0x0102, 0x0103
_UTF8 = 0x100
_REFERENCE, _STRING, _FLOAT, _BOOLEAN = 0x01, 0x03, 0x04, 0x12
_NONE = 0xFFFFFFFF
_ATTRIBUTE_BYTES = 20

Value = str | int | bool
Key = str | int


@dataclasses.dataclass(frozen=True)
class Element:
    """One element.

    Attributes:
        tag: its name.
        parents: names of the elements around it, the outermost first.
        attributes: by resource id where there is one, else by name. Values that stand in another file are texts,
            "@0x7f0b0001".
    """

    tag: str
    parents: tuple[str, ...]
    attributes: Mapping[Key, Value]


class _Pool:
    """Strings, read when they are asked for."""

    def __init__(self, window: Window, at: int) -> None:
        self._window, self._at = window, at
        header, self._size, self.count, _, flags, start = window.numbers("<HIIIII", at + 2)
        self._is_utf8, self._start, self._header = bool(flags & _UTF8), start, header
        window.check(at + header, 4 * self.count)
        self._read: dict[int, str] = {}
        self._left = MAX_TEXTS

    def __getitem__(self, index: int) -> str:
        if index not in self._read:
            if index >= self.count:
                raise ArtifactError(f"expected one of {self.count} strings of {self._window.what}; got string {index}")
            place = self._window.number("<I", self._at + self._header + 4 * index)
            self._read[index] = self._text(self._at + self._start + place)
            self._left -= len(self._read[index])
            if self._left < 0:
                raise ArtifactError(f"expected strings of {MAX_TEXTS} characters at most in {self._window.what}")
        return self._read[index]

    def _text(self, at: int) -> str:
        if self._is_utf8:
            _, at = self._length(at, "<B", 0x80, 8)
            length, at = self._length(at, "<B", 0x80, 8)
            self._window.check(at, length)
            return self._window.slice(at, min(length, 4 * MAX_TEXT)).decode("utf-8", "backslashreplace")[:MAX_TEXT]
        length, at = self._length(at, "<H", 0x8000, 16)
        self._window.check(at, 2 * length)
        raw = self._window.slice(at, 2 * min(length, MAX_TEXT))
        return raw.decode("utf-16-le", "replace")

    def _length(self, at: int, layout: str, more: int, bits: int) -> tuple[int, int]:
        """Returns a length of one unit, or of two where the first says so, and where it ends."""
        first = self._window.number(layout, at)
        size = bits // 8
        if not first & more:
            return first, at + size
        return (first & (more - 1)) << bits | self._window.number(layout, at + size), at + 2 * size


def read_elements(data: ModelData, what: str = "AndroidManifest.xml") -> Iterator[Element]:
    """Yields the elements of a binary XML file in their order.

    Raises:
        ArtifactError: no binary XML, cut, damaged, or larger than anything that an app has.
    """
    window = Window(data, what)
    if len(window) > MAX_BYTES:
        raise ArtifactError(f"expected {what} of {MAX_BYTES} bytes at most; it has {len(window)}")
    if window.slice(0, min(5, len(window))).lstrip(b"\xef\xbb\xbf").startswith(b"<"):
        raise ArtifactError(f"expected {what} as binary XML; it is text, as in a project's sources or an AAR")
    kind, header, size = window.numbers("<HHI", 0)
    if kind != _XML or size > len(window):
        raise ArtifactError(f"expected {what} as binary XML of {len(window)} bytes; it is cut, or something else")
    yield from _elements(window, header, size)


def _elements(window: Window, at: int, end: int) -> Iterator[Element]:
    pool: _Pool | None = None
    ids: tuple[int, ...] = ()
    parents: list[str] = []
    count = 0
    while at + 8 <= end:
        kind, header, size = window.numbers("<HHI", at)
        if size < max(8, header) or header < 8 or at + size > end:
            raise ArtifactError(f"expected a part of {window.what} at byte {at}; its size, {size}, does not fit")
        if kind == _POOL and pool is None:
            pool = _Pool(window, at)
        elif kind == _IDS:
            ids = window.numbers(f"<{(size - header) // 4}I", at + header)
        elif kind == _START:
            count += 1
            if pool is None or count > MAX_ELEMENTS:
                raise ArtifactError(f"expected strings and {MAX_ELEMENTS} elements at most in {window.what}")
            element = _element(window, at, header, size, pool, ids, tuple(parents[:4]))
            yield element
            parents.append(element.tag)
        elif kind == _END and parents:
            parents.pop()
        at += size


def _element(
    window: Window, at: int, header: int, size: int, pool: _Pool, ids: tuple[int, ...], parents: tuple[str, ...]
) -> Element:
    name, first, each, count = window.numbers("<IHHH", at + header + 4)
    if count and (each < _ATTRIBUTE_BYTES or header + first + each * count > size):
        raise ArtifactError(f"expected {count} attributes at byte {at} of {window.what}; they do not fit there")
    attributes: dict[Key, Value] = {}
    for place in range(at + header + first, at + header + first + each * count, max(each, 1)):
        _, key, raw, _, _, kind, value = window.numbers("<IIIHBBI", place)
        named: Key = ids[key] if key < len(ids) and ids[key] else pool[key]
        attributes[named] = _value(pool, raw, kind, value)
    return Element(pool[name], parents, attributes)


def _value(pool: _Pool, raw: int, kind: int, value: int) -> Value:
    if kind == _STRING:
        return pool[value]
    if kind == _BOOLEAN:
        return value != 0
    if kind == _REFERENCE:
        return f"@0x{value:08x}"
    if raw != _NONE and kind == _FLOAT:
        return pool[raw]
    return value
