"""Values and scales as they are stored, without a copy."""

from __future__ import annotations

import numpy as np

from tests import models
from tfedge.checks.probes import PROBES
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.stored_values import StoredValues
from tfedge.modelfile.summary import TensorSummary


def named(data: ModelData, name: str) -> tuple[TensorSummary, StoredValues]:
    graph = read_graph(data)
    tensors = [tensor for op in graph.ops for tensor in (*op.inputs, *op.outputs) if tensor is not None]
    return next(tensor for tensor in tensors if tensor.name == name), StoredValues(data)


def test_values_when_stored_are_views_into_the_file() -> None:
    data = memoryview(bytearray(models.dense("int8_static", per_channel=True)))
    kernel, stored = named(data, "dense/kernel")
    values = stored.values(kernel)

    assert values is not None and values.dtype == np.int8 and values.size == 128
    before = values[0]
    place = bytes(data).index(values.tobytes())
    data[place] ^= 1  # The view sees what the file holds.
    assert values[0] == before ^ 1
    assert stored.scales(kernel).shape == (8,) and stored.zero_points(kernel).tolist() == [0] * 8


def test_values_when_computed_or_packed_are_none() -> None:
    x, stored = named(models.dense(), "x")
    packed, packed_stored = named(models.dense("int4_dynamic"), "dense/kernel")

    assert stored.values(x) is None and list(stored.pieces(x)) == []
    assert stored.scales(x).size == 0 and stored.zero_points(x).size == 0
    assert packed_stored.values(packed) is None


def test_pieces_when_a_weight_is_large_cover_it_in_order() -> None:
    builder = ModelBuilder()
    builder.op(
        "NEG", [builder.tensor("w", (600_000,), "float32", np.arange(600_000))], [builder.tensor("y", (600_000,))]
    )
    weight, stored = named(builder.build(), "w")

    pieces = list(stored.pieces(weight))

    assert [len(piece) for piece in pieces] == [262_144, 262_144, 75_712]
    assert np.array_equal(np.concatenate(pieces), np.arange(600_000))


def test_storage_when_values_are_elsewhere_is_told() -> None:
    probes = {probe.name: probe.data for probe in PROBES}
    plain = StoredValues(models.dense())
    behind, external = StoredValues(probes["buffer_behind"]), StoredValues(probes["buffer_external"])
    weights, sparse = named(probes["sparse FULLY_CONNECTED"], "constant_2")

    assert not plain.has_buffers_behind() and not plain.has_external_buffers()
    assert behind.has_buffers_behind() and external.has_external_buffers()
    assert sparse.is_sparse(weights) and not sparse.is_external(weights)
    constant, stored = named(probes["buffer_behind"], "constant_2")
    held = stored.values(constant)
    assert held is not None and held.tolist() == [1.0] * 8


def test_tensor_types_when_nothing_uses_one_name_it_too() -> None:
    data = next(probe.data for probe in PROBES if probe.name == "tensor_type int2")
    assert dict(StoredValues(data).tensor_types()) == {
        "float32": "tensor 0 in subgraph 0",
        "int2": "tensor 2 in subgraph 0",
    }


def test_signature_names_when_one_stands_twice_shows_both() -> None:
    builder = ModelBuilder()
    x, z, y = (builder.tensor(name, (1,)) for name in "xzy")
    builder.op("SUB", [x, z], [y])
    builder.signature_pairs("f", [("a", x), ("a", z)], [("b", y)])

    assert list(StoredValues(builder.build()).signature_names()) == [
        ("f", "inputs", ["a", "a"]),
        ("f", "outputs", ["b"]),
    ]
