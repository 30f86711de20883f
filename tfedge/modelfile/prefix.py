"""The first ops of a model as a model: what finds the op on which an interpreter dies."""

from __future__ import annotations

import struct

from tfedge.errors import ConfigError
from tfedge.modelfile.layout import OPERATORS
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.schema import load_schema

_FIRST_SLOT = 4  # Slots of a vtable begin after its two sizes, each two bytes wide.


def with_first_ops(data: ModelData, subgraph: int, count: int) -> bytes:
    """Returns a model of which `subgraph` has only its first `count` ops.

    Only the length of its vector of ops changes, four bytes in place: the rest of the vector and everything else stay,
    so that nothing is loaded otherwise than in the whole file. Outputs of ops that are gone are never computed.

    Args:
        data: a verified model (`read_graph` verifies); what stands behind it stays.
        subgraph: index of the subgraph.
        count: 0 to the number of its ops.

    Raises:
        ConfigError: no such subgraph, or more ops than it has.
    """
    changed = bytearray(data)
    model = load_schema().Model.GetRootAs(changed, 0)
    if not 0 <= subgraph < model.SubgraphsLength():
        raise ConfigError(f"expected a subgraph below {model.SubgraphsLength()}; got {subgraph}")
    graph = model.Subgraphs(subgraph)
    if not 0 <= count <= graph.OperatorsLength():
        raise ConfigError(f"expected 0 to {graph.OperatorsLength()} ops of subgraph {subgraph}; got {count}")
    offset = graph._tab.Offset(_FIRST_SLOT + 2 * OPERATORS)
    if offset:  # A subgraph without ops may have no vector at all.
        struct.pack_into("<I", changed, graph._tab.Vector(offset) - 4, count)
    return bytes(changed)
