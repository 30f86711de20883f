"""What a runtime makes of parts of the file format that came late, or that need code of their own."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfedge.checks.probes.probe import Probe, Sketch
from tfedge.checks.probes.products import activations

# Late or rare tensor types: the probe has one in a tensor that nothing reads.
TENSOR_TYPES = (
    *("float16", "bfloat16", "float64", "int4", "int2", "uint4", "uint16", "uint32", "uint64", "complex64"),
    *("complex128", "string", "resource", "variant", "float8_e4m3fn", "float8_e5m2"),
)


def _passing() -> tuple[Sketch, int, int]:
    sketch = Sketch()
    real = np.arange(8.0).reshape(1, 8)
    x, y = sketch.input("x", real), sketch.output("y", real + 1)
    return sketch, x, y


def type_probes() -> Iterator[Probe]:
    """x + 1 in a file that has one tensor of a late type, which no op uses."""
    for dtype in TENSOR_TYPES:
        sketch, x, y = _passing()
        sketch.builder.tensor("unused", (2,), dtype)
        sketch.builder.op("ADD", [x, sketch.constant([[1.0]])], [y])
        sketch.builder.interface([x], [y])
        yield sketch.probe(f"tensor_type {dtype}", 1e-3)


def blockwise_probes() -> Iterator[Probe]:
    """FULLY_CONNECTED with int4 or int8 weights of a scale a block of 32, scales in float16, as LiteRT writes them."""
    for dtype in ("int4", "int8"):
        sketch = Sketch()
        limit = 7 if dtype == "int4" else 127
        rng = np.random.default_rng(5)
        real = (rng.uniform(-1, 1, (8, 2, 32)) * np.geomspace(0.01, 1, 16).reshape(8, 2, 1)).astype(np.float64)
        scales = (np.abs(real).max(axis=2) / limit).astype(np.float16)
        stored = np.round(real / scales[:, :, None].astype(np.float64))
        meant = (np.clip(stored, -limit, limit) * scales[:, :, None].astype(np.float64)).reshape(8, 64)
        inputs = activations("float32", (2, 64))
        x, y = sketch.input("x", inputs), sketch.output("y", inputs @ meant.T)
        held = sketch.constant(np.clip(stored, -limit, limit).reshape(8, 64), dtype)
        scale = sketch.constant(scales, "float16")
        sketch.builder.op("FULLY_CONNECTED", [x, held], [y])
        sketch.builder.interface([x], [y])
        yield sketch.probe(f"blockwise {dtype}", 0.6, functools.partial(_blocks, sketch, held, scale))


def _blocks(sketch: Sketch, held: int, scale: int, model: Any) -> None:
    schema = sketch.builder.schema
    details = schema.BlockwiseQuantizationT()
    details.scales, details.zeroPoints, details.blockSize = scale, -1, 32
    quantization = schema.QuantizationParametersT()
    quantization.detailsType = schema.QuantizationDetails.BlockwiseQuantization
    quantization.details = details
    model.subgraphs[0].tensors[held].quantization = quantization


def sparse_probes() -> Iterator[Probe]:
    """FULLY_CONNECTED with float32 weights of which only the blocks that are not zero are stored."""
    sketch = Sketch()
    dense = np.zeros((4, 16))
    dense[1, 4:8], dense[2, 0:4], dense[3, 12:16] = [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]
    inputs = activations("float32", (1, 16))
    x, y = sketch.input("x", inputs), sketch.output("y", inputs @ dense.T)
    held = sketch.constant(np.arange(1.0, 13.0))
    sketch.builder.op("FULLY_CONNECTED", [x, held], [y], version=8)
    yield sketch.probe("sparse FULLY_CONNECTED", 1e-3, functools.partial(_sparse, sketch, held))


def _sparse(sketch: Sketch, held: int, model: Any) -> None:
    """States the weights as (4, 16) in blocks of (1, 4): rows dense, blocks of a row compressed."""
    schema = sketch.builder.schema
    tensor = model.subgraphs[0].tensors[held]
    tensor.shape, sparsity = [4, 16], schema.SparsityParametersT()
    sparsity.traversalOrder, sparsity.blockMap = [0, 1, 2], [1]
    sparsity.dimMetadata = []
    for size, segments, indices in ((4, None, None), (0, [0, 0, 1, 2, 3], [1, 0, 3]), (4, None, None)):
        entry = schema.DimensionMetadataT()
        entry.format, entry.denseSize = (0, size) if segments is None else (1, 0)
        if segments is not None:
            entry.arraySegmentsType = entry.arrayIndicesType = 1
            entry.arraySegments, entry.arrayIndices = schema.Int32VectorT(), schema.Int32VectorT()
            entry.arraySegments.values, entry.arrayIndices.values = segments, indices
        sparsity.dimMetadata.append(entry)
    tensor.sparsity = sparsity


def foreign_probes() -> Iterator[Probe]:
    """Custom ops, ops of TensorFlow, variables, and what needs an initial run."""
    for name, code in (("custom", "MyOp"), ("flex", "FlexErf")):
        sketch, x, y = _passing()
        sketch.builder.op("CUSTOM", [x], [y], custom_code=code)
        yield sketch.probe(name, 1e-3)
    yield variable_probe("variable_assigned", assigned=True)
    yield variable_probe("variable_unassigned", assigned=False)
    yield once_probe()
    yield kept_probe()


def variable_probe(name: str, assigned: bool) -> Probe:
    """x + a resource variable of ones, which is assigned in the same subgraph before, or never."""
    sketch, x, y = _passing()
    handle, value = sketch.between((1,), "resource"), sketch.between((1, 8))
    sketch.builder.op("VAR_HANDLE", [], [handle], options={"container": "", "sharedName": "v"})
    if assigned:
        sketch.builder.op("ASSIGN_VARIABLE", [handle, sketch.constant(np.ones((1, 8)))], [])
    sketch.builder.op("READ_VARIABLE", [handle], [value])
    sketch.builder.op("ADD", [x, value], [y])
    sketch.builder.interface([x], [y])
    return sketch.probe(name, 1e-3)


def once_probe() -> Probe:
    """x + a resource variable that CALL_ONCE assigns ones to, as converters write unfrozen variables."""
    sketch, x, y = _passing()
    handle, value = sketch.between((1,), "resource"), sketch.between((1, 8))
    sketch.builder.op("CALL_ONCE", [], [], options={"initSubgraphIndex": 1})
    sketch.builder.op("VAR_HANDLE", [], [handle], options={"container": "", "sharedName": "v"})
    sketch.builder.op("READ_VARIABLE", [handle], [value])
    sketch.builder.op("ADD", [x, value], [y])
    sketch.builder.interface([x], [y])
    sketch.builder.subgraph("init")
    handle = sketch.between((1,), "resource")
    sketch.builder.op("VAR_HANDLE", [], [handle], options={"container": "", "sharedName": "v"})
    sketch.builder.op("ASSIGN_VARIABLE", [handle, sketch.constant(np.ones((1, 8)))], [])
    sketch.builder.interface([], [])
    return sketch.probe("variable_once", 1e-3)


def kept_probe() -> Probe:
    """x + a tensor that is marked as a variable (isVariable), which starts as zeros; plus 1."""
    sketch, x, y = _passing()
    kept, one = sketch.between((1, 8), variable=True), sketch.constant(np.ones((1, 8)))
    total = sketch.between((1, 8))
    sketch.builder.op("ADD", [x, kept], [total])
    sketch.builder.op("ADD", [total, one], [y])
    sketch.builder.interface([x], [y])
    return sketch.probe("variable_tensor", 1e-3)


def storage_probes() -> Iterator[Probe]:
    """Weights that are stored outside the flatbuffer: behind it (files of 2 GB), or in another file."""
    for name, change in (("buffer_behind", _behind), ("buffer_external", _external)):
        sketch, x, y = _passing()
        one = sketch.constant(np.ones((1, 8)))
        sketch.builder.op("ADD", [x, one], [y])
        probe = sketch.probe(name, 1e-3, functools.partial(change, sketch, one))
        if name == "buffer_behind":
            probe = _moved_behind(probe)
        yield probe


_MARK = 0x7FFF0000  # Stands where the true offset goes, once the size of the flatbuffer is known.


def _behind(sketch: Sketch, tensor: int, model: Any) -> None:
    index = model.subgraphs[0].tensors[tensor].buffer
    buffer = sketch.builder.schema.BufferT()
    buffer.offset, buffer.size = _MARK, 32
    model.buffers[index] = buffer


def _moved_behind(probe: Probe) -> Probe:
    end = -(-len(probe.data) // 16) * 16
    data = probe.data.replace(_MARK.to_bytes(8, "little"), end.to_bytes(8, "little"))
    data = data.ljust(end, b"\0") + np.ones(8, "<f4").tobytes()
    return Probe(probe.name, data, probe.inputs, probe.expected, probe.tolerance)


def _external(sketch: Sketch, tensor: int, model: Any) -> None:
    schema = sketch.builder.schema
    group, buffer = schema.ExternalBufferGroupT(), schema.ExternalBufferT()
    group.name = "weights.bin"
    buffer.id, buffer.group, buffer.offset, buffer.length, buffer.packing = 1, 0, 0, 32, "unpacked"
    model.externalBufferGroups, model.externalBuffers = [group], [buffer]
    model.subgraphs[0].tensors[tensor].buffer, model.subgraphs[0].tensors[tensor].externalBuffer = 0, 1


def format_probes() -> Iterator[Probe]:
    """All probes of this file."""
    for probes in (type_probes, blockwise_probes, sparse_probes, foreign_probes, storage_probes):
        yield from probes()
