"""What `tfedge inspect` says of a file: the schema of its `--json`, version 1.

Every key is always there; what a file does not have is null, an empty list or an empty text. Sizes are bytes. Texts
that come from the file are printable: what is not is written as Python writes it ("\\x1b").

    schema_version              1
    path, sha256, size_bytes    of the whole file
    description                 as the model states it
    format_version              of the .tflite format, 3 in every file met
    min_runtime_version         of the metadata:
        claimed                     what the file says; null where it says nothing
        published                   first TensorFlow release that runs all ops, by the published table; null: unknown
        is_true                     null where one of the two is unknown
        because                     ops that need a later release than claimed: name, version, release
    signatures                  key, subgraph, inputs, outputs (tensors)
    subgraphs                   index, name, role, num_ops, num_tensors, inputs, outputs (tensors), arena:
        arena_bytes                 planned as TFLite plans it, without delegates (`tfedge.modelfile.arena`)
        lower_bound_bytes           the most bytes alive at one op
        num_unknown                 tensors of open size in it, counted as 1: then the size is a lower bound
        is_planned                  false where there were too many tensors to plan; then arena_bytes is that bound
    ops                         name, version, kind ("builtin", "custom", "flex", "unknown"), count, by_subgraph
    unused_op_codes             name, version: interpreters refuse a file by these as well
    control_flow                op, version, subgraph, place, calls (what a subgraph is to it -> index)
    variables                   name, subgraph, dtype, shape of state that outlives an invocation
    dynamic_tensors             tensors with a size that is open until a caller gives it
    weights                     of tensors stored in the file, a shared buffer counted once:
        size_bytes, num_tensors
        by_dtype                    dtype, quantization, num_tensors, size_bytes
        by_layer                    layer, dtypes, num_tensors, size_bytes; layer "" has no name that tells
    metadata                    name, size_bytes of each entry in the model
    tflite_metadata_bytes       size of the TFLITE_METADATA entry; null where there is none. The files that it speaks of
                                are in the archive
    archive                     the zip behind the model, whoever wrote it; null where there is none:
        problem                     why it cannot be listed; empty where it can
        entries                     name, size_bytes, stored_bytes, remarks (what is unsafe about it)
    pack                        what tfedge packed behind the model; null where there is none:
        problem                     how it is damaged; then all below are null
        recipe, tfedge_version, model_size_bytes, targets, provenance, calibration, gates,
        num_golden_cases, num_evaluation_texts
    memory                      estimates for one use of the file by one process:
        weights_bytes               stored tensors, mapped from the file
        arena_bytes                 of all subgraphs, as when every signature is used
        interpreter_bytes           its own tables of ops and tensors
        delegate_copy_bytes         weights that XNNPACK copies for its kernels, once a subgraph, if it takes every op
        peak_bytes                  all four
    runs                        one for each runtime that was asked; empty with --no-run (`tfedge.reports.trial`):
        runtime                     "name==version@arch", or the name where it could not be started
        outcome                     "ran", "refused", "crashed", "timed_out", "out_of_memory", "not_run" (loaded; its
                                    inputs are too large to make up), "bad_request" or "unavailable"
        message                     why not, in words; empty after "ran"
        subgraphs                   index and what the interpreter made of it, as far as it could be asked:
            num_partitions              pieces that delegates took; null: not known
            num_inside                  ops in them
            outside                     op name -> count of those that the interpreter runs itself
            splitting                   those of them that stand between two partitions
            arena_bytes                 as the interpreter laid it out, without delegates; null: not known
        loaded_bytes                private memory (heap, not pages of files) that loading and allocating added; null
                                    where it did not come to that
        ran_bytes                   private memory that one run of every signature with zeros added to that

    A tensor: name (in the signature, else in the file), index, dtype, shape, shape_signature (-1: open; empty: as
    shape), quantization ("none", "per_tensor", "per_channel", "blockwise"), num_scales, scale and zero_point (the
    first; a scale that is NaN or infinite is null), quantized_dimension.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from tfedge.modelfile.archive import ArchiveEntry
from tfedge.modelfile.summary import OpKind, Quantization, TensorSummary
from tfedge.modelfile.weights import DtypeWeights, LayerWeights

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class TensorFacts:
    """One tensor under the name its user knows it by."""

    name: str
    index: int
    dtype: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    quantization: Quantization
    num_scales: int
    scale: float | None
    zero_point: int | None
    quantized_dimension: int

    @classmethod
    def of(cls, tensor: TensorSummary, name: str = "") -> TensorFacts:
        """Returns the facts of a tensor; `name` is its name in a signature."""
        kept = {field.name: getattr(tensor, field.name) for field in dataclasses.fields(cls)}
        if tensor.scale is not None and not math.isfinite(tensor.scale):
            kept["scale"] = None  # JSON has no word for it.
        return cls(**{**kept, "name": name or tensor.name})


@dataclasses.dataclass(frozen=True)
class SignatureFacts:
    key: str
    subgraph: int
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]


@dataclasses.dataclass(frozen=True)
class ArenaFacts:
    arena_bytes: int
    lower_bound_bytes: int
    num_unknown: int
    is_planned: bool


@dataclasses.dataclass(frozen=True)
class SubgraphFacts:
    index: int
    name: str
    role: str
    num_ops: int
    num_tensors: int
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    arena: ArenaFacts


@dataclasses.dataclass(frozen=True)
class OpFacts:
    name: str
    version: int
    kind: OpKind
    count: int
    by_subgraph: Mapping[int, int]


@dataclasses.dataclass(frozen=True)
class OpCode:
    name: str
    version: int


@dataclasses.dataclass(frozen=True)
class LateOp:
    """An op version that came with `release` of TensorFlow, later than the file claims to need."""

    name: str
    version: int
    release: str


@dataclasses.dataclass(frozen=True)
class VersionClaim:
    claimed: str | None
    published: str | None
    is_true: bool | None
    because: tuple[LateOp, ...]


@dataclasses.dataclass(frozen=True)
class ControlFlowFacts:
    op: str
    version: int
    subgraph: int
    place: str
    calls: Mapping[str, int]


@dataclasses.dataclass(frozen=True)
class VariableFacts:
    name: str
    subgraph: int
    dtype: str
    shape: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class WeightFacts:
    size_bytes: int
    num_tensors: int
    by_dtype: tuple[DtypeWeights, ...]
    by_layer: tuple[LayerWeights, ...]


@dataclasses.dataclass(frozen=True)
class MetadataFacts:
    name: str
    size_bytes: int


@dataclasses.dataclass(frozen=True)
class ArchiveFacts:
    problem: str
    entries: tuple[ArchiveEntry, ...]


@dataclasses.dataclass(frozen=True)
class PackFacts:
    problem: str
    recipe: str | None = None
    tfedge_version: str | None = None
    model_size_bytes: int | None = None
    targets: tuple[str, ...] | None = None
    provenance: Mapping[str, Any] | None = None
    calibration: Mapping[str, Any] | None = None
    gates: tuple[Mapping[str, Any], ...] | None = None
    num_golden_cases: int | None = None
    num_evaluation_texts: int | None = None


@dataclasses.dataclass(frozen=True)
class MemoryFacts:
    weights_bytes: int
    arena_bytes: int
    interpreter_bytes: int
    delegate_copy_bytes: int
    peak_bytes: int


@dataclasses.dataclass(frozen=True)
class LoadedSubgraph:
    index: int
    num_partitions: int | None = None
    num_inside: int | None = None
    outside: Mapping[str, int] = dataclasses.field(default_factory=dict)
    splitting: Mapping[str, int] = dataclasses.field(default_factory=dict)
    arena_bytes: int | None = None


@dataclasses.dataclass(frozen=True)
class Trial:
    """What one runtime did with the file."""

    runtime: str
    outcome: str
    message: str = ""
    subgraphs: tuple[LoadedSubgraph, ...] = ()
    loaded_bytes: int | None = None
    ran_bytes: int | None = None


@dataclasses.dataclass(frozen=True)
class Inspection:
    """All of it; the module's docstring says what each field is."""

    path: str
    sha256: str
    size_bytes: int
    description: str
    format_version: int
    min_runtime_version: VersionClaim
    signatures: tuple[SignatureFacts, ...]
    subgraphs: tuple[SubgraphFacts, ...]
    ops: tuple[OpFacts, ...]
    unused_op_codes: tuple[OpCode, ...]
    control_flow: tuple[ControlFlowFacts, ...]
    variables: tuple[VariableFacts, ...]
    dynamic_tensors: tuple[TensorFacts, ...]
    weights: WeightFacts
    metadata: tuple[MetadataFacts, ...]
    tflite_metadata_bytes: int | None
    archive: ArchiveFacts | None
    pack: PackFacts | None
    memory: MemoryFacts
    runs: tuple[Trial, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values with the keys that the module's docstring lists."""
        return {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(self)}
