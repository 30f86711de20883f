"""Makes another subgraph of a file the first one, because interpreters tell what they did with the first one alone."""

from __future__ import annotations

import struct

from tfedge.errors import ConfigError
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.schema import load_schema

_SUBGRAPHS_FIELD = 8  # Of the table Model, in bytes of its vtable: slot 2 of `tfedge.modelfile.flatbuffer.TABLES`.


def entry_patch(data: ModelData, subgraph: int) -> tuple[int, bytes]:
    """Returns where to write what, so that place 0 of the list of subgraphs leads to `subgraph` as well.

    Nothing moves: the four bytes are an offset. The changed file is for looking at, not for running: whatever called
    subgraph 0 by its index, a signature for one, now calls the other.

    Args:
        data: a model that `verify_model` accepted.

    Raises:
        ConfigError: there is no such subgraph.
    """
    table = load_schema().Model.GetRootAs(data, 0)._tab
    field = table.Offset(_SUBGRAPHS_FIELD)
    if not field or not 0 <= subgraph < table.VectorLen(field):
        raise ConfigError(f"expected the index of a subgraph; got {subgraph}")
    first = table.Vector(field)
    target = first + 4 * subgraph + struct.unpack_from("<I", data, first + 4 * subgraph)[0]
    return first, struct.pack("<I", target - first)
