"""Which tensor of one file is which of another: the same network, converted twice.

Quantization adds QUANTIZE and DEQUANTIZE ops, and may rename and reorder the rest. What is certain comes first: inputs
and outputs of the signature, then tensors of the same name, then, between those, ops in the same order. Measured on
the converter's and litert-quantizer's files of one network (float, dynamic, static): 94 to 100 % keep their names.
"""

from __future__ import annotations

import collections
import dataclasses
import difflib
import math
from collections.abc import Iterator
from typing import Literal

from tfedge.modelfile.summary import GraphSummary, OpSummary, SignatureSummary, TensorSummary

By = Literal["signature", "name", "order"]

NAMELESS = ""  # The signature of a file without any.
# Ops that change the form of a tensor and not what it means.
FORM_OPS = frozenset({"QUANTIZE", "DEQUANTIZE"})
# Ops whose subgraphs run out of sight.
CONTROL_OPS = frozenset({"WHILE", "IF", "CALL_ONCE", "CALL"})
_REALS = ("float32", "float16", "bfloat16", "float64")


@dataclasses.dataclass(frozen=True)
class Place:
    """A tensor that an op computes.

    Attributes:
        op: that computes it.
        output: which of the op's outputs it is.
    """

    op: OpSummary
    output: int

    @property
    def tensor(self) -> TensorSummary:
        """The tensor."""
        return self.op.outputs[self.output]

    @property
    def kind(self) -> tuple[str, int, object, tuple[int, ...]]:
        """What two tensors must have in common to be the same one: op, output, activation, sizes but those of 1."""
        sizes = tuple(size for size in self.tensor.shape if size != 1)
        return self.op.name, self.output, self.op.options.get("fusedActivationFunction", 0), sizes


@dataclasses.dataclass(frozen=True)
class Match:
    """One tensor in two files.

    Attributes:
        first: in the first file.
        second: in the second file.
        by: what tells that they are the same.
    """

    first: Place
    second: Place
    by: By


@dataclasses.dataclass(frozen=True)
class Matching:
    """One signature of two files.

    Attributes:
        matches: in the order in which the first file computes them.
        unmatched: tensors of the first file without a partner.
        num_loops: WHILE, IF and CALL ops of the first file, whose subgraphs are not looked into.
    """

    matches: tuple[Match, ...]
    unmatched: tuple[Place, ...]
    num_loops: int


class SignatureGraph:
    """The ops of one signature, and where their tensors come from.

    Attributes:
        places: tensors with real numbers that are computed, by index, in execution order; form ops left out.
        num_loops: ops with subgraphs of their own.
    """

    def __init__(self, graph: GraphSummary, signature: str) -> None:
        self.signature = graph.signatures[signature] if signature else _nameless(graph)
        ops = [op for op in graph.ops if op.subgraph == self.signature.subgraph]
        self._makers = {tensor.index: op for op in ops for tensor in op.outputs}
        self.num_loops = sum(op.name in CONTROL_OPS for op in ops)
        self.places = {
            tensor.index: Place(op, output)
            for op in ops
            if op.name not in FORM_OPS | CONTROL_OPS
            for output, tensor in enumerate(op.outputs)
            if is_real(tensor)
        }
        self.readers: dict[int, list[OpSummary]] = collections.defaultdict(list)
        for op in ops:
            if op.name not in FORM_OPS:
                for tensor in op.inputs:
                    if tensor is not None:
                        self.readers[self.source(tensor).index].append(op)

    def source(self, tensor: TensorSummary) -> TensorSummary:
        """Returns the tensor behind QUANTIZE and DEQUANTIZE ops."""
        seen = {tensor.index}
        while (op := self._makers.get(tensor.index)) is not None and op.name in FORM_OPS and op.inputs[0] is not None:
            tensor = op.inputs[0]
            if tensor.index in seen:
                break
            seen.add(tensor.index)
        return tensor

    def data_inputs(self, op: OpSummary) -> Iterator[TensorSummary]:
        """Yields the computed tensors that an op reads, behind form ops; stored ones and inputs are left out."""
        for tensor in op.inputs:
            if tensor is not None and (source := self.source(tensor)).index in self._makers:
                yield source

    def inputs_of(self, index: int) -> Iterator[TensorSummary]:
        """Yields what the op that makes tensor `index` reads; nothing where no op makes it."""
        if index in self._makers:
            yield from self.data_inputs(self._makers[index])


def _nameless(graph: GraphSummary) -> SignatureSummary:
    """Returns the one entry of a file without signatures: subgraph 0, outputs by their places."""
    first = graph.subgraphs[0]
    inputs, outputs = (
        {str(place): tensor for place, tensor in enumerate(side)} for side in (first.inputs, first.outputs)
    )
    return SignatureSummary(NAMELESS, 0, inputs, outputs)


def is_real(tensor: TensorSummary) -> bool:
    """Whether it holds real numbers, as floats or as integers with a scale."""
    return tensor.dtype in _REALS or (tensor.quantization == "per_tensor" and tensor.dtype != "int32")


def match_tensors(first: SignatureGraph, second: SignatureGraph) -> Matching:
    """Matches the computed tensors of one signature in two files."""
    pairs = _by_signature(first, second)
    pairs |= _by_name(first, second, pairs)
    pairs |= _by_order(first, second, pairs)
    matches = tuple(
        Match(place, second.places[pairs[index][0]], pairs[index][1])
        for index, place in first.places.items()
        if index in pairs
    )
    unmatched = tuple(place for index, place in first.places.items() if index not in pairs)
    return Matching(matches, unmatched, first.num_loops)


_Pairs = dict[int, tuple[int, By]]


def _by_signature(first: SignatureGraph, second: SignatureGraph) -> _Pairs:
    pairs: _Pairs = {}
    for name, tensor in first.signature.outputs.items():
        if name in second.signature.outputs:
            one, other = first.source(tensor).index, second.source(second.signature.outputs[name]).index
            if _fit(first, one, second, other):
                pairs.setdefault(one, (other, "signature"))
    return pairs


def _by_name(first: SignatureGraph, second: SignatureGraph, known: _Pairs) -> _Pairs:
    """Pairs tensors that have a name of their own in both files."""
    taken = {other for other, _ in known.values()}
    names = [
        {index: place.tensor.name for index, place in graph.places.items() if index not in done}
        for graph, done in ((first, set(known)), (second, taken))
    ]
    counts = [collections.Counter(of.values()) for of in names]
    seconds = {name: index for index, name in names[1].items()}
    pairs: _Pairs = {}
    for index, name in names[0].items():
        if name and counts[0][name] == counts[1][name] == 1 and _fit(first, index, second, seconds[name]):
            pairs[index] = (seconds[name], "name")
    return pairs


def _by_order(first: SignatureGraph, second: SignatureGraph, known: _Pairs) -> _Pairs:
    """Pairs what is left, by kinds of tensors in the same order between two pairs that are certain."""
    taken = {other: f"{one}" for one, (other, _) in known.items()}
    # Of a certain pair both sides have one and the same key, so that it holds the sequences together.
    mine = [f"={index}" if index in known else f"{place.kind}" for index, place in first.places.items()]
    theirs = [f"={taken[index]}" if index in taken else f"{place.kind}" for index, place in second.places.items()]
    ones, others = list(first.places), list(second.places)
    pairs: _Pairs = {}
    for start, other, size in difflib.SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks():
        for place in range(size):
            if ones[start + place] not in known:
                pairs[ones[start + place]] = (others[other + place], "order")
    return {one: pair for one, pair in pairs.items() if _is_consistent(first, one, second, pair[0], known | pairs)}


def _fit(first: SignatureGraph, one: int, second: SignatureGraph, other: int) -> bool:
    return one in first.places and other in second.places and first.places[one].kind == second.places[other].kind


def _is_consistent(first: SignatureGraph, one: int, second: SignatureGraph, other: int, pairs: _Pairs) -> bool:
    """Whether no input of tensor `one` is known to be another tensor than that input of `other`."""
    inputs = zip(first.inputs_of(one), second.inputs_of(other), strict=False)
    return all(pairs[mine.index][0] == theirs.index for mine, theirs in inputs if mine.index in pairs)


def size_of(tensor: TensorSummary) -> int:
    """Returns the number of elements as the file states it, free sizes counted as 1."""
    return math.prod(max(size, 1) for size in tensor.shape)
