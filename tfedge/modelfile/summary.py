"""The graph of a .tflite as facts: ops, signatures, weights, and which ops are refused."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping
from typing import Literal

from tfedge.modelfile.layer_names import layer_of

Quantization = Literal["none", "per_tensor", "per_channel", "blockwise"]
OpKind = Literal["builtin", "custom", "flex", "unknown"]
OptionValue = int | float | bool | str

# Ops on state that outlives an invocation. Calibration refuses them, and no runtime gate here covers them.
RESOURCE_OPS = frozenset(
    {
        *("VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"),
        *("HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE"),
    }
)
INTEGER_WEIGHTS = ("int8", "int4", "int2")


@dataclasses.dataclass(frozen=True)
class TensorSummary:
    """One tensor of a subgraph.

    Attributes:
        name: as in the file; signatures have names of their own.
        dtype: "float32", "int8", …
        shape: sizes; -1 where the file leaves one open.
        quantization: "none", "per_tensor" (one scale), "per_channel" (one a channel) or "blockwise".
        weight_bytes: bytes stored for it in the file; 0 where it is computed.
        is_variable: whether it keeps its value between invocations.
        index: its place among the tensors of its subgraph.
        subgraph: index of the subgraph it belongs to.
        buffer: index of the buffer that stores it; tensors that share weights share a buffer.
        num_scales: 0 where it is not quantized, 1 per-tensor, one a channel per-channel.
        scale: the first scale, and `zero_point` the first zero point; None where there is none.
        zero_point: see `scale`.
        quantized_dimension: the axis that scales belong to where there are several.
        shape_signature: the shape as the author meant it, -1 where a size is free; empty where the file has none.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    quantization: Quantization
    weight_bytes: int
    is_variable: bool
    index: int
    subgraph: int
    buffer: int
    num_scales: int = 0
    scale: float | None = None
    zero_point: int | None = None
    quantized_dimension: int = 0
    shape_signature: tuple[int, ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether its values are stored in the file."""
        return self.weight_bytes > 0

    @property
    def has_dynamic_shape(self) -> bool:
        """Whether a size is left open until a caller gives it."""
        return -1 in self.shape or -1 in self.shape_signature

    @property
    def layer(self) -> str:
        """The layer it belongs to, from its name as Keras writes it: "encoder/layer_0/dense"; empty where unknown."""
        return layer_of(self.name)


@dataclasses.dataclass(frozen=True)
class OpSummary:
    """One op of a subgraph.

    Attributes:
        subgraph: index of the subgraph it stands in.
        name: "FULLY_CONNECTED", …; of a custom or Flex op its custom code.
        version: op version as the file states it.
        kind: "builtin", "custom", "flex", or "unknown" (newer than the schema that read it).
        inputs: its inputs in order; None where an optional one is left out (a missing bias).
        outputs: its outputs in order.
        index: its position in its subgraph.
        options: its builtin options that are single values, by the attribute names of the published schema, such as
            "fusedActivationFunction" or "asymmetricQuantizeInputs".
    """

    subgraph: int
    name: str
    version: int
    kind: OpKind
    inputs: tuple[TensorSummary | None, ...]
    outputs: tuple[TensorSummary, ...]
    index: int
    options: Mapping[str, OptionValue] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def place(self) -> str:
        """The op in words: "op 12 FULLY_CONNECTED in subgraph 0 (encoder/layer_0/dense)"."""
        layer = self.outputs[0].layer if self.outputs else ""
        where = f" ({layer})" if layer else ""
        return f"op {self.index} {self.name} in subgraph {self.subgraph}{where}"

    @property
    def input_dtypes(self) -> tuple[str | None, ...]:
        """The dtype of each input; None where it is left out."""
        return tuple(tensor.dtype if tensor else None for tensor in self.inputs)

    @property
    def output_dtypes(self) -> tuple[str, ...]:
        """The dtype of each output."""
        return tuple(tensor.dtype for tensor in self.outputs)


@dataclasses.dataclass(frozen=True)
class SignatureSummary:
    """One entry point: its key, its subgraph, and its tensors by the names a caller uses."""

    key: str
    subgraph: int
    inputs: dict[str, TensorSummary]
    outputs: dict[str, TensorSummary]


@dataclasses.dataclass(frozen=True)
class SubgraphSummary:
    """One graph of a model: the body of a signature, of a loop, of a branch.

    Attributes:
        index: its place in the file.
        name: as in the file; often empty.
        inputs: the tensors it takes, in order.
        outputs: the tensors it gives, in order.
        num_tensors: all its tensors, stored ones included.
    """

    index: int
    name: str
    inputs: tuple[TensorSummary, ...]
    outputs: tuple[TensorSummary, ...]
    num_tensors: int


@dataclasses.dataclass(frozen=True)
class GraphSummary:
    """What a .tflite holds.

    Attributes:
        ops: of all subgraphs, in execution order.
        signatures: by key.
        num_subgraphs: loop bodies and conditions included.
        weight_bytes: stored bytes by dtype; a buffer that several tensors share counts once.
        per_tensor_weights: number of int8, int4 or int2 weight tensors with one scale.
        per_channel_weights: number of those with one scale a channel, or a block.
        resource_variables: names of tensors that are resources or keep state between invocations.
        min_runtime_version: as the file's metadata states it; None where it states none.
        description: as in the file.
        subgraphs: all of them, in order.
        weights: the stored tensors; of tensors that share a buffer the first.
        metadata: bytes by the name of each metadata entry.
        schema_version: version of the file format as the file states it; 3 in every file met.
        op_codes: name and version of every operator code, used by an op or not: interpreters refuse by these.
    """

    ops: tuple[OpSummary, ...]
    signatures: dict[str, SignatureSummary]
    num_subgraphs: int
    weight_bytes: dict[str, int]
    per_tensor_weights: int
    per_channel_weights: int
    resource_variables: tuple[str, ...]
    min_runtime_version: str | None
    description: str
    subgraphs: tuple[SubgraphSummary, ...]
    weights: tuple[TensorSummary, ...]
    metadata: Mapping[str, int]
    schema_version: int
    op_codes: tuple[tuple[str, int], ...]


def refused_ops(summary: GraphSummary) -> list[str]:
    """Names the ops that a plain interpreter cannot be trusted with; an empty list is a clean model.

    Refused are Flex ops (need TensorFlow linked in), custom ops (need code of their own), ops that keep
    resources between invocations, and ops newer than the schema that read them.
    """
    reasons = {"flex": "Flex op", "custom": "custom op", "unknown": "op unknown to the installed schema"}
    met: collections.Counter[tuple[str, str]] = collections.Counter()
    for op in summary.ops:
        reason = reasons.get(op.kind) or ("resource-variable op" if op.name in RESOURCE_OPS else None)
        if reason:
            met[op.name, reason] += 1
    return [f"{name} ({reason}, {count}x)" for (name, reason), count in sorted(met.items())]
