"""Reads the builtin options of an op with the published schema: what its kernel will read, and no more."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from tfedge.modelfile.flatbuffer import damaged
from tfedge.modelfile.summary import OptionValue
from tfedge.modelfile.tables import OptionTable, Tables, text

_UNIONS = ("BuiltinOptions", "BuiltinOptions2")
_UNREADABLE = (struct.error, IndexError, ValueError, TypeError, OverflowError)


def read_options(schema: ModuleType, tables: Tables, op: Any, op_name: str) -> dict[str, OptionValue]:
    """Returns the options of an op that are single values, by the attribute names of the schema.

    Vectors are checked to lie inside the file and not returned; texts are cut at `MAX_OPTION_TEXT_BYTES`.

    Raises:
        ArtifactError: a value or a vector outside the file; `op_name` is for the message.
    """
    try:
        return dict(_values(schema, tables, op))
    except _UNREADABLE as error:
        raise damaged(f"unreadable options of a {op_name} op ({error})") from error


def _values(schema: ModuleType, tables: Tables, op: Any) -> Iterator[tuple[str, OptionValue]]:
    for union in _UNIONS:
        found, table = _kinds(schema, union).get(getattr(op, union + "Type")()), getattr(op, union)()
        if found is None or table is None:
            continue
        kind, fields = found
        options = kind()
        options.Init(table.Bytes, table.Pos)
        tables.quicken(options, OptionTable)
        for key, read in fields:
            value = read(options)
            if isinstance(value, bytes):
                yield key, text(value)
            elif isinstance(value, int | float):
                yield key, value


Reader = Callable[[Any], object]


@functools.cache
def _kinds(schema: ModuleType, union: str) -> dict[int, tuple[Any, list[tuple[str, Reader]]]]:
    """Returns by union type the class of an options table and its fields: attribute name and reading method."""
    kinds = {}
    for name, number in vars(getattr(schema, union)).items():
        if not name.startswith("_") and number:
            kind = getattr(schema, name)
            kinds[number] = (kind, [(key, _reader(kind, key)) for key in vars(getattr(schema, name + "T")())])
    return kinds


def _reader(kind: Any, key: str) -> Reader:
    method = key[0].upper() + key[1:]
    reader: Reader = getattr(kind, method + "AsNumpy", None) or getattr(kind, method)
    return reader
