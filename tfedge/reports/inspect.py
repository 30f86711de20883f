"""The stage behind `tfedge inspect`: everything that can be said of a .tflite by reading it, and by loading it."""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib
from collections.abc import Iterable

from tfedge.checks import published_versions
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile import archive, control_flow, pack
from tfedge.modelfile.arena import plan_arenas
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.model_file import ModelData, open_model, release, sha256_of
from tfedge.modelfile.summary import GraphSummary, OpKind, SubgraphSummary, TensorSummary
from tfedge.modelfile.weights import weights_by_dtype, weights_by_layer
from tfedge.printable import printable
from tfedge.progress import SILENT, Reporter
from tfedge.reports import inspection as facts
from tfedge.reports import trial

TFLITE_METADATA = "TFLITE_METADATA"
# Ops whose weights XNNPACK copies into the order its kernels read them in, and where those weights stand.
_PACKED_OPS = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "BATCH_MATMUL")
# What an interpreter keeps for itself, fitted to both runtimes on two models of this repository, with 55 and 514 ops,
# loaded without delegates and run: what their private memory grew by, less the arenas, to 7 % of each. As a whole the
# estimate of private memory was, on 9 files of this repository, 0.74 to 0.97 of what LiteRT 2.3 took (0.81 for the
# shipped model) and 0.65 to 1.55 of what tflite-runtime 2.14 took (1.20), which delegates fewer ops; arenas were 0 to
# 6 % above what both laid out, most of them equal to the byte.
_INTERPRETER_BYTES, _BYTES_AN_OP = 100_000, 1_600


def inspect_file(
    path: str | os.PathLike[str], run: bool = True, timeout_s: float = 60.0, reporter: Reporter = SILENT
) -> facts.Inspection:
    """Reads a model file and, with `run`, loads it in a worker process of every runtime installed here.

    Args:
        path: any .tflite, with or without something behind it.
        run: whether to start workers; without, nothing of the file is ever executed.
        timeout_s: for one load or one run in a worker.

    Raises:
        ArtifactError: no such file, or not a .tflite that can be read.
        RuntimeUnavailableError: the package that holds the schema is not installed.
    """
    path = pathlib.Path(path)
    data = open_model(path)
    graph = read_graph(data)
    release(data)  # Reading may have mapped all of it.
    found = read_inspection(path, data, graph)
    if not run:
        return found
    return dataclasses.replace(found, runs=trial.try_runtimes(path, data, graph, timeout_s, reporter))


def read_inspection(path: pathlib.Path, data: ModelData, graph: GraphSummary) -> facts.Inspection:
    """Returns what can be said of a file without running it.

    Args:
        path: for messages.
        data: its content.
        graph: what `read_graph` read from it.
    """
    subgraphs, tensors = _subgraphs(graph), _touched_tensors(graph)
    return facts.Inspection(
        path=printable(str(path)),
        sha256=sha256_of(data),
        size_bytes=len(data),
        description=graph.description,
        format_version=graph.schema_version,
        min_runtime_version=_claim(graph),
        signatures=_signatures(graph),
        subgraphs=subgraphs,
        ops=_ops(graph),
        unused_op_codes=_unused_codes(graph),
        control_flow=_control_flow(graph),
        variables=_variables(tensors),
        dynamic_tensors=tuple(facts.TensorFacts.of(tensor) for tensor in tensors if tensor.has_dynamic_shape),
        weights=_weights(graph),
        metadata=tuple(facts.MetadataFacts(name, size) for name, size in graph.metadata.items()),
        tflite_metadata_bytes=graph.metadata.get(TFLITE_METADATA),
        archive=_archive(data),
        pack=_pack(data, path),
        memory=_memory(graph, subgraphs),
        runs=(),
    )


def _claim(graph: GraphSummary) -> facts.VersionClaim:
    claimed = graph.min_runtime_version
    codes = sorted(set(graph.op_codes))
    published = published_versions.min_runtime_version(codes)
    if claimed is None or published is None:
        return facts.VersionClaim(claimed, published, None, ())
    late = []
    for name, version in codes:
        release = published_versions.first_release(name, version)
        if release and _is_later(release, claimed):
            late.append(facts.LateOp(name, version, release))
    return facts.VersionClaim(claimed, published, not late, tuple(late))


def _is_later(release: str, other: str) -> bool:
    return published_versions.release_order(release) > published_versions.release_order(other)


def _signatures(graph: GraphSummary) -> tuple[facts.SignatureFacts, ...]:
    found = []
    for key, signature in graph.signatures.items():
        sides = [
            tuple(facts.TensorFacts.of(tensor, name) for name, tensor in side.items())
            for side in (signature.inputs, signature.outputs)
        ]
        found.append(facts.SignatureFacts(key, signature.subgraph, sides[0], sides[1]))
    return tuple(found)


def _subgraphs(graph: GraphSummary) -> tuple[facts.SubgraphFacts, ...]:
    counts = collections.Counter(op.subgraph for op in graph.ops)
    plans, roles = plan_arenas(graph), control_flow.roles(graph)

    def read(subgraph: SubgraphSummary) -> facts.SubgraphFacts:
        plan = plans[subgraph.index]
        arena = facts.ArenaFacts(plan.arena_bytes, plan.lower_bound_bytes, plan.num_unknown, plan.is_planned)
        return facts.SubgraphFacts(
            index=subgraph.index,
            name=subgraph.name,
            role=roles[subgraph.index],
            num_ops=counts[subgraph.index],
            num_tensors=subgraph.num_tensors,
            inputs=tuple(facts.TensorFacts.of(tensor) for tensor in subgraph.inputs),
            outputs=tuple(facts.TensorFacts.of(tensor) for tensor in subgraph.outputs),
            arena=arena,
        )

    return tuple(read(subgraph) for subgraph in graph.subgraphs)


def _ops(graph: GraphSummary) -> tuple[facts.OpFacts, ...]:
    """Returns the ops by name and version, the most frequent first."""
    counts: collections.defaultdict[tuple[str, int, OpKind], collections.Counter[int]]
    counts = collections.defaultdict(collections.Counter)
    for op in graph.ops:
        counts[op.name, op.version, op.kind][op.subgraph] += 1
    found = [facts.OpFacts(*key, by_subgraph.total(), dict(by_subgraph)) for key, by_subgraph in counts.items()]
    return tuple(sorted(found, key=lambda op: (-op.count, op.name, op.version)))


def _unused_codes(graph: GraphSummary) -> tuple[facts.OpCode, ...]:
    used = {(op.name, op.version) for op in graph.ops}
    return tuple(facts.OpCode(*code) for code in sorted(set(graph.op_codes) - used))


def _control_flow(graph: GraphSummary) -> tuple[facts.ControlFlowFacts, ...]:
    return tuple(
        facts.ControlFlowFacts(call.op.name, call.op.version, call.op.subgraph, call.op.place, dict(call.subgraphs))
        for call in control_flow.calls(graph)
    )


def _touched_tensors(graph: GraphSummary) -> list[TensorSummary]:
    """Returns the tensors that ops, subgraphs and signatures touch, each once."""
    seen: dict[tuple[int, int], TensorSummary] = {}
    for op in graph.ops:
        seen.update(((tensor.subgraph, tensor.index), tensor) for tensor in (*op.inputs, *op.outputs) if tensor)
    for subgraph in graph.subgraphs:
        seen.update(((tensor.subgraph, tensor.index), tensor) for tensor in (*subgraph.inputs, *subgraph.outputs))
    return [seen[key] for key in sorted(seen)]


def _variables(tensors: Iterable[TensorSummary]) -> tuple[facts.VariableFacts, ...]:
    return tuple(
        facts.VariableFacts(tensor.name, tensor.subgraph, tensor.dtype, tensor.shape)
        for tensor in tensors
        if tensor.is_variable or tensor.dtype == "resource"
    )


def _weights(graph: GraphSummary) -> facts.WeightFacts:
    size = sum(tensor.weight_bytes for tensor in graph.weights)
    return facts.WeightFacts(size, len(graph.weights), weights_by_dtype(graph), weights_by_layer(graph))


def _archive(data: ModelData) -> facts.ArchiveFacts | None:
    try:
        entries = archive.list_entries(data)
    except ConfigError as error:
        return facts.ArchiveFacts(str(error), ())
    return facts.ArchiveFacts("", entries) if entries else None


def _pack(data: ModelData, path: pathlib.Path) -> facts.PackFacts | None:
    if not pack.looks_packed(data):
        return None
    try:
        read = pack.parse_pack(data, path)
    except ArtifactError as error:
        return facts.PackFacts(problem=printable(str(error)))
    manifest = read.manifest
    return facts.PackFacts(
        problem="",
        recipe=manifest.recipe,
        tfedge_version=manifest.tfedge_version,
        model_size_bytes=manifest.model_size_bytes,
        targets=manifest.targets,
        provenance=manifest.provenance,
        calibration=manifest.calibration,
        gates=manifest.gates,
        num_golden_cases=read.num_golden_cases,
        num_evaluation_texts=len(read.evaluation.examples) if read.evaluation else None,
    )


def _memory(graph: GraphSummary, subgraphs: Iterable[facts.SubgraphFacts]) -> facts.MemoryFacts:
    copies: dict[tuple[int, int], int] = {}
    for op in graph.ops:
        if op.name in _PACKED_OPS:
            for tensor in op.inputs:
                if tensor is not None and tensor.is_constant:
                    copies[op.subgraph, tensor.buffer] = tensor.weight_bytes
    parts = {
        "weights_bytes": sum(tensor.weight_bytes for tensor in graph.weights),
        "arena_bytes": sum(subgraph.arena.arena_bytes for subgraph in subgraphs),
        "interpreter_bytes": _INTERPRETER_BYTES + _BYTES_AN_OP * len(graph.ops),
        "delegate_copy_bytes": sum(copies.values()),
    }
    return facts.MemoryFacts(**parts, peak_bytes=sum(parts.values()))
