"""What attention scores are made of on their way to SOFTMAX: masks that are added, flags that they are multiplied by.

A file holds no word "mask": one is told by what makes it. Flags come from a comparison, a boolean, or an input that is
called mask; a mask is flags times a large number, a branch of a SELECT, or a stored table of two values, of which one
is about 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from tfedge.checks.rules.rule import Subject, key
from tfedge.modelfile.summary import OpSummary, TensorSummary

PRODUCTS = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "BATCH_MATMUL", "TRANSPOSE_CONV", "CONV_3D")
# Ops that hand the values of their first input on: other shape, other type.
PASSING = (
    *("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "QUANTIZE", "DEQUANTIZE", "CAST", "SLICE", "STRIDED_SLICE"),
    *("BROADCAST_TO", "TILE", "GATHER"),
)
_SELECTS = ("SELECT", "SELECT_V2")
_COMPARISONS = (
    *("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"),
    *("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"),
)
_KEEP_FLAGS = ("MUL", "MINIMUM", "MAXIMUM")  # Of two flags another.
# exp(-10) is 5e-5: what takes less from a score forbids nothing. A bias that depends on positions is of that size too,
# so that a product of an unknown input with a number is a mask from 1000 on only.
_FORBIDS, _FORBIDS_SURELY = 10.0, 1000.0
_FARTHEST = 24  # Ops between a mask and its SOFTMAX; a graph from outside may lead in a circle.
_MOST_OPS = 256  # Ops looked at above one tensor.
_LARGEST_TABLE = 1 << 22  # Values: a mask over 2048 positions.


class ScoreTerms:
    """The terms of the scores of one file.

    Args:
        subject: the file.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._masks: dict[tuple[int, int], tuple[float, ...]] = {}

    def source(self, tensor: TensorSummary) -> TensorSummary:
        """Returns the tensor whose values `tensor` hands on, looked for outside of loops and branches too."""
        for _ in range(_FARTHEST):
            made, outer = self._made(tensor), self._subject.passed_in.get(key(tensor))
            if made is not None and made.name in PASSING and made.inputs and made.inputs[0] is not None:
                tensor = made.inputs[0]
            elif made is None and outer is not None:
                tensor = outer
            else:
                break
        return tensor

    def values(self, tensor: TensorSummary) -> npt.NDArray[np.float64] | None:
        """Returns the numbers of a stored tensor, flat, int8 ones by their scale; None of any other and of large ones.

        float64, one value more or less: a table of bool is 0 and 1.
        """
        tensor = self.source(tensor)
        stored = self._subject.stored.values(tensor)
        if stored is None or not stored.size or stored.size > _LARGEST_TABLE or tensor.num_scales > 1:
            return None
        values: npt.NDArray[np.float64] = stored.astype(np.float64)
        return (values - (tensor.zero_point or 0)) * tensor.scale if tensor.scale is not None else values

    def masks(self, scores: TensorSummary, ways: int = _FARTHEST) -> tuple[float, ...]:
        """Returns how much each mask takes from a score that all of them forbid, on the worst way through the graph.

        inf for -inf; 0 where it comes in from outside and nothing tells.
        """
        scores = self.source(scores)
        if ways and key(scores) not in self._masks:
            self._masks[key(scores)] = ()  # What a circle leads back to.
            self._masks[key(scores)] = self._masks_of(scores, ways - 1)
        return self._masks.get(key(scores), ())

    def _masks_of(self, tensor: TensorSummary, ways: int) -> tuple[float, ...]:
        values, made = self.values(tensor), self._made(tensor)
        if values is not None:
            return _table(values)
        if made is None:
            return (0.0,) if _is_called_mask(tensor) and tensor.dtype != "bool" else ()
        inputs = [one for one in made.inputs if one is not None]
        if made.name in ("ADD", "SUB"):
            return tuple(mask for one in inputs for mask in self.masks(one, ways))
        if made.name in _SELECTS:
            return max((self._branch(one, ways) for one in inputs[1:]), key=_weight, default=())
        if made.name in ("MINIMUM", "MAXIMUM", "CONCATENATION", "PACK"):
            return max((self.masks(one, ways) for one in inputs), key=_weight, default=())
        if made.name in ("MUL", "DIV") and len(inputs) == 2:
            return self._product(made, inputs, ways)
        return ()

    def _branch(self, tensor: TensorSummary, ways: int) -> tuple[float, ...]:
        values = self.values(tensor)
        if values is None:
            return self.masks(tensor, ways)
        low = float(np.min(values))
        return (-low,) if low <= -_FORBIDS else ()

    def _product(self, op: OpSummary, inputs: list[TensorSummary], ways: int) -> tuple[float, ...]:
        for one, other in (inputs, inputs[::-1]):
            values = self.values(other)
            if values is None:
                continue
            size = float(np.max(np.abs(values)))
            is_mask = size >= _FORBIDS if self.is_flags(one) else size >= _FORBIDS_SURELY and not self.is_score(one)
            if op.name == "MUL" and is_mask:
                return (size,)
            return self.masks(one, ways) if values.size == 1 else ()
        return ()

    def multiplied(self, scores: TensorSummary, ways: int = _FARTHEST) -> OpSummary | None:
        """Returns the op that multiplies scores by flags of their keys, None where there is none."""
        made = self._made(self.source(scores))
        if made is None or not ways:
            return None
        inputs = [one for one in made.inputs if one is not None]
        if made.name == "MUL" and self.flags_beside(made, self.is_score):
            return made
        if made.name in ("MUL", "DIV"):  # By a number: the scale of the scores.
            inputs = [one for one in inputs if self.values(one) is None]
            inputs = inputs if len(inputs) == 1 else []
        elif made.name not in ("ADD", "SUB"):
            return None
        found = (self.multiplied(one, ways // 2 if len(inputs) > 1 else ways - 1) for one in inputs)
        return next((op for op in found if op is not None), None)

    def flags_beside(self, op: OpSummary, is_other: Callable[[TensorSummary], bool]) -> bool:
        """Whether a MUL takes flags that differ from key to key, and beside them what `is_other` says yes to."""
        if len(op.inputs) != 2:
            return False
        for one, other in (op.inputs, op.inputs[::-1]):
            if one is None or other is None or not _differs_by_key(one):
                continue
            if self.is_flags(one) and is_other(other):
                return True
        return False

    def is_flags(self, tensor: TensorSummary, ways: int = 6) -> bool:
        """Whether a tensor is 0 and 1: from a comparison, one less what is, or a stored table of both."""
        tensor = self.source(tensor)
        values, made = self.values(tensor), self._made(tensor)
        if values is not None:
            return _are_flags(values) and 0 < float(np.mean(values)) < 0.99
        if tensor.dtype == "bool" or made is None:
            return tensor.dtype == "bool" or _is_called_mask(tensor)
        inputs = [one for one in made.inputs if one is not None]
        if not ways or len(inputs) < 2:
            return made.name in _COMPARISONS
        if made.name == "SUB":
            whole = self.values(inputs[0])
            return whole is not None and bool(np.all(np.rint(whole) == 1)) and self.is_flags(inputs[1], ways - 1)
        if made.name in _KEEP_FLAGS:
            return all(self.is_flags(one, ways - 1) for one in inputs)
        if made.name in _SELECTS:
            branches = [self.values(one) for one in inputs[1:]]
            return all(branch is not None and _are_flags(branch) for branch in branches)
        return made.name in _COMPARISONS

    def is_score(self, tensor: TensorSummary) -> bool:
        """Whether a tensor comes from a product of matrices by elementwise ops, as attention scores do."""
        return any(op.name in PRODUCTS for op in self._upstream(tensor))

    def _upstream(self, tensor: TensorSummary) -> Iterator[OpSummary]:
        waiting: list[TensorSummary] = [tensor]
        seen: set[tuple[int, int]] = set()
        while waiting and len(seen) < _MOST_OPS:
            here = self.source(waiting.pop())
            made = self._made(here)
            if made is None or key(here) in seen:
                continue
            seen.add(key(here))
            yield made
            if made.name not in PRODUCTS:
                waiting += [one for one in made.inputs if one is not None]

    def _made(self, tensor: TensorSummary) -> OpSummary | None:
        return self._subject.producers.get(key(tensor))


def _table(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Returns what a stored table takes from the scores that it forbids; nothing of one that is a bias.

    A bias by distance (ALiBi) has many values. One that is joined with a mask has a value beyond -10,000.
    """
    low, size = float(np.min(values)), np.abs(values)
    if values.size > 1 and float(np.min(size)) <= 1 and float(np.max(size)) >= _FORBIDS:
        if low <= -1e4 or bool(np.all((values == low) | (values == np.max(values)))):
            return (float(np.max(size)),)
    return ()


def _are_flags(values: npt.NDArray[np.float64]) -> bool:
    """Whether all values are 0 or 1, as nearly as int8 stores them: a step of it is 1/255."""
    return bool(np.all((np.abs(values) < 1 / 255) | (np.abs(values - 1) < 1 / 255)))


def _weight(masks: tuple[float, ...]) -> tuple[int, float]:
    return len(masks), sum(masks)


def _is_called_mask(tensor: TensorSummary) -> bool:
    return "mask" in tensor.name.lower()


def _differs_by_key(tensor: TensorSummary) -> bool:
    """Whether the last axis, that of the keys, is more than one value: a row of one is a query's."""
    is_open = bool(tensor.shape_signature) and tensor.shape_signature[-1] == -1
    return bool(tensor.shape) and (tensor.shape[-1] != 1 or is_open)
