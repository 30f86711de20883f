"""Ways to damage a .tflite: blind ones, and ones that know where its tables, vectors and zip entries are."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import struct
from collections.abc import Callable, Mapping, Sequence

from tfedge.modelfile.flatbuffer import TABLES

# What offsets, lengths and indices break on: ends of ranges, and their neighbours.
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)
BYTES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
_SIZES = {"i8": 1, "u8": 1, "i32": 4, "u32": 4, "f32": 4, "i64": 8, "u64": 8}
_MAX_TABLES = 5000  # Of one file that are looked at: enough to reach every kind.
_SEALED = b"sha256:"


@dataclasses.dataclass(frozen=True)
class Places:
    """Where things stand in a sound model, as byte offsets.

    Attributes:
        scalars: (place, size) of single values.
        offsets: places of uint32 offsets to tables, vectors and texts, with the kind of what they lead to.
        lengths: places of uint32 lengths of vectors and texts.
        vtables: places of the uint16 of vtables.
        tables: starts of tables, whose first int32 leads to the vtable.
        by_kind: starts of tables, vectors and texts of each kind.
        zips: places of zip headers.
    """

    scalars: Sequence[tuple[int, int]]
    offsets: Sequence[tuple[int, str]]
    lengths: Sequence[int]
    vtables: Sequence[int]
    tables: Sequence[int]
    by_kind: Mapping[str, Sequence[int]]
    zips: Sequence[int]


@dataclasses.dataclass(frozen=True)
class Sample:
    """A real file to damage."""

    name: str
    data: bytes
    places: Places


def find_places(data: bytes) -> Places:
    """Walks the tables of a sound model and notes where everything is."""
    walk = _Walk(data)
    walk.table(struct.unpack_from("<I", data)[0], "Model")
    zips = [at for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") for at in _all(data, mark)]
    offsets = [(0, "Model"), *walk.offsets]
    return Places(walk.scalars, offsets, walk.lengths, sorted(walk.vtables), walk.tables, walk.by_kind, zips)


def _all(data: bytes, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


class _Walk:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.scalars: list[tuple[int, int]] = []
        self.offsets: list[tuple[int, str]] = []
        self.lengths: list[int] = []
        self.vtables: set[int] = set()
        self.tables: list[int] = []
        self.by_kind: dict[str, list[int]] = {}

    def table(self, at: int, kind: str | None) -> None:
        if len(self.tables) >= _MAX_TABLES:
            return
        self.tables.append(at)
        vtable = at - struct.unpack_from("<i", self._data, at)[0]
        size = struct.unpack_from("<H", self._data, vtable)[0]
        self.vtables.update(range(vtable, vtable + size, 2))
        fields = TABLES[kind] if kind else ()
        for slot, offset in enumerate(struct.unpack_from(f"<{size // 2 - 2}H", self._data, vtable + 4)):
            field = fields[slot] if slot < len(fields) else None
            if not offset:
                continue
            if field is None or field in _SIZES:
                self.scalars.append((at + offset, _SIZES.get(field or "", 4)))
            else:
                self.offsets.append((at + offset, field))
                self._follow(at + offset + struct.unpack_from("<I", self._data, at + offset)[0], field)

    def _follow(self, at: int, field: str) -> None:
        self.by_kind.setdefault(field, []).append(at)
        if field == "union":
            self.table(at, None)
            return
        if field != "string" and not field.startswith("["):
            self.table(at, field)
            return
        self.lengths.append(at)
        count = struct.unpack_from("<I", self._data, at)[0]
        element = field[1:-1]
        if field == "string":
            return
        if element in _SIZES:
            self.scalars += [(at + 4 + place * _SIZES[element], _SIZES[element]) for place in range(min(count, 16))]
            return
        for place in range(count):
            self.offsets.append((at + 4 + 4 * place, element))
            self._follow(at + 4 + 4 * place + struct.unpack_from("<I", self._data, at + 4 + 4 * place)[0], element)


Mutation = Callable[[random.Random, bytearray, Sample, Sequence[Sample]], None]


def flip_bits(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Flips one to eight bits anywhere."""
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def set_bytes(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Sets a few bytes, or a stretch of them, to a value that ends a range."""
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(data)), rng.choice((1, 1, 2, 4, 8, 64, 500))
        data[at : at + length] = bytes([rng.choice(BYTES)]) * len(data[at : at + length])


def set_words(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Sets aligned words anywhere to numbers that offsets and lengths break on."""
    for _ in range(rng.randint(1, 4)):
        _put(data, rng.randrange(max(1, len(data) // 4)) * 4, 4, _number(rng, data))


def cut(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Cuts the end, the start, or a piece out of the middle."""
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    if rng.random() < 0.5:
        del data[end:]
    elif rng.random() < 0.2:
        del data[:start]
    else:
        del data[start : min(end, start + 4 * rng.randint(1, 100))]


def splice(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Puts a piece of this or another file over, or into, this one."""
    source = rng.choice(others).data
    length = min(len(source), rng.choice((4, 16, 64, 256, 4096)))
    start = rng.randrange(len(source) - length + 1) // 4 * 4
    at = rng.randrange(len(data)) // 4 * 4
    data[at : at + (length if rng.random() < 0.7 else 0)] = source[start : start + length]


def set_scalars(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Sets fields of tables: shapes, types, indices, versions, options."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        at, size = rng.choice(sample.places.scalars)
        # Small numbers are types, indices and versions that mean something: such files are read, and looked into.
        value = rng.randrange(rng.choice((4, 20, 256))) if rng.random() < 0.7 else _number(rng, data)
        _put(data, at, size, value if rng.random() < 0.9 else -1 - value)


def set_offsets(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Makes offsets lead elsewhere: to another thing of the same kind, to another kind, or to nothing."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        at, kind = rng.choice(sample.places.offsets)
        chance = rng.random()
        if chance < 0.7:  # Offsets lead forwards: back, only a number that wraps around would.
            target = rng.choice([place for place in sample.places.by_kind.get(kind, ()) if place > at] or [at + 4])
            _put(data, at, 4, target - at)
        elif chance < 0.85:
            target = rng.choice(rng.choice((sample.places.tables, sample.places.lengths)))
            _put(data, at, 4, target - at + rng.choice((0, 0, -4, 4)))
        else:
            _put(data, at, 4, _number(rng, data))


def set_lengths(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Makes vectors and texts longer or shorter than they are."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.choice(sample.places.lengths)
        now = struct.unpack_from("<I", data, at)[0] if at + 4 <= len(data) else 0
        near = rng.choice((-1, 1, 2, 16, -rng.randint(0, now)))
        _put(data, at, 4, max(0, now + near) if rng.random() < 0.7 else _number(rng, data))


def set_vtables(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Changes vtables, which tables share, or where a table looks for its own."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        if rng.random() < 0.7:
            _put(data, rng.choice(sample.places.vtables), 2, rng.choice((0, 2, 4, 6, 8, 12, 64, 255, 65534, 65535)))
        else:
            at = rng.choice(sample.places.tables)
            _put(data, at, 4, rng.choice((at - rng.choice(sample.places.vtables), _number(rng, data))))


def damage_zip(rng: random.Random, data: bytearray, sample: Sample, others: Sequence[Sample]) -> None:
    """Changes headers and contents of the zip behind a model; half of the time a pack's seal is made right again."""
    if not sample.places.zips:
        set_scalars(rng, data, sample, others)
        return
    for _ in range(rng.randint(1, 3)):
        at = rng.choice(sample.places.zips) + rng.randrange(60)
        size = rng.choice((1, 2, 4))
        _put(data, at, size, rng.randrange(256) if rng.random() < 0.5 else _number(rng, data))
    if rng.random() < 0.5 and data[-71:-64] == _SEALED:
        data[-64:] = hashlib.sha256(data[:-71]).hexdigest().encode()


BLIND: tuple[Mutation, ...] = (flip_bits, set_bytes, set_words, cut, splice)
AWARE: tuple[Mutation, ...] = (set_scalars, set_scalars, set_offsets, set_lengths, set_vtables, damage_zip)


def mutated(seed: int, index: int, samples: Sequence[Sample]) -> tuple[str, bytes]:
    """Returns case `index` of `seed`: the name of the file and of what was done to it, and its bytes.

    A case depends on nothing else, so that one of a million can be made again.
    """
    rng = random.Random(f"{seed}:{index}")
    sample = rng.choice(samples)
    data = bytearray(sample.data)
    done = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        mutation = rng.choice(BLIND if rng.random() < 0.3 else AWARE)
        if data:
            mutation(rng, data, sample, samples)
        done.append(mutation.__name__)
    return f"{sample.name}: {', '.join(done)}", bytes(data)


def _number(rng: random.Random, data: bytearray) -> int:
    if rng.random() < 0.3:
        return max(0, len(data) + rng.randint(-16, 16))
    return rng.choice(NUMBERS) if rng.random() < 0.7 else rng.randrange(2**32)


def _put(data: bytearray, at: int, size: int, value: int) -> None:
    if 0 <= at and at + size <= len(data):
        data[at : at + size] = (value % 256**size).to_bytes(size, "little")
