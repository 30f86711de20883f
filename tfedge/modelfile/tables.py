"""The flatbuffers library's table, made quicker and bounded, and how texts and vectors are taken from one."""

from __future__ import annotations

import struct
from typing import Any

from tfedge.modelfile.flatbuffer import MAX_FIELDS
from tfedge.modelfile.model_file import ModelData
from tfedge.printable import printable

try:
    from flatbuffers import encode, number_types  # type: ignore[import-untyped]
    from flatbuffers.table import Table  # type: ignore[import-untyped]
except ImportError:  # `load_schema` says what to install, before there is a table to read.
    Table = object

# Of the texts in an op's options (names of a variable, a custom call, a composite). What is longer is no name: a
# hundred thousand ops may point to one text of a hundred megabytes.
MAX_OPTION_TEXT_BYTES = 256


class _QuickTable(Table):  # type: ignore[misc]
    """A table that knows the fields of its vtable: the library's own looks them up in the file at every access."""

    def __init__(self, data: ModelData, at: int, fields: tuple[int, ...]) -> None:
        self.Bytes, self.Pos, self._fields = data, at, fields

    def Offset(self, vtableOffset: int) -> int:  # noqa: N802, N803 - flatbuffers' names
        slot = vtableOffset >> 1
        return self._fields[slot] if slot < len(self._fields) else 0


class OptionTable(_QuickTable):
    """A table of options, whose texts the walk has not checked: read inside the file, and cut."""

    def String(self, off: int) -> bytes:  # noqa: N802 - flatbuffers' name
        at = off + encode.Get(number_types.UOffsetTFlags.packer_type, self.Bytes, off)
        length = encode.Get(number_types.UOffsetTFlags.packer_type, self.Bytes, at)
        if at + 4 + length > len(self.Bytes):
            raise ValueError(f"a text that ends at byte {at + 4 + length}")
        return bytes(self.Bytes[at + 4 : at + 4 + min(length, MAX_OPTION_TEXT_BYTES)])


class Tables:
    """Hands out quicker tables of one verified model; most tables of a kind share a vtable."""

    def __init__(self, data: ModelData) -> None:
        self._data = data
        self._vtables: dict[int, tuple[int, ...]] = {}

    def quicken(self, item: Any, kind: type[_QuickTable] = _QuickTable) -> Any:
        """Returns `item`, an object of the schema's module, on a quicker table at the same place."""
        at = item._tab.Pos
        vtable = at - struct.unpack_from("<i", self._data, at)[0]
        fields = self._vtables.get(vtable)
        if fields is None:
            size = struct.unpack_from("<H", self._data, vtable)[0]
            fields = struct.unpack_from(f"<{min(size // 2, 2 + MAX_FIELDS)}H", self._data, vtable)
            self._vtables[vtable] = fields
        item._tab = kind(self._data, at, fields)
        return item


def text(value: bytes | None) -> str:
    """Decodes a name. Names are bytes to every interpreter: one that is not UTF-8 is shown, and refuses no model."""
    return printable((value or b"").decode("utf-8", "backslashreplace"))


def vector(table: Any, field: str) -> list[int]:
    """Returns a vector of integers of a table as a list; an absent one is empty."""
    values = getattr(table, field + "AsNumpy")()
    return [] if isinstance(values, int) else values.tolist()
