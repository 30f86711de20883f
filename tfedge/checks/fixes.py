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
from tfedge.checks.published_versions import first_version, min_runtime_version, release_order
from tfedge.checks.rewritable import BIAS, is_dynamic, is_scale, is_static, rewritable_buffers
from tfedge.checks.true_versions import TAKEN_BACK, is_per_channel, lowest_version, true_version, weights_of
from tfedge.modelfile.layout import Place
from tfedge.modelfile.rewrite import ModelEditor
from tfedge.modelfile.summary import GraphSummary, OpSummary, TensorSummary


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
    dynamic = [op for op in graph.ops if is_dynamic(op) and is_per_channel(weights_of(op))]
    static = [op for op in graph.ops if is_static(op) and is_per_channel(weights_of(op))]
    bare = [op for op in static if len(op.inputs) <= BIAS or op.inputs[BIAS] is None]
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
        self._rewritable = rewritable_buffers(editor, graph)

    def edits(self, products: Sequence[OpSummary], bare: Sequence[OpSummary]) -> tuple[Edit, ...]:
        """Returns the edits that give the weights of `products` one scale and `bare` ops a bias, and all else true.

        Products whose weights cannot be rewritten safely keep them.
        """
        weights = {_weights(op).buffer: _weights(op) for op in products if _weights(op).buffer in self._rewritable}
        rewritten = {buffer: self._one_scale(tensor) for buffer, tensor in weights.items()}
        biases = self._biases({buffer: edit.scale for buffer, edit in rewritten.items()})
        if biases is None:
            return ()
        edits: list[Edit] = [*rewritten.values(), *biases]
        edits += [
            ZeroBias(_place(op), _tensor_place(_weights(op)), op.name, _weights(op).num_scales)
            for op in bare
            if _weights(op).buffer not in rewritten
        ]
        versions = self._versions(set(rewritten))
        edits += [
            OpVersion(_place(op), op.name, op.version, versions[_place(op)])
            for op in self._graph.ops
            if versions[_place(op)] != op.version
        ]
        edits += self._unused_codes()
        edits += self._runtime_version(versions)
        return tuple(edits)

    def _versions(self, rewritten: set[int]) -> dict[Place, int]:
        """Returns the version of every op once the weights in the buffers `rewritten` have one scale."""
        versions: dict[Place, int] = {}
        above: dict[str, dict[Place, int]] = collections.defaultdict(dict)
        for op in self._graph.ops:
            reads = any(
                tensor is not None and tensor.is_constant and tensor.buffer in rewritten for tensor in op.inputs
            )
            versions[_place(op)] = version = op.version if reads else true_version(op)
            is_unwanted = bool(rewritten) or any(version > known.get(op.name, version) for known in self._missing)
            lowest = lowest_version(op, reads)
            if is_unwanted and lowest < version == op.version >= TAKEN_BACK.get(op.name, version + 1):
                above[op.name][_place(op)] = lowest
        for lowered in above.values():  # To one version, so that they go on sharing an operator code.
            versions |= dict.fromkeys(lowered, max(lowered.values()))
        return versions

    def _one_scale(self, weights: TensorSummary) -> OneScale:
        place = _tensor_place(weights)
        tensors = tuple(sorted(self._editor.sharing(place)))
        return OneScale(tensors, weights.name, weights.num_scales, one_scale_of(self._editor, place))

    def _biases(self, scales: Mapping[int, float]) -> list[RescaledBias] | None:
        """Returns the new steps of int32 biases; None where one has no step now, or ops read it in several."""
        steps: dict[Place, set[float | None]] = collections.defaultdict(set)
        stored: dict[Place, TensorSummary] = {}
        for op in self._graph.ops:
            for position, tensor in enumerate(op.inputs):
                if tensor is not None and tensor.is_constant:
                    stored[_tensor_place(tensor)] = tensor
                    steps[_tensor_place(tensor)].add(_bias_step(op, position, scales))
        # Tensors that share data and mean the same numbers, before and after, go on sharing.
        groups: dict[tuple[int, bytes, float], list[Place]] = collections.defaultdict(list)
        for place, found in steps.items():
            if len(found) > 1:
                return None
            step, now = found.pop(), self._editor.quantization(place)[0]
            if step is None:
                continue
            if not len(now) or not all(is_scale(float(each)) for each in now):
                return None
            groups[stored[place].buffer, now.tobytes(), step].append(place)
        return [
            RescaledBias(tuple(sorted(places)), stored[places[0]].name, step) for (_, _, step), places in groups.items()
        ]

    def _unused_codes(self) -> list[Edit]:
        """Returns what operator codes without an op must say, so that no target refuses the file for them."""
        used = {self._editor.op_code(_place(op)) for op in self._graph.ops}
        return [
            CodeVersion(code, name, version, first_version(name))
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


def _bias_step(op: OpSummary, position: int, scales: Mapping[int, float]) -> float | None:
    """Returns the step in which an op will count its input at `position`: a bias of rewritten weights; None: as now."""
    weights, activations = weights_of(op), op.inputs[0]
    if position != BIAS or not is_static(op) or weights is None or activations is None or activations.scale is None:
        return None
    return activations.scale * scales[weights.buffer] if weights.buffer in scales else None


def _weights(op: OpSummary) -> TensorSummary:
    weights = weights_of(op)
    if weights is None:
        raise TypeError(f"expected a product with weights; got {op.place}")
    return weights


def _place(op: OpSummary) -> Place:
    return op.subgraph, op.index


def _tensor_place(tensor: TensorSummary) -> Place:
    return tensor.subgraph, tensor.index
