"""Which safe rewrites a file has: plans of edits, from the one that changes least to the one that changes most.

A plan is data; `tfedge.checks.edits` makes its edits. Which plan a file needs, its targets decide: the first after
which no rule fails and every target gives right answers. Plans do not know targets but for the op versions they lack.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfedge.checks.edits import (
    CHANGES_NUMBERS,
    CodeVersion,
    Edit,
    OneScale,
    OpVersion,
    RescaledBias,
    RuntimeVersion,
    ZeroBias,
    edit_lines,
    edits_to_json,
    one_scale_of,
)
from tfedge.checks.published_versions import min_runtime_version, release_order
from tfedge.checks.true_versions import is_hybrid, is_per_channel, one_scale_version, true_version, weights_of
from tfedge.modelfile.layout import Place
from tfedge.modelfile.rewrite import ModelEditor
from tfedge.modelfile.summary import GraphSummary, OpSummary, TensorSummary

_PRODUCT = "FULLY_CONNECTED"
_BIAS = 2
# Ops that read per-channel int8 weights at this input, and read one scale as well. DEQUANTIZE: weights kept small and
# computed in float. Any other reader (a loop that carries them, a GATHER of rows) may mean its scales in its own way.
_READERS = {(_PRODUCT, 1), ("BATCH_MATMUL", 1), ("EMBEDDING_LOOKUP", 1), ("DEQUANTIZE", 0)}


@dataclasses.dataclass(frozen=True)
class FixPlan:
    """Edits that belong together.

    Attributes:
        name: what the plan does, in a few words.
        edits: in the order in which they are shown.
    """

    name: str
    edits: tuple[Edit, ...]

    @property
    def changes_numbers(self) -> bool:
        """Whether a right runtime's answers change; else they stay bit for bit."""
        return any(isinstance(edit, CHANGES_NUMBERS) for edit in self.edits)

    @property
    def changes_claims_only(self) -> bool:
        """Whether only versions change: what the file says of itself, and nothing that it computes."""
        return all(isinstance(edit, OpVersion | CodeVersion | RuntimeVersion) for edit in self.edits)

    def lines(self) -> list[str]:
        """Returns the plan in words, a line for the edits of a kind."""
        return edit_lines(self.edits)

    def to_json(self) -> dict[str, Any]:
        """Returns the plan as JSON values."""
        return {"name": self.name, "changes_numbers": self.changes_numbers, "edits": edits_to_json(self.edits)}


def plans(model_bytes: bytes, graph: GraphSummary, missing: Iterable[Mapping[str, int]] = ()) -> tuple[FixPlan, ...]:
    """Returns the plans for a model, from the smallest change to the largest; none where nothing can be done.

    Args:
        model_bytes: the .tflite alone.
        graph: what `read_graph` says of it.
        missing: of each target, the highest version of each builtin op that it knows; empty where not measured.

    Raises:
        ArtifactError: a model that cannot be rewritten.
    """
    planner = _Planner(ModelEditor(model_bytes), graph, tuple(missing))
    dynamic = [op for op in graph.ops if _is_dynamic(op) and is_per_channel(weights_of(op))]
    static = [op for op in graph.ops if _is_static(op) and is_per_channel(weights_of(op))]
    bare = [op for op in static if len(op.inputs) <= _BIAS or op.inputs[_BIAS] is None]
    options = [
        ("what the file says of itself is made true", (), ()),
        ("zero biases", (), bare),
        ("one scale for dynamic weights", dynamic, ()),
        ("one scale for dynamic weights, zero biases", dynamic, bare),
        ("one scale for all weights", [*dynamic, *static], ()),
    ]
    found: list[FixPlan] = []
    for name, products, bare_ops in options:
        edits = planner.edits(products, bare_ops)
        if edits and all(plan.edits != edits for plan in found):
            found.append(FixPlan(name, edits))
    return tuple(found)


class _Planner:
    """Puts edits together for one model."""

    def __init__(self, editor: ModelEditor, graph: GraphSummary, missing: Sequence[Mapping[str, int]]) -> None:
        self._editor = editor
        self._graph = graph
        self._missing = missing
        self._readers = _readers_by_buffer(graph)

    def edits(self, products: Sequence[OpSummary], bare: Sequence[OpSummary]) -> tuple[Edit, ...]:
        """Returns the edits that give the weights of `products` one scale and `bare` ops a bias, and all else true.

        Products whose weights cannot be rewritten safely keep them.
        """
        scales = {weights.buffer: weights for op in products if self._may_have_one_scale(weights := _weights(op))}
        rewritten = {buffer: self._one_scale(weights) for buffer, weights in scales.items()}
        biases = self._biases({buffer: edit.scale for buffer, edit in rewritten.items()})
        if biases is None:
            return ()
        edits: list[Edit] = [*rewritten.values(), *biases]
        edits += [
            ZeroBias(_place(op), _tensor_place(_weights(op)), op.name, _weights(op).num_scales)
            for op in bare
            if _weights(op).buffer not in scales
        ]
        versions = {_place(op): self._version(op, set(scales)) for op in self._graph.ops}
        edits += [
            OpVersion(_place(op), op.name, op.version, versions[_place(op)])
            for op in self._graph.ops
            if versions[_place(op)] != op.version
        ]
        edits += self._unused_codes()
        edits += self._runtime_version(versions)
        return tuple(edits)

    def _version(self, op: OpSummary, rewritten: set[int]) -> int:
        weights = weights_of(op)
        if _is_dynamic(op) and weights is not None and weights.buffer in rewritten:
            return one_scale_version(op)
        if any(tensor is not None and tensor.buffer in rewritten and tensor.is_constant for tensor in op.inputs):
            return op.version
        return true_version(op)

    def _may_have_one_scale(self, weights: TensorSummary) -> bool:
        """Whether every reader of these weights, in any subgraph, is a product that reads one scale as well."""
        readers = self._readers[weights.buffer]
        given = {tensor.buffer for graph in self._graph.subgraphs for tensor in (*graph.inputs, *graph.outputs)}
        return weights.is_constant and weights.buffer not in given and readers <= _READERS

    def _one_scale(self, weights: TensorSummary) -> OneScale:
        place = _tensor_place(weights)
        tensors = tuple(sorted(self._editor.sharing(place)))
        return OneScale(tensors, weights.name, weights.num_scales, one_scale_of(self._editor, place))

    def _biases(self, scales: Mapping[int, float]) -> list[RescaledBias] | None:
        """Returns the new steps of int32 biases; None where ops read one bias tensor in different steps."""
        steps: dict[Place, set[float | None]] = collections.defaultdict(set)
        stored: dict[Place, TensorSummary] = {}
        for op in self._graph.ops:
            for position, tensor in enumerate(op.inputs):
                if tensor is not None and tensor.is_constant:
                    stored[_tensor_place(tensor)] = tensor
                    steps[_tensor_place(tensor)].add(_bias_step(op, position, scales))
        groups: dict[tuple[int, float], list[Place]] = collections.defaultdict(list)
        for place, found in steps.items():
            if found == {None}:
                continue
            if len(found) > 1:
                return None
            step = found.pop()
            groups[stored[place].buffer, step or 0.0].append(place)
        return [
            RescaledBias(tuple(sorted(places)), stored[places[0]].name, step) for (_, step), places in groups.items()
        ]

    def _unused_codes(self) -> list[Edit]:
        """Returns what operator codes without an op must say, so that no target refuses the file for them."""
        used = {self._editor.op_code(_place(op)) for op in self._graph.ops}
        return [
            CodeVersion(code, name, version, 1)
            for code, (name, version) in enumerate(self._graph.op_codes)
            if code not in used and any(version > known.get(name, version) for known in self._missing)
        ]

    def _runtime_version(self, versions: Mapping[Place, int]) -> list[Edit]:
        """Returns the edit that makes a claim of the metadata true: a file that claims nothing goes on so."""
        claimed = self._graph.min_runtime_version
        needed = min_runtime_version((op.name, versions[_place(op)]) for op in self._graph.ops)
        before = min_runtime_version((op.name, op.version) for op in self._graph.ops)
        if claimed is None or needed is None or claimed == needed:
            return []
        # A claim above what the ops need is some tool's caution, unless it was the need of versions changed here.
        is_lie = release_order(claimed) < release_order(needed)
        return [RuntimeVersion(claimed, needed)] if is_lie or claimed == before else []


def _readers_by_buffer(graph: GraphSummary) -> Mapping[int, set[tuple[str, int]]]:
    readers: dict[int, set[tuple[str, int]]] = collections.defaultdict(set)
    for op in graph.ops:
        for position, tensor in enumerate(op.inputs):
            if tensor is not None and tensor.is_constant:
                readers[tensor.buffer].add((op.name, position))
    return readers


def _bias_step(op: OpSummary, position: int, scales: Mapping[int, float]) -> float | None:
    """Returns the step in which an op will count its input at `position`: a bias of rewritten weights; None: as now."""
    weights = weights_of(op)
    if position != _BIAS or not _is_static(op) or weights is None or weights.buffer not in scales:
        return None
    activations = op.inputs[0]
    return activations.scale * scales[weights.buffer] if activations is not None and activations.scale else None


def _is_dynamic(op: OpSummary) -> bool:
    """Whether an op reads int8 weights and gives floats: products of float activations, and look-ups.

    Of these runtimes were measured that read one scale of many, and that are right with one. Convolutions are not: per
    channel is the form of theirs that runtimes read rightly.
    """
    if op.name == "EMBEDDING_LOOKUP":
        return op.output_dtypes == ("float32",)
    return op.name in (_PRODUCT, "BATCH_MATMUL") and is_hybrid(op)


def _is_static(op: OpSummary) -> bool:
    """Whether an op is an int8 product: int8 activations and weights."""
    return op.name == _PRODUCT and op.input_dtypes[:2] == ("int8", "int8") and op.output_dtypes[:1] == ("int8",)


def _weights(op: OpSummary) -> TensorSummary:
    weights = weights_of(op)
    if weights is None:
        raise TypeError(f"expected a product with weights; got {op.place}")
    return weights


def _place(op: OpSummary) -> Place:
    return op.subgraph, op.index


def _tensor_place(tensor: TensorSummary) -> Place:
    return tensor.subgraph, tensor.index
