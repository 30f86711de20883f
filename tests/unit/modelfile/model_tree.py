"""A whole model as plain Python values, to compare what an edit left alone; and files whose parts are shared."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from tfedge.modelfile.schema import load_schema

schema: Any = load_schema()


def unpacked(model_bytes: bytes) -> Any:
    """Returns the ModelT of a model: what a test changes by hand to say what an edit should have done."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(model_bytes, 0))


def tree(model: Any) -> Any:
    """Returns a ModelT, or any part of one, as nested dicts and lists; arrays and texts in one form."""
    if isinstance(model, np.ndarray):
        return model.tolist()
    if isinstance(model, list | tuple):
        return [tree(item) for item in model]
    if hasattr(model, "__dict__"):
        return {key: tree(value) for key, value in vars(model).items()}
    return model.decode() if isinstance(model, bytes) else model


def old_bytes_kept(old: bytes, new: bytes) -> bool:
    """Returns whether the old bytes stand at the end of the new ones, moved by a multiple of 64."""
    shift = len(new) - len(old)
    return shift > 0 and shift % 64 == 0 and new[shift + 8 :] == old[8:]


def reference_place(table: Any, slot: int, index: int | None = None) -> int:
    """Returns where a generated table holds a reference: in a slot, or at `index` of the vector in it."""
    tab = table._tab
    offset = tab.Offset(4 + 2 * slot)
    assert offset
    return int(tab.Pos + offset if index is None else tab.Vector(offset) + 4 * index)


def aliased(model_bytes: bytes, one: int, other: int) -> bytes:
    """Returns the model with two references (their places) to one thing, as writers that deduplicate make it."""
    data = bytearray(model_bytes)
    target = max(place + struct.unpack_from("<I", data, place)[0] for place in (one, other))
    for place in (one, other):
        assert target > place
        struct.pack_into("<I", data, place, target - place)
    return bytes(data)
