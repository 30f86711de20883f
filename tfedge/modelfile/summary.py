"""The graph of a .tflite as facts: ops, signatures, weights, and which ops are refused."""

from __future__ import annotations

import collections
import dataclasses
from typing import Literal

Quantization = Literal["none", "per_tensor", "per_channel", "blockwise"]
OpKind = Literal["builtin", "custom", "flex", "unknown"]

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
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    quantization: Quantization
    weight_bytes: int
    is_variable: bool

    @property
    def is_constant(self) -> bool:
        """Whether its values are stored in the file."""
        return self.weight_bytes > 0


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
    """

    subgraph: int
    name: str
    version: int
    kind: OpKind
    inputs: tuple[TensorSummary | None, ...]
    outputs: tuple[TensorSummary, ...]

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
