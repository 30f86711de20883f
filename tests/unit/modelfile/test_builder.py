"""Built files: read back as built, run as NumPy says on the installed runtimes, wrong calls refused."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests import models
from tfedge.errors import ConfigError
from tfedge.modelfile.builder import ModelBuilder, stored_bytes
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.schema import load_schema
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import installed_targets


def test_build_when_read_back_says_what_was_built() -> None:
    builder = ModelBuilder("small")
    x = builder.tensor("x", (1, 4), shape_signature=(-1, 4))
    w = builder.tensor("w", (2, 4), "int8", np.ones((2, 4)), scales=[0.5, 0.25])
    y = builder.tensor("y", (1, 2))
    builder.op("FULLY_CONNECTED", [x, w, None], [y], version=12, options={"asymmetricQuantizeInputs": True})
    builder.op_code("TANH", 3)
    builder.signature("classify", {"x": x}, {"y": y})
    builder.metadata("min_runtime_version", b"2.17.0".ljust(16, b"\0"))

    graph = read_graph(builder.build())

    (op,) = graph.ops
    assert (op.name, op.version, op.input_dtypes) == ("FULLY_CONNECTED", 12, ("float32", "int8", None))
    assert op.inputs[1] is not None and op.inputs[1].quantization == "per_channel"
    assert graph.signatures["classify"].outputs["y"].shape == (1, 2)
    assert (graph.min_runtime_version, graph.description) == ("2.17.0", "small")
    assert len(builder.model.operatorCodes) == 2


def test_build_when_data_is_stored_starts_it_at_16_bytes() -> None:
    builder = ModelBuilder()
    for size in (1, 3, 20):
        builder.tensor(f"t{size}", (size,), "int8", np.full(size, 99))
    data = builder.build()

    model = load_schema().Model.GetRootAs(data, 0)
    starts = [data.index(bytes([99] * model.Buffers(index).DataLength())) for index in (3,)]
    assert [model.Buffers(index).DataLength() for index in range(4)] == [0, 1, 3, 20]
    assert [start % 16 for start in starts] == [0]


@pytest.mark.parametrize("target", installed_targets(), ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8_dynamic", "int8_static", "uint8"])
def test_dense_when_run_answers_as_numpy(tmp_path: pathlib.Path, target: object, dtype: str) -> None:
    path = tmp_path / "dense.tflite"
    path.write_bytes(models.dense(dtype))
    values = np.random.default_rng(0).uniform(-3, 3, (1, 16)).astype(np.float32)

    with Worker(str(target).partition("=")[0]) as worker:
        worker.load(path)
        signature = worker.describe()["serving_default"]
        x, y = signature.inputs["x"], signature.outputs["y"]
        scale, point = (x.scales[0], x.zero_points[0]) if x.scales else (1, 0)
        stored = np.round(values / scale) + point if x.scales else values
        output = worker.run("serving_default", {"x": stored.astype(x.dtype)})["y"].astype(np.float64)
    if y.scales:
        output = (output - y.zero_points[0]) * y.scales[0]

    # Half a step of the output, and of 16 inputs of 1/32 and 16 weights of 1/127 as they add up at random.
    np.testing.assert_allclose(output, models.dense_reference(values), atol=1e-3 if "float" in dtype else 0.08)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, -2, 7], "int4", b"\xe1\x07"),
        ([1, -2, 0, 1, -1], "int2", b"\x49\x03"),
        ([1.5], "float16", b"\x00\x3e"),
        ([-1], "int32", b"\xff\xff\xff\xff"),
        (["ab", b"\xff"], "string", b"\2\0\0\0\x10\0\0\0\x12\0\0\0\x13\0\0\0ab\xff"),
    ],
)
def test_stored_bytes_when_packed_is_as_the_format_says(values: list[object], dtype: str, expected: bytes) -> None:
    assert stored_bytes(values, dtype) == expected


def test_builder_when_called_wrongly_names_the_right_word() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", (1,))
    with pytest.raises(ConfigError, match="FULLY_CONNECTED"):
        builder.op("FULLY_CONECTED", [x], [x])
    with pytest.raises(ConfigError, match="fusedActivationFunction"):
        builder.op("ADD", [x, x], [x], options={"fusedActivation": 1})
    with pytest.raises(ConfigError, match="int8"):
        builder.tensor("t", (1,), "int9")
    with pytest.raises(ConfigError, match="expected int8 values"):
        builder.tensor("t", (1,), "int8", [200])
    with pytest.raises(ConfigError, match="4 bits"):
        builder.tensor("t", (1,), "int4", [8])
