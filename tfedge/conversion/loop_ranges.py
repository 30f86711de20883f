"""Ranges of a loop's products, taken over from the signatures that hold the same products outside of a loop.

Calibration sees what the signatures `encode` and `decode_step` compute, but cannot enter the WHILE loop of `greedy`.
All of them multiply by the same stored weights, so a product inside the loop is known by the buffer of its weights.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any


def carry_into_loops(ranges: dict[str, Any], model: Any, schema: Any) -> dict[str, Any]:
    """Returns `ranges` with those of uncalibrated products added: input and output tensor of each.

    A product whose weights no calibrated product has stays without, as one that is left in float does: where a range
    is needed, litert-quantizer refuses.

    Args:
        ranges: tensor name -> what calibration saw; empty for what it did not see.
        model: the float model as a `ModelT` of the object interface.
        schema: the module that it came from.
    """
    known = {}
    for key, names in _products(model, schema):
        if all(ranges.get(name) for name in names):
            known[key] = [ranges[name] for name in names]
    carried = dict(ranges)
    for key, names in _products(model, schema):
        for name, seen in zip(names, known.get(key, ()), strict=False):
            carried[name] = carried.get(name) or seen
    return carried


def _products(model: Any, schema: Any) -> Iterator[tuple[tuple[int, int], list[str]]]:
    """Yields, for each FULLY_CONNECTED: (buffer of its weights, how many in this subgraph had them before), names of
    its input and its output."""
    for graph in model.subgraphs:
        met: collections.Counter[int] = collections.Counter()
        for op in graph.operators:
            if model.operatorCodes[op.opcodeIndex].builtinCode == schema.BuiltinOperator.FULLY_CONNECTED:
                buffer = graph.tensors[op.inputs[1]].buffer
                names = [graph.tensors[index].name.decode() for index in (op.inputs[0], op.outputs[0])]
                yield (buffer, met[buffer]), names
                met[buffer] += 1
