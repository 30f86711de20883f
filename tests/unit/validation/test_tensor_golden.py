from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests import models
from tests.golden import packed_tensors
from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.tensor_cases import TensorGolden
from tfedge.runtime.targets import installed_targets
from tfedge.validation.behaviour import check_behaviour
from tfedge.validation.evaluate_tensors import evaluate_tensors, run_examples
from tfedge.validation.expectation import CheckedFile, expect_from_litert
from tfedge.validation.fixed_pack import write_fixed_pack
from tfedge.validation.tensor_golden import check_tensor_golden, distances, real_cases, run_golden

TARGET = installed_targets()[-1]  # LiteRT.


def checked_pack(path, **options) -> CheckedFile:
    pack = packed_tensors.write(path, **options)
    return CheckedFile(path, pack.file, read_graph(pack.model_bytes), pack)


def golden(distance: float = 1e-6, shift: float = 0.0) -> TensorGolden:
    return TensorGolden(packed_tensors.cases(shift=shift), {"serving_default/y": distance})


def asked(litert, tmp_path, model, each):
    path = tmp_path / "m.tflite"
    path.write_bytes(model)
    worker = litert.load(path)
    return run_golden(worker, each), worker.describe(), read_graph(model)


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "pass"), (0.5, "fail")])
def test_golden_of_a_float_file_passes_where_it_answers_as_keras_and_fails_where_not(litert, tmp_path, shift, verdict):
    each = golden(shift=shift)
    found = check_tensor_golden(each, *asked(litert, tmp_path, models.dense("float32"), each))
    assert (found.gate, found.verdict) == ("golden_cases", verdict)
    assert found.limit == 1e-3


@pytest.mark.parametrize(
    ("distance", "limit", "verdict"), [(0.01, 0.05, "pass"), (0.6, 0.9, "pass"), (5.0, 1.0, "pass")]
)
def test_golden_of_an_int8_file_is_held_to_what_it_was_when_it_was_made(litert, tmp_path, distance, limit, verdict):
    each = golden(distance)
    found = check_tensor_golden(each, *asked(litert, tmp_path, models.dense("int8_static"), each))
    assert (found.verdict, found.limit) == (verdict, pytest.approx(limit))


def test_golden_when_the_answer_knows_nothing_of_the_input_fails_however_coarse_the_file_was(litert, tmp_path):
    each = golden(5.0)
    outcomes, signatures, graph = asked(litert, tmp_path, models.dense("int8_static"), each)
    blind = tuple(({"y": -outcome[0]["y"]},) for outcome in outcomes)
    assert check_tensor_golden(each, blind, signatures, graph).verdict == "fail"


def test_golden_when_an_output_has_another_shape_fails(litert, tmp_path):
    each = golden()
    outcomes, signatures, graph = asked(litert, tmp_path, models.dense("float32"), each)
    cut = tuple(({"y": outcome[0]["y"][:, :3]},) for outcome in outcomes)
    assert "got shape (1, 3)" in check_tensor_golden(each, cut, signatures, graph).message


def test_real_cases_when_the_file_has_other_inputs_then_bad_request(litert, tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(models.two_signatures())
    with pytest.raises(WorkerError, match="no such signature") as raised:
        real_cases(golden().cases, litert.load(path).describe())
    assert raised.value.kind == "bad_request"


def test_distances_are_of_the_worst_case(litert, tmp_path):
    each = golden(shift=0.5)
    outcomes, signatures, _ = asked(litert, tmp_path, models.dense("float32"), each)
    assert distances(each.cases, outcomes, signatures)["serving_default/y"] > 0.1


@pytest.mark.parametrize(("model", "verdict"), [("float32", "pass"), ("int8_static", "fail")])
def test_check_asks_the_golden_inputs_and_compares_with_keras(litert, tmp_path, model, verdict):
    checked = checked_pack(tmp_path / "m.tflite", model=models.dense(model), shift=0.0 if verdict == "pass" else 3.0)
    expectation = expect_from_litert(checked, litert, seed=1)
    assert [case.name for case in expectation.cases] == [f"case_{place}" for place in range(4)]
    assert expectation.is_real
    findings = {each.gate: each for each in check_behaviour(checked, litert, expectation)}
    assert findings["golden_cases"].verdict == verdict
    assert findings["matches_reference"].verdict == "pass"


def test_evaluate_tensors_runs_the_golden_cases(tmp_path):
    evaluation = evaluate_tensors(packed_tensors.write(tmp_path / "m.tflite"), TARGET)
    assert [(each.gate, each.verdict) for each in evaluation.findings] == [("runs", "pass"), ("golden_cases", "pass")]
    assert (evaluation.entry, evaluation.accuracy, evaluation.has_run) == ("signatures", None, True)


def test_evaluate_tensors_when_the_runtime_refuses_the_file_fails_to_run(tmp_path):
    evaluation = evaluate_tensors(packed_tensors.write(tmp_path / "m.tflite", models.with_custom_op()), TARGET)
    assert not evaluation.has_run and evaluation.findings[0].cause
    with pytest.raises(ConfigError, match="it is of texts"):
        evaluate_tensors(dataclasses.replace(evaluation.pack, tensors=None), TARGET)


def test_run_examples_gives_real_numbers_by_signature_and_output(tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(models.dense("int8_static"))
    answers, apart = run_examples(TARGET.name, path, packed_tensors.cases())
    assert answers["serving_default/y"].shape == (4, 8)
    expected = np.concatenate([case.expected["y"] for case in packed_tensors.cases()])
    np.testing.assert_allclose(answers["serving_default/y"], expected, atol=0.3)
    assert 0 < apart["serving_default/y"] < 0.5


def test_fixed_pack_when_numbers_changed_measures_the_distance_again(litert, tmp_path):
    pack = packed_tensors.write(tmp_path / "m.tflite", models.dense("int8_static"), recipe="static_wi8_ai8")
    plan = {"name": "x", "edits": [], "changes_numbers": True}
    fixed = write_fixed_pack(tmp_path / "f.tflite", pack, pack.model_bytes, plan, (), litert)
    assert fixed.tensors.distances["serving_default/y"] > 1e-3
    plan["changes_numbers"] = False
    kept = write_fixed_pack(tmp_path / "k.tflite", pack, pack.model_bytes, plan, (), litert)
    assert kept.tensors.distances == pack.tensors.distances
