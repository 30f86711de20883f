from __future__ import annotations

import json

import numpy as np
import pytest

from tests.golden import packed_tensors
from tests.golden.packed_tensors import FORMS, SIGNATURE, TASK
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.pack import read_pack, reseal
from tfedge.modelfile.tensor_cases import TensorCase, TensorGolden, array_from_json, array_to_json, rounded
from tfedge.tasks.tensor_task import TensorTask

ARRAYS = {
    "halves": (np.array([[0.5, -3.25]], np.float32), "float16"),
    "thirds": (np.array([[1 / 3]], np.float32), "float32"),
    "doubles": (np.array([1 / 3, 1e300]), "float64"),
    "large": (np.array([1e38, 1.0], np.float32), "float32"),
    "ids": (np.array([[3, 200]], np.int32), "int16"),
    "long": (np.array([2**40]), "int64"),
    "bytes": (np.arange(6, dtype=np.uint8).reshape(1, 2, 3), "uint8"),
    "flags": (np.array([[True, False]]), "bool"),
    "scalar": (np.float32(2).reshape(()), "float16"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_array_when_written_and_read_has_every_bit_in_the_smallest_dtype(name):
    array, stored = ARRAYS[name]
    value = json.loads(json.dumps(array_to_json(array)))
    read = array_from_json(value)
    assert (read.dtype, read.shape, value["stored"]) == (array.dtype, array.shape, stored)
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dtype": "object"}, "must be one of"),
        ({"stored": "int8"}, "of its kind and no larger"),
        ({"stored": "float64"}, "of its kind and no larger"),
        ({"stored": ["float32"]}, "must be one of"),
        ({"shape": [3]}, "got 4 bytes"),
        ({"shape": [-1]}, "1 or more"),
        ({"shape": 2}, "list of sizes"),
        ({"data": "%"}, "must be base64"),
        ({"data": 1}, "must be base64"),
        ({"data": "ü"}, "must be base64"),
        ({"more": 1}, "unknown"),
    ],
)
def test_array_when_illegal_then_config_error(change, said):
    with pytest.raises(ConfigError, match=said):
        array_from_json({**array_to_json(np.array([0.5, 2], np.float32)), **change})


def test_rounded_keeps_11_bits_and_leaves_what_half_precision_cannot_hold():
    values = np.random.default_rng(1).normal(size=100).astype(np.float32)
    np.testing.assert_allclose(rounded(values), values, rtol=2**-10, atol=2**-14)
    assert array_to_json(rounded(values))["stored"] == "float16"
    for kept in (np.array([1e5], np.float32), np.array([1e-6], np.float32), np.array([7], np.int32)):
        assert rounded(kept) is kept


def test_pack_when_of_tensors_returns_cases_and_task(tmp_path):
    written = packed_tensors.write(tmp_path / "m.tflite")
    pack = read_pack(tmp_path / "m.tflite")
    assert pack == written
    assert (pack.golden, pack.num_golden_cases, pack.tensors.distances) == ((), 4, {"serving_default/y": 1e-6})
    assert TensorTask.from_json(dict(pack.task)) == TASK
    for case, original in zip(pack.tensors.cases, packed_tensors.cases(), strict=True):
        assert case.name == original.name
        np.testing.assert_array_equal(case.inputs["x"], original.inputs["x"])
        np.testing.assert_array_equal(case.expected["y"], original.expected["y"])
    sealed = reseal(pack, tmp_path / "m.tflite", targets=["ai-edge-litert==2.3.0@x86_64"])
    assert sealed.tensors.to_json() == pack.tensors.to_json()


def golden(**changes):
    case = packed_tensors.cases(1)[0]
    fields = {"name": "a", "signature": SIGNATURE, "inputs": case.inputs, "expected": case.expected, **changes}
    return TensorGolden((TensorCase(**fields),), {f"{fields['signature']}/y": 0.0})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signature": "other"}, "must be of one of serving_default"),
        ({"signature": ["x"]}, "must be of one of"),
        ({"inputs": {"x": np.zeros((1, 15), np.float32)}}, r"must hold x float32 \[1, 16\]; got x float32 \[1, 15\]"),
        ({"inputs": {"x": np.zeros((1, 16))}}, "got x float64"),
        ({"inputs": {}}, "got nothing"),
        ({"expected": {"z": np.zeros((1, 8), np.float32)}}, "must hold y"),
    ],
)
def test_golden_when_it_does_not_fit_its_task_then_config_error(changes, said):
    with pytest.raises(ConfigError, match=said):
        golden(**changes).check_fits(TASK)


def test_golden_when_it_fits_then_nothing_is_raised_and_distances_must_be_of_its_outputs():
    golden().check_fits(TASK)
    with pytest.raises(ConfigError, match="`distances` must be of"):
        TensorGolden(packed_tensors.cases(1), {"other": 0.0}).check_fits(TASK)


@pytest.mark.parametrize("distance", [-1.0, float("nan"), True, "0"])
def test_golden_when_a_distance_is_illegal_then_config_error(distance):
    with pytest.raises(ConfigError, match="`distances`"):
        TensorGolden(packed_tensors.cases(1), {"serving_default/y": distance})


def test_golden_when_a_name_comes_twice_or_values_are_not_finite_then_config_error():
    with pytest.raises(ConfigError, match="name of its own"):
        TensorGolden(packed_tensors.cases(1) * 2, {})
    with pytest.raises(ConfigError, match="finite"):
        TensorCase("a", SIGNATURE, {"x": np.array([np.nan])}, {})
    with pytest.raises(ConfigError, match="not empty"):
        TensorCase("", SIGNATURE, {}, {})


@pytest.mark.parametrize("change", [{"kind": "texts"}, {"cases": {}}, {"distances": []}, {"schema_version": 2}])
def test_golden_json_when_illegal_then_config_error(change):
    with pytest.raises(ConfigError):
        TensorGolden.from_json({**golden().to_json(), **change})


def test_pack_when_cases_are_of_another_task_then_it_is_not_written(tmp_path):
    other = TensorTask("other", TASK.quality, {"other": FORMS})
    with pytest.raises(ArtifactError, match="must be of one of other"):
        packed_tensors.write_pack(
            tmp_path / "m.tflite",
            packed_tensors.models.dense("float32"),
            other.to_json(),
            golden(),
            {"recipe": "float32", "provenance": {}},
        )
    assert list(tmp_path.iterdir()) == []
