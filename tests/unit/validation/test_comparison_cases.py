from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.golden import autokey
from tests.models.attention import attention
from tfedge.errors import ConfigError
from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.client import Worker
from tfedge.validation.comparison_cases import choose_cases


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Graph and signatures of a decoder, of one signature, and of two."""
    folder = tmp_path_factory.mktemp("described")
    files = {"decoder": autokey.MODEL.read_bytes(), "one": attention(), "two": models.two_signatures()}
    found = {}
    with Worker("ai-edge-litert") as worker:
        for name, data in files.items():
            path = folder / f"{name}.tflite"
            path.write_bytes(data)
            worker.load(path)
            found[name] = read_graph(data), dict(worker.describe())
    return found


def test_choose_when_golden_drives_the_decoder_along_the_expected_answer(described):
    golden = GoldenCase("cat", "cat", (5, 6, 2), {"keras": (7, 8, 9, 2)}, "?")
    (case,), words = choose_cases("d.tflite", *described["decoder"], golden=[golden])
    assert [call.signature for call in case.calls] == ["encode", *["decode_step"] * 4]
    assert case.calls[0].inputs["source_ids"][0, :4].tolist() == [5, 6, 2, 0]
    steps = case.calls[1:]
    assert [int(call.inputs["token_ids"][0, 0]) for call in steps] == [1, 7, 8, 9]  # Start, then Keras' answer.
    assert [int(call.inputs["cache_update_index"][0]) for call in steps] == [0, 1, 2, 3]
    inputs = set(described["decoder"][1]["decode_step"].inputs)
    assert all({*call.inputs, *call.fed} == inputs for call in steps)
    caches = {name for name in steps[1].fed if steps[1].fed[name][0] == 1}
    assert caches and all(name.startswith("cache_") for name in caches)
    assert not any(np.any(steps[0].inputs[name]) for name in caches)
    assert {steps[3].fed[name][0] for name in caches} == {3}
    assert "golden" in words


def test_choose_when_nothing_is_given_makes_up_usual_inputs(described):
    cases, words = choose_cases("one.tflite", *described["one"])
    assert cases and not any(case.is_extreme for case in cases)
    assert "--inputs" in words


@pytest.mark.parametrize("key", ["x", "serving_default/x"])
def test_choose_when_inputs_are_given_takes_one_case_a_row(described, tmp_path, key):
    rows = np.random.default_rng(0).normal(size=(3, 1, 6, 8)).astype(np.float32)
    np.savez(tmp_path / "cases.npz", **{key: rows})
    cases, words = choose_cases("one.tflite", *described["one"], inputs=tmp_path / "cases.npz", max_cases=2)
    assert [case.calls[0].signature for case in cases] == ["serving_default"] * 2
    np.testing.assert_array_equal(cases[1].calls[0].inputs["x"], rows[1])
    assert words == "2 cases of cases.npz"


def test_choose_when_given_inputs_do_not_fit_says_which_file_wants_what(described, tmp_path):
    np.savez(tmp_path / "cases.npz", z=np.zeros((2, 1, 16), np.float32))
    with pytest.raises(ConfigError, match="z.*two.tflite|two.tflite.*z"):
        choose_cases("two.tflite", *described["two"], inputs=tmp_path / "cases.npz")
