"""Each fact of an inspection on a file that has it and on one that has not."""

from __future__ import annotations

import io
import json
import pathlib
import re
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import models
from tests.golden import packed_autokey
from tfedge.errors import ArtifactError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.reports import inspection as schema
from tfedge.reports.inspect import inspect_file
from tfedge.reports.inspection import Inspection

Inspect = Callable[[bytes], Inspection]


@pytest.fixture
def read(tmp_path: pathlib.Path) -> Inspect:
    """Returns a function that inspects bytes as a file, without running it."""

    def inspect(data: bytes) -> Inspection:
        path = tmp_path / "m.tflite"
        path.write_bytes(data)
        return inspect_file(path, run=False)

    return inspect


def test_inspect_when_it_is_no_tflite_says_so(read: Inspect) -> None:
    with pytest.raises(ArtifactError, match="expected a .tflite"):
        read(b"PK and so on")


def test_inspect_when_a_file_has_signatures_gives_names_shapes_and_quantization(read: Inspect) -> None:
    (signature,) = read(models.dense("int8_static")).signatures

    (x,) = signature.inputs
    assert (signature.key, signature.subgraph, x.name) == ("serving_default", 0, "x")
    assert (x.dtype, x.shape, x.shape_signature) == ("int8", (1, 16), ())
    assert (x.quantization, x.num_scales, x.scale, x.zero_point) == ("per_tensor", 1, 1 / 32, 0)


def test_inspect_when_a_file_has_no_signature_gives_the_interface_of_subgraph_0(read: Inspect) -> None:
    builder = ModelBuilder()
    builder.op("TANH", [builder.tensor("in", (2,))], [builder.tensor("out", (2,))])

    found = read(builder.build())

    assert found.signatures == ()
    assert [tensor.name for tensor in found.subgraphs[0].inputs + found.subgraphs[0].outputs] == ["in", "out"]
    assert found.subgraphs[0].role == "main"


def test_inspect_when_ops_repeat_counts_them_by_subgraph(read: Inspect) -> None:
    ops = {op.name: op for op in read(models.loop()).ops}

    assert (ops["ADD"].count, ops["ADD"].by_subgraph) == (2, {2: 2})
    assert (ops["WHILE"].count, ops["WHILE"].by_subgraph, ops["WHILE"].kind) == (1, {0: 1}, "builtin")


@pytest.mark.parametrize(
    ("data", "kind"),
    [(models.with_flex_op(), "flex"), (models.with_custom_op(), "custom"), (models.dense(), "builtin")],
)
def test_inspect_when_an_op_needs_code_of_its_own_says_so(read: Inspect, data: bytes, kind: str) -> None:
    assert [op.kind for op in read(data).ops] == [kind]


def test_inspect_when_an_op_code_is_unused_lists_it(read: Inspect) -> None:
    builder = ModelBuilder()
    builder.op("TANH", [builder.tensor("in", (2,))], [builder.tensor("out", (2,))])
    assert read(builder.build()).unused_op_codes == ()

    builder.op_code("TANH", 3)
    assert [(code.name, code.version) for code in read(builder.build()).unused_op_codes] == [("TANH", 3)]


def test_inspect_when_there_is_control_flow_says_what_it_calls(read: Inspect) -> None:
    (loop,) = read(models.loop()).control_flow

    assert (loop.op, loop.subgraph, loop.calls) == ("WHILE", 0, {"condition": 1, "body": 2})
    assert read(models.dense()).control_flow == ()


def test_inspect_when_state_is_kept_lists_variables(read: Inspect) -> None:
    assert [one.name for one in read(models.with_variable()).variables] == ["handle"]
    assert read(models.dense()).variables == ()


def test_inspect_when_a_size_is_open_lists_the_tensors(read: Inspect) -> None:
    found = read(models.dynamic_shape())

    assert [tensor.shape_signature for tensor in found.dynamic_tensors] == [(-1, 8), (-1, 8)]
    assert found.subgraphs[0].arena.num_unknown == 2
    assert read(models.dense()).dynamic_tensors == ()


def test_inspect_when_weights_are_stored_adds_them_up(read: Inspect) -> None:
    weights = read(models.dense("int8_dynamic", per_channel=True)).weights

    assert (weights.size_bytes, weights.num_tensors) == (160, 2)
    assert [(one.dtype, one.quantization, one.size_bytes) for one in weights.by_dtype] == [
        ("int8", "per_channel", 128),
        ("float32", "none", 32),
    ]
    assert [(one.layer, one.size_bytes) for one in weights.by_layer] == [("dense", 160)]
    assert read(models.with_custom_op()).weights.size_bytes == 0


@pytest.mark.parametrize(
    ("data", "claimed", "is_true", "late"),
    [
        (models.with_metadata("1.5.0", version=12), "1.5.0", False, ["FULLY_CONNECTED"]),
        (models.with_metadata("2.17.0", version=12), "2.17.0", True, []),
        (models.with_metadata("1.5.0", version=1), "1.5.0", True, []),
        (models.dense(), None, None, []),
    ],
)
def test_inspect_when_metadata_claim_a_runtime_compares_it_with_the_ops(
    read: Inspect, data: bytes, claimed: str | None, is_true: bool | None, late: list[str]
) -> None:
    claim = read(data).min_runtime_version

    assert (claim.claimed, claim.is_true, [op.name for op in claim.because]) == (claimed, is_true, late)


def test_inspect_when_no_op_is_in_the_table_leaves_the_claim_open(read: Inspect) -> None:
    claim = read(models.with_custom_op()).min_runtime_version

    assert (claim.published, claim.is_true) == (None, None)


def test_inspect_when_tflite_metadata_and_files_are_there_lists_them(read: Inspect) -> None:
    builder = ModelBuilder()
    builder.op("TANH", [builder.tensor("in", (2,))], [builder.tensor("out", (2,))])
    plain = builder.build()
    builder.metadata("TFLITE_METADATA", bytes(48))
    buffer = io.BytesIO(builder.build())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("labels.txt", "cat\n")
        archive.writestr("../evil.txt", "x")

    found = read(buffer.getvalue())

    assert found.tflite_metadata_bytes == 48 and [one.name for one in found.metadata] == ["TFLITE_METADATA"]
    assert found.archive is not None and found.archive.problem == ""
    assert [(one.name, bool(one.remarks)) for one in found.archive.entries] == [
        ("labels.txt", False),
        ("../evil.txt", True),
    ]
    assert found.pack is None
    assert (read(plain).tflite_metadata_bytes, read(plain).archive) == (None, None)


def test_inspect_when_the_zip_behind_it_is_damaged_says_so_and_goes_on(read: Inspect) -> None:
    buffer = io.BytesIO(models.dense())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("labels.txt", "cat\n")
    data = bytearray(buffer.getvalue())
    data[data.index(b"PK\x01\x02")] = 0

    found = read(bytes(data))

    assert found.archive is not None and "must be readable" in found.archive.problem
    assert len(found.ops) == 1


def test_inspect_when_a_pack_is_whole_gives_recipe_gates_and_cases(tmp_path: pathlib.Path) -> None:
    packed_autokey.write(tmp_path / "m.tflite", provenance={"seed": 7})

    found = inspect_file(tmp_path / "m.tflite", run=False)

    pack = found.pack
    assert pack is not None and pack.problem == ""
    assert (pack.recipe, pack.num_evaluation_texts, pack.gates) == ("float32", 40, ())
    assert pack.num_golden_cases and pack.provenance and pack.provenance["seed"] == 7
    assert found.archive is not None
    assert [entry.name for entry in found.archive.entries] == [
        *("evaluation.json", "golden.json", "manifest.json", "task.json")
    ]


def test_inspect_when_a_pack_is_damaged_says_so_and_goes_on(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.tflite"
    packed_autokey.write(path)
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    path.write_bytes(data)

    found = inspect_file(path, run=False)

    assert found.pack is not None and "bytes were changed after packing" in found.pack.problem
    assert found.pack.recipe is None and len(found.signatures) == 3


def test_inspect_when_weights_are_products_estimates_their_copies(read: Inspect) -> None:
    memory = read(models.dense()).memory

    assert memory.delegate_copy_bytes == memory.weights_bytes == 4 * (16 * 8 + 8)
    assert memory.arena_bytes == 64 + 32
    parts = (memory.weights_bytes, memory.arena_bytes, memory.interpreter_bytes, memory.delegate_copy_bytes)
    assert memory.peak_bytes == sum(parts)
    builder = ModelBuilder()
    x, w = builder.tensor("x", (4,)), builder.tensor("w", (4,), data=np.ones(4))
    builder.op("ADD", [x, w], [builder.tensor("y", (4,))])
    assert read(builder.build()).memory.delegate_copy_bytes == 0


def _documented_keys() -> set[str]:
    """Returns the names in the left column of the schema's docstring, and those in its lists of words."""
    documented = schema.__doc__ or ""
    return set(re.findall(r"\b[a-z][a-z0-9_]*\b", documented))


def _keys(value: Any) -> set[str]:
    """Returns every key of JSON values but those that are data: op names, subgraph numbers, roles, provenance."""
    if isinstance(value, list):
        return {key for item in value for key in _keys(item)}
    if not isinstance(value, dict):
        return set()
    found = set(value)
    data = ("by_subgraph", "outside", "splitting", "calls", "provenance", "calibration", "gates")
    return found | {key for name, item in value.items() if name not in data for key in _keys(item)}


def test_to_json_when_a_file_has_everything_has_the_keys_that_are_documented(tmp_path: pathlib.Path) -> None:
    packed_autokey.write(tmp_path / "m.tflite")

    value = inspect_file(tmp_path / "m.tflite").to_json()

    assert list(value) == [
        *("schema_version", "path", "sha256", "size_bytes", "description", "format_version", "min_runtime_version"),
        *("signatures", "subgraphs", "ops", "unused_op_codes", "control_flow", "variables", "dynamic_tensors"),
        *("weights", "metadata", "tflite_metadata_bytes", "archive", "pack", "memory", "runs"),
    ]
    assert value["runs"] and value["pack"] and value["archive"] and value["control_flow"]
    assert _keys(value) - _documented_keys() == set()
    assert json.loads(json.dumps(value, allow_nan=False))["size_bytes"] == value["size_bytes"]


def test_to_json_when_a_file_has_little_still_has_every_key(read: Inspect) -> None:
    value = read(models.with_custom_op()).to_json()

    assert (value["pack"], value["archive"], value["runs"], value["control_flow"]) == (None, None, (), ())
    assert set(value["memory"]) < set(_documented_keys())


def test_to_json_when_a_scale_is_no_number_has_null(read: Inspect) -> None:
    builder = ModelBuilder()
    for scale in (float("nan"), float("inf"), 0.5):
        builder.tensor(f"scale {scale}", (1,), "int8", scales=scale)
    builder.op("ADD_N", [0, 1], [2])
    found = read(builder.build())

    assert [tensor.scale for tensor in found.subgraphs[0].inputs] == [None, None]
    assert found.subgraphs[0].outputs[0].scale == 0.5
    json.dumps(found.to_json(), allow_nan=False)
