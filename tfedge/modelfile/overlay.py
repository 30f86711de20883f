"""New tables in front of a flatbuffer whose own bytes stay where they are.

A reference in a flatbuffer is an unsigned distance forwards. So what is put behind a model can be referred to, but can
refer to nothing in it: one more entry in the list of buffers would have to take every weight along. What is put
between the eight bytes of the header and the rest can refer to everything. An edit therefore copies the tables on the
way from the root to what changes, and no other: siblings, options of unknown ops, metadata, weights are referred
to where they are, byte for byte. What two tables share is never changed for both, since nothing old is changed at all;
only `overwrite` writes into old bytes, and its caller answers for it.

Distances are relative, so the old bytes may move by any multiple of their strictest alignment. Absolute positions
(external buffers, a zip behind the model) are the caller's concern: `shift` says how far the old bytes moved.
"""

from __future__ import annotations

import dataclasses
import struct
from typing import TypeAlias

from tfedge.errors import ArtifactError
from tfedge.modelfile.flatbuffer import IDENTIFIER, TABLES, verify_model

HEADER_BYTES = 8  # Offset of the root, identifier.
# Buffers are aligned to 16 by the schema, and some writers align them to 64 for the CPU's cache lines.
SHIFT_ALIGNMENT = 64
MAX_MODEL_BYTES = 2**31 - 1  # Where flatbuffers, and every runtime that verifies one, end.
BUFFER_ALIGNMENT = 16
_SIZES = {"i8": 1, "u8": 1, "i32": 4, "u32": 4, "f32": 4, "i64": 8, "u64": 8}


@dataclasses.dataclass(frozen=True)
class Kept:
    """A table, vector or text of the old bytes, at its old place `at`."""

    at: int


@dataclasses.dataclass
class Scalars:
    """A new vector of numbers or of bytes; its first element stands at a multiple of `alignment`."""

    element_size: int
    data: bytes
    alignment: int = 4


@dataclasses.dataclass
class Text:
    """A new string."""

    data: bytes


@dataclasses.dataclass
class Tables:
    """A new vector of references to tables of one kind."""

    kind: str
    items: list[Table | Kept]


@dataclasses.dataclass
class Table:
    """A new table: little-endian numbers and references by slot; a slot that is not there has its default."""

    kind: str
    fields: dict[int, bytes | Node]


Node: TypeAlias = Table | Tables | Scalars | Text | Kept


class Overlay:
    """The old bytes and the new tables in front of them.

    Args:
        data: a model, with nothing behind it that counts from byte 0.

    Raises:
        ArtifactError: not a .tflite, or a damaged one.
    """

    def __init__(self, data: bytes) -> None:
        verify_model(data)
        self._data = data
        self._overwritten: dict[int, bytes] = {}
        self._vectors: dict[int, Tables] = {}  # Old ones, for reading.
        self._changed = False
        self.root = self.view(Kept(self._target(0)), "Model")

    def view(self, node: Node, kind: str) -> Table:
        """Returns a table to read: of an old one a copy, which changes nothing until it is referred to.

        Raises:
            ArtifactError: the old table has fields that this version cannot copy.
        """
        if isinstance(node, Table):
            return node
        if not isinstance(node, Kept):
            raise TypeError(f"expected a table of kind {kind}; got {type(node).__name__}")
        at = node.at
        vtable = at - struct.unpack_from("<i", self._data, at)[0]
        slots = struct.unpack_from("<H", self._data, vtable)[0] // 2 - 2
        kinds = TABLES[kind]
        fields: dict[int, bytes | Node] = {}
        for slot, offset in enumerate(struct.unpack_from(f"<{slots}H", self._data, vtable + 4)):
            if not offset:
                continue
            field = kinds[slot] if slot < len(kinds) else None
            if field is None:
                raise ArtifactError(
                    f"expected a model of schema version 3; its {kind} at byte {at} has field {slot}, which no schema "
                    "known to tfedge has, so it cannot be rewritten safely; update tfedge"
                )
            if field in _SIZES:
                fields[slot] = bytes(self._data[at + offset : at + offset + _SIZES[field]])
            else:
                fields[slot] = Kept(self._target(at + offset))
        return Table(kind, fields)

    def tables(self, table: Table, slot: int) -> Tables:
        """Returns the vector of tables in `slot` to read; an absent one is empty."""
        node, field = table.fields.get(slot), TABLES[table.kind][slot] or ""
        kind = field[1:-1]
        if isinstance(node, Tables):
            return node
        if not isinstance(node, Kept):
            return Tables(kind, [])
        if node.at not in self._vectors:
            (count,) = struct.unpack_from("<I", self._data, node.at)
            places = range(node.at + 4, node.at + 4 + 4 * count, 4)
            self._vectors[node.at] = Tables(kind, [Kept(self._target(place)) for place in places])
        return self._vectors[node.at]

    def open_table(self, holder: Table | Tables, key: int) -> Table:
        """Returns a table to change, in `holder` (itself new): the slot of a table, or the place in a vector."""
        if isinstance(holder, Tables):
            opened = self.view(holder.items[key], holder.kind)
            holder.items[key] = opened
        else:
            kind = TABLES[holder.kind][key] or ""
            node = holder.fields.get(key)
            opened = Table(kind, {}) if node is None or isinstance(node, bytes) else self.view(node, kind)
            holder.fields[key] = opened
        self._changed = True
        return opened

    def open_tables(self, table: Table, slot: int) -> Tables:
        """Returns the vector of tables in `slot` of a new table, to change; an absent one is made."""
        opened = self.tables(table, slot)
        if table.fields.get(slot) is not opened:
            opened = Tables(opened.kind, list(opened.items))
        table.fields[slot] = opened
        self._changed = True
        return opened

    def integer(self, table: Table, slot: int, default: int = 0) -> int:
        """Returns a whole number of a table."""
        value, kind = table.fields.get(slot), TABLES[table.kind][slot] or ""
        return int.from_bytes(value, "little", signed=kind[0] == "i") if isinstance(value, bytes) else default

    def set_integer(self, table: Table, slot: int, value: int) -> None:
        """Sets a whole number of a new table."""
        kind = TABLES[table.kind][slot] or ""
        table.fields[slot] = value.to_bytes(_SIZES[kind], "little", signed=kind[0] == "i")
        self._changed = True

    def set_node(self, table: Table, slot: int, node: Node) -> None:
        """Sets a reference of a new table."""
        table.fields[slot] = node
        self._changed = True

    def content(self, table: Table, slot: int) -> memoryview:
        """Returns the bytes of a string or of a vector of numbers; an absent one is empty."""
        node, field = table.fields.get(slot), TABLES[table.kind][slot] or ""
        if isinstance(node, Scalars | Text):
            return memoryview(node.data)
        if not isinstance(node, Kept):
            return memoryview(b"")
        if node.at + 4 in self._overwritten:
            return memoryview(self._overwritten[node.at + 4])
        (count,) = struct.unpack_from("<I", self._data, node.at)
        size = count * (1 if field == "string" else _SIZES[field[1:-1]])
        return memoryview(self._data)[node.at + 4 : node.at + 4 + size]

    def overwrite(self, node: Kept, data: bytes) -> None:
        """Writes over the elements of an old vector; the caller knows that nobody else reads them."""
        self._overwritten[node.at + 4] = data
        self._changed = True

    def to_bytes(self) -> bytes:
        """Returns the model: the old bytes themselves where nothing was changed.

        Raises:
            ArtifactError: it would be larger than a flatbuffer can be.
        """
        if not self._changed:
            return bytes(self._data)
        front = _Front()
        root = front.write(self.root)
        front.align(SHIFT_ALIGNMENT, ahead=-HEADER_BYTES)
        shift = len(front.data) - HEADER_BYTES
        if shift + len(self._data) > MAX_MODEL_BYTES:
            raise ArtifactError(
                f"expected a rewritten model below 2 GB; it would have {shift + len(self._data)} bytes; "
                "a file of this size cannot be rewritten"
            )
        front.resolve(shift)
        struct.pack_into("<I4s", front.data, 0, root, IDENTIFIER)
        front.data += memoryview(self._data)[HEADER_BYTES:]
        for at, data in self._overwritten.items():
            front.data[at + shift : at + shift + len(data)] = data
        return bytes(front.data)

    def _target(self, at: int) -> int:
        return at + int(struct.unpack_from("<I", self._data, at)[0])


class _Front:
    """Lays out new nodes behind the header, each before what it refers to."""

    def __init__(self) -> None:
        self.data = bytearray(HEADER_BYTES)
        self._kept: list[tuple[int, int]] = []  # Place of a reference, old place that it is to.

    def align(self, alignment: int, ahead: int = 0) -> None:
        """Pads so that the byte `ahead` of the next one stands at a multiple of `alignment`."""
        self.data += bytes(-(len(self.data) + ahead) % alignment)

    def resolve(self, shift: int) -> None:
        """Writes the references to old nodes, which all move by `shift` bytes."""
        for place, at in self._kept:
            struct.pack_into("<I", self.data, place, at + shift - place)

    def write(self, node: Table | Tables | Scalars | Text) -> int:
        """Appends a node and all that it refers to; returns its place."""
        if isinstance(node, Table):
            return self._write_table(node)
        if isinstance(node, Tables):
            return self._write_tables(node)
        if isinstance(node, Text):
            self.align(4)
            at, count, data = len(self.data), len(node.data), node.data + b"\0"
        else:
            self.align(max(4, node.alignment), ahead=4)
            at, count, data = len(self.data), len(node.data) // node.element_size, node.data
        self.data += struct.pack("<I", count) + data
        return at

    def _refer(self, place: int, node: Node) -> None:
        if isinstance(node, Kept):
            self._kept.append((place, node.at))
        else:
            struct.pack_into("<I", self.data, place, self.write(node) - place)

    def _write_tables(self, vector: Tables) -> int:
        self.align(4)
        at = len(self.data)
        self.data += struct.pack("<I", len(vector.items)) + bytes(4 * len(vector.items))
        for index, item in enumerate(vector.items):
            self._refer(at + 4 + 4 * index, item)
        return at

    def _write_table(self, table: Table) -> int:
        offsets, end = {}, 4
        # Widest first, so that padding is at most once.
        for slot, value in sorted(table.fields.items(), key=lambda field: -_width(field[1])):
            width = _width(value)
            offsets[slot] = end = end + -end % width
            end += width
        size, slots = end + -end % 4, max(table.fields, default=-1) + 1
        self.align(2)
        vtable = len(self.data)
        places = [offsets.get(slot, 0) for slot in range(slots)]
        self.data += struct.pack(f"<{2 + slots}H", 4 + 2 * slots, size, *places)
        self.align(8)
        at = len(self.data)
        self.data += struct.pack("<i", at - vtable) + bytes(size - 4)
        for slot, value in table.fields.items():
            if isinstance(value, bytes):
                self.data[at + offsets[slot] : at + offsets[slot] + len(value)] = value
        for slot, value in table.fields.items():
            if not isinstance(value, bytes):
                self._refer(at + offsets[slot], value)
        return at


def _width(value: bytes | Node) -> int:
    return len(value) if isinstance(value, bytes) else 4
