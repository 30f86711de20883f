"""What each input of a graph is for, read from the ops that it reaches: ids of a table, a position, a mask, numbers.

A file says "int32 (1, 32)" and no more. Random integers there would index a table far outside, and a crash would be
the tester's. So an input is followed through the ops that only move it, into loops and branches, to the ops that
give it a meaning.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator
from typing import Literal

from tfedge.modelfile.graph import GraphSummary, OpSummary, TensorSummary

Kind = Literal["ids", "position", "mask", "length", "image", "number"]

# Ops whose output holds the values of the inputs at these places, moved or shifted by a little.
_MOVES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        ("CAST", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "TRANSPOSE", "TILE", "BROADCAST_TO", "SLICE", "STRIDED_SLICE"),
        (0,),
    ),
    **dict.fromkeys(("GATHER", "UNPACK", "SPLIT_V", "REVERSE_V2", "PAD", "PADV2", "REVERSE_SEQUENCE"), (0,)),
    **{"SPLIT": (1,), "SELECT": (1, 2), "SELECT_V2": (1, 2), "DYNAMIC_UPDATE_SLICE": (0, 1)},
    **dict.fromkeys(("ADD", "SUB", "MAXIMUM", "MINIMUM"), (0, 1)),
    **dict.fromkeys(("CONCATENATION", "PACK"), tuple(range(64))),
}
_BODIES = {"WHILE": ("condSubgraphIndex", "bodySubgraphIndex"), "IF": ("thenSubgraphIndex", "elseSubgraphIndex")}
_CHANNELS = (1, 3, 4)


@dataclasses.dataclass(frozen=True)
class Role:
    """What an input is for.

    Attributes:
        kind: "ids" of a table, "position" to write or read at, "mask", "length" of a sequence, "image", or "number".
        bound: of ids and positions, the first value that is too large; None where nothing in the graph limits it.
    """

    kind: Kind
    bound: int | None = None


@dataclasses.dataclass
class _Met:
    """What an input met on its way."""

    ids: list[int] = dataclasses.field(default_factory=list)
    positions: list[int] = dataclasses.field(default_factory=list)


class Tracer:
    """Follows inputs through the ops of one graph."""

    def __init__(self, graph: GraphSummary) -> None:
        self._graph = graph
        self._readers: dict[tuple[int, int], list[tuple[OpSummary, int]]] = collections.defaultdict(list)
        for op in graph.ops:
            for place, tensor in enumerate(op.inputs):
                if tensor is not None:
                    self._readers[tensor.subgraph, tensor.index].append((op, place))

    def role(self, name: str, tensor: TensorSummary) -> Role:
        """Returns the role of the input `tensor` that a caller knows as `name`.

        Names decide only what no op does: a mask and a length are numbers like any other to a graph.
        """
        word = name.lower()
        if tensor.dtype == "bool" or "mask" in word:
            return Role("mask")
        if tensor.dtype.startswith(("int", "uint")) and tensor.num_scales == 0:
            return self._integer_role(word, tensor)
        shape = tensor.shape_signature or tensor.shape
        if len(shape) == 4 and shape[3] in _CHANNELS and tensor.dtype in ("uint8", "int8", "float32"):
            return Role("image")
        return Role("number")

    def _integer_role(self, word: str, tensor: TensorSummary) -> Role:
        met = self._follow(tensor)
        is_single = all(size in (1, -1) for size in tensor.shape)
        if met.positions and (is_single or not met.ids):
            return Role("position", min([*met.positions, *met.ids]))
        if met.ids:
            return Role("position" if "position" in word else "ids", min(met.ids))
        if "length" in word or word.endswith("len"):
            return Role("length")
        shape = tensor.shape_signature or tensor.shape
        return Role("image") if len(shape) == 4 and shape[3] in _CHANNELS else Role("number")

    def _follow(self, start: TensorSummary) -> _Met:
        met, waiting, seen = _Met(), [(start.subgraph, start.index)], {(start.subgraph, start.index)}
        while waiting:
            for op, place in self._readers[waiting.pop()]:
                _meet(met, op, place)
                for key in self._after(op, place):
                    if key not in seen:
                        seen.add(key)
                        waiting.append(key)
        return met

    def _after(self, op: OpSummary, place: int) -> Iterator[tuple[int, int]]:
        """Yields the tensors that hold the values of input `place` after `op`."""
        if op.name in _BODIES:
            argument = place - (1 if op.name == "IF" else 0)
            for key in _BODIES[op.name]:
                inputs = self._graph.subgraphs[int(op.options[key])].inputs
                if 0 <= argument < len(inputs):
                    yield inputs[argument].subgraph, inputs[argument].index
            if op.name == "WHILE" and place < len(op.outputs):
                yield op.outputs[place].subgraph, op.outputs[place].index
        elif place in _MOVES.get(op.name, ()):
            yield from ((tensor.subgraph, tensor.index) for tensor in op.outputs)


def _meet(met: _Met, op: OpSummary, place: int) -> None:
    """Notes what `op` does with its input `place`."""
    others = op.inputs
    if op.name == "GATHER" and place == 1 and others[0] is not None:
        _note(met.ids, others[0].shape, int(op.options.get("axis", 0)))
    elif op.name == "GATHER_ND" and place == 1 and others[0] is not None:
        _note(met.ids, others[0].shape, 0)
    elif op.name == "EMBEDDING_LOOKUP" and place == 0 and len(others) > 1 and others[1] is not None:
        _note(met.ids, others[1].shape, 0)
    elif op.name == "ONE_HOT" and place == 0 and op.outputs:
        _note(met.ids, op.outputs[0].shape, int(op.options.get("axis", -1)))
    elif op.name == "DYNAMIC_UPDATE_SLICE" and place == 2 and others[0] is not None and others[1] is not None:
        # Slices start where they still fit; the axis along which they move has the most room.
        room = [whole - part + 1 for whole, part in zip(others[0].shape, others[1].shape, strict=False)]
        met.positions += [max(room)] if room and max(room) > 0 else []
    elif op.name == "SLICE" and place == 1 and others[0] is not None and op.outputs:
        room = [whole - part + 1 for whole, part in zip(others[0].shape, op.outputs[0].shape, strict=False)]
        met.positions += [max(room)] if room and max(room) > 0 else []


def _note(bounds: list[int], shape: tuple[int, ...], axis: int) -> None:
    """Notes the size of `axis`, where the file knows it."""
    if -len(shape) <= axis < len(shape) and shape[axis] > 0:
        bounds.append(shape[axis])
