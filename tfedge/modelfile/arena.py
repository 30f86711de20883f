"""How much memory the tensors of a subgraph take while it runs, planned as TFLite plans its arena.

TFLite places every computed tensor of a subgraph in one block, the arena, and reuses the place of one that no later op
reads. Published in `tensorflow/lite/arena_planner.cc` and `simple_memory_arena.cc` (Apache-2.0), retold here: tensors
are placed in the order: those that live through the whole run, then from large to small, then by when they appear;
each goes into the smallest gap that is free during its lifetime, at a multiple of 64 bytes. A tensor lives from the op
that makes it to the last op that reads it; inputs, outputs and variables live throughout.

Kernels ask for scratch tensors besides. Counted are those of the two ops that ask for most in an attention model, as
`kernels/fully_connected.cc` and `kernels/batch_matmul.cc` ask for them. Left out are those of other ops, results that
newer releases write over their input, what a delegate keeps for itself (tensors inside an XNNPACK partition are in its
workspace, not in the arena), and tensors whose size is only known at run time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from tfedge.modelfile.summary import GraphSummary, OpSummary, SubgraphSummary, TensorSummary

ALIGNMENT = 64
# Each tensor is compared with every one placed before: 20,000 take 1 to 2 s. That is spent on one file at most; a
# subgraph that would take more is bounded from below.
MAX_PLANNED_TENSORS = 20_000
_LEAST_COMPARED = 2_000  # What placing one takes besides, in comparisons.
_ALWAYS = np.iinfo(np.int32).max
_BEYOND = 2**62  # Bytes that no machine has; a sum below it fits into int64.
_BYTES = {
    **{"float64": 8, "int64": 8, "uint64": 8, "complex64": 8, "complex128": 16, "float32": 4, "int32": 4, "uint32": 4},
    **{"float16": 2, "bfloat16": 2, "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "bool": 1},
    **{"int4": 1, "uint4": 1, "int2": 1},  # Computed tensors of less than a byte are met nowhere.
}


@dataclasses.dataclass(frozen=True)
class ArenaPlan:
    """The arena of one subgraph.

    Attributes:
        subgraph: its index.
        arena_bytes: size of the block.
        lower_bound_bytes: the most bytes alive at one op; no plan can be smaller.
        num_tensors: tensors in it.
        num_unknown: tensors among them whose shape is open (counted with 1 for an open size) or whose dtype has no
            fixed size (strings, resources: counted with nothing). With any, the size is a lower bound.
        is_planned: whether tensors were placed; else `arena_bytes` is the lower bound.
    """

    subgraph: int
    arena_bytes: int
    lower_bound_bytes: int
    num_tensors: int
    num_unknown: int
    is_planned: bool


def plan_arenas(graph: GraphSummary) -> tuple[ArenaPlan, ...]:
    """Plans the arena of every subgraph, in order."""
    ops: list[list[OpSummary]] = [[] for _ in graph.subgraphs]
    for op in graph.ops:
        ops[op.subgraph].append(op)
    plans = []
    effort = _effort(MAX_PLANNED_TENSORS)
    for subgraph in graph.subgraphs:
        plan, spent = _plan(subgraph, ops[subgraph.index], effort)
        effort -= spent
        plans.append(plan)
    return tuple(plans)


def _effort(count: int) -> int:
    return count * (count + _LEAST_COMPARED)


@dataclasses.dataclass
class _Lifetime:
    """A block of `size` bytes from op `first` to op `last`; `index` orders those that live throughout."""

    size: int
    first: int
    last: int
    index: int = 0
    is_unknown: bool = False

    @property
    def order(self) -> tuple[bool, int, int]:
        if self.first == 0 and self.last == _ALWAYS:
            return False, self.index, 0
        return True, -self.size, self.first


def _plan(subgraph: SubgraphSummary, ops: Sequence[OpSummary], effort: int) -> tuple[ArenaPlan, int]:
    """Returns the plan of a subgraph and the effort that it took, `effort` at most."""
    lifetimes = _lifetimes(subgraph.inputs, subgraph.outputs, ops)
    scratch = [_Lifetime(size, place, place) for place, op in enumerate(ops) for size in _scratch(op)]
    placed = sorted((one for one in [*lifetimes, *scratch] if one.size), key=lambda one: one.order)
    first = np.array([one.first for one in placed], np.int64)
    last = np.array([one.last for one in placed], np.int64)
    size = np.array([one.size for one in placed], np.int64)
    lower_bound = _most_alive(first, last, size, len(ops))
    is_planned = _effort(len(placed)) <= effort and sum(one.size for one in placed) < _BEYOND
    plan = ArenaPlan(
        subgraph=subgraph.index,
        arena_bytes=_place(first, last, size) if is_planned else lower_bound,
        lower_bound_bytes=lower_bound,
        num_tensors=len(lifetimes),
        num_unknown=sum(one.is_unknown for one in lifetimes),
        is_planned=is_planned,
    )
    return plan, _effort(len(placed)) if is_planned else 0


def _lifetimes(
    inputs: Iterable[TensorSummary], outputs: Iterable[TensorSummary], ops: Sequence[OpSummary]
) -> list[_Lifetime]:
    """Returns the lifetime, in ops, of every tensor that is computed or given."""
    found: dict[int, _Lifetime] = {}

    def begin(tensor: TensorSummary, first: int, last: int) -> _Lifetime:
        is_unknown = tensor.has_dynamic_shape or tensor.dtype not in _BYTES
        return found.setdefault(tensor.index, _Lifetime(_size(tensor), first, last, tensor.index, is_unknown))

    variables = [t for op in ops for t in (*op.inputs, *op.outputs) if t is not None and t.is_variable]
    for tensor in [*inputs, *variables]:
        begin(tensor, 0, _ALWAYS)
    for place, op in enumerate(ops):
        for tensor in op.outputs:
            begin(tensor, place, place)
        for given in op.inputs:
            if given is not None and given.index in found:
                found[given.index].last = max(found[given.index].last, place)
    for tensor in outputs:
        if tensor.index in found:
            found[tensor.index].last = _ALWAYS
    return list(found.values())


def _scratch(op: OpSummary) -> list[int]:
    """Returns the bytes of each scratch tensor of an op, as far as it is one of the two whose scratch is counted."""
    if op.name not in ("FULLY_CONNECTED", "BATCH_MATMUL") or len(op.inputs) < 2 or not op.outputs:
        return []
    left, right = op.inputs[:2]
    if left is None or right is None:
        return []
    scratch = []
    if op.name == "BATCH_MATMUL":  # Both sides transposed; a constant one is kept for good, outside the arena.
        scratch = [_size(side) for side in (left, right) if not side.is_constant]
    if left.dtype == "float32" and right.dtype in ("int8", "uint8", "int4", "int2"):
        # The input in int8, a scale and a zero point a row, and sums of int32. (Sums of weights are kept for good.)
        columns = max(op.outputs[0].shape[-1], 1) if op.outputs[0].shape else 1
        rows = _size(op.outputs[0]) // 4 // columns
        scratch += [_size(left) // 4, 4 * rows, 4 * rows, _size(op.outputs[0])]
    return scratch


def _size(tensor: TensorSummary) -> int:
    """Returns the bytes of a tensor, an open size counted as 1; 0 where its dtype has no fixed size."""
    count = _BYTES.get(tensor.dtype, 0)
    for length in tensor.shape:
        count *= max(length, 0) if length != -1 else 1
    return min(count, _BEYOND)


def _most_alive(
    first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], size: npt.NDArray[np.int64], ops: int
) -> int:
    change = np.zeros(ops + 2, object)  # Python's integers: a few sizes of 2**62 would overflow int64.
    np.add.at(change, first, size.astype(object))
    np.add.at(change, np.minimum(last, ops) + 1, -size.astype(object))
    return int(max(np.cumsum(change))) if len(change) else 0


def _place(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], size: npt.NDArray[np.int64]) -> int:
    """Places tensors in the order given; returns the end of the highest."""
    placed = np.zeros((4, len(first)), np.int64)  # Start, end, first and last op of each, sorted by start.
    for count, (begin, end, need) in enumerate(zip(first.tolist(), last.tolist(), size.tolist(), strict=True)):
        starts, ends, firsts, lasts = placed[:, :count]
        meets = (lasts >= begin) & (firsts <= end)
        start = _best_start(starts[meets], ends[meets], need)
        at = int(np.searchsorted(starts, start, "right"))
        placed[:, at + 1 : count + 1] = placed[:, at:count]
        placed[:, at] = start, start + need, begin, end
    return int(placed[1].max(initial=0))


def _best_start(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], need: int) -> int:
    """Returns the start of the smallest gap of `need` bytes between tensors sorted by start, or behind them all."""
    if not len(starts):
        return 0
    aligned = np.zeros(len(starts) + 1, np.int64)
    np.maximum.accumulate(ends, out=aligned[1:])
    aligned += -aligned % ALIGNMENT
    rest = starts - aligned[:-1] - need
    fits = np.flatnonzero(rest >= 0)
    return int(aligned[fits[rest[fits].argmin()]] if len(fits) else aligned[-1])


def span_of_arena(places: npt.NDArray[np.int64], constants: Container[int]) -> int:
    """Returns the size of the block in which an interpreter laid out the computed tensors of a subgraph.

    Tensors side by side (at most an alignment apart) are one block; the largest is the arena. Others are single
    tensors on the heap, whose size was not known when the arena was laid out, and what kernels keep for good.

    Args:
        places: int64 (N, 3): index, address and bytes of tensors that have memory.
        constants: indices of the tensors that are stored in the file.
    """
    blocks: list[list[int]] = []
    for address, index, size in sorted((int(at), int(index), int(size)) for index, at, size in places):
        if index in constants or not size:
            continue
        if blocks and address <= blocks[-1][1] + ALIGNMENT:
            blocks[-1][1] = max(blocks[-1][1], address + size)
        else:
            blocks.append([address, address + size])
    return max((end - start for start, end in blocks), default=0)
