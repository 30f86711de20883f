"""Files are run on both runtimes, static rules off: each gate has a file that fails it, and a near twin that passes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests import models
from tests.golden import packed_autokey
from tests.models import behaving
from tfedge.checks.verdict import Finding, worst
from tfedge.modelfile.graph import read_graph
from tfedge.validation.behaviour import check_behaviour, one_per_gate
from tfedge.validation.expectation import CheckedFile, Expectation, expect_from_litert


@pytest.fixture
def check(litert, checked, request):
    """Returns a function: (model, "tflite" or "litert") -> findings by gate."""

    def run(model, target="litert", timeout_s=None, expectation=None):
        file = model if isinstance(model, CheckedFile) else checked(model)
        lane = request.getfixturevalue(target)
        with pytest.MonkeyPatch.context() as patch:
            if timeout_s is not None:
                for each in (lane, litert):
                    patch.setattr(each, "timeout_s", timeout_s)
            known = expectation or expect_from_litert(file, litert, seed=1)
            return {finding.gate: finding for finding in check_behaviour(file, lane, known)}

    return run


def failed(found):
    return [gate for gate, finding in found.items() if finding.verdict != "pass"]


GOOD = {
    "float32": models.dense(),
    "float16": models.dense("float16"),
    "uint8": models.dense("uint8"),
    "int8": models.dense("int8_static"),
    "int8 dynamic, one scale": models.dense("int8_dynamic"),
    "ids": models.gather_dense(),
    "loop": models.loop(),
    "free batch": models.dynamic_shape(),
    "two signatures": models.two_signatures(),
    "no signature": behaving.without_signature(),
    "decoder": behaving.seq2seq(),
    "answers": behaving.answers(),
}


@pytest.mark.parametrize("target", ["tflite", "litert"])
@pytest.mark.parametrize("model", GOOD.values(), ids=GOOD)
def test_file_when_good_passes_every_gate_on_both_runtimes(check, model, target):
    found = check(model, target)
    assert failed(found) == []
    assert {"loads", "runs", "matches_reference", "outputs_finite", "outputs_not_zero", "outputs_vary"} <= set(found)


@pytest.mark.parametrize("model", [models.dense, models.gather_dense], ids=["dense", "ids"])
def test_file_when_per_channel_under_an_old_version_is_wrong_on_tflite_runtime_alone(check, model):
    wrong = check(model("int8_dynamic", per_channel=True), "tflite")
    assert wrong["matches_reference"].verdict == "fail" and wrong["runs"].verdict == "pass"
    assert wrong["matches_reference"].consequence == "the app gets wrong answers and no error"
    assert failed(check(model("int8_dynamic", per_channel=True), "litert")) == []


def test_file_when_an_op_crashes_the_interpreter_is_a_finding_with_signal_and_op(check):
    found = check(behaving.slices(behaving.FAR), "tflite")
    assert failed(found) == ["runs"]
    assert "died by SIGSEGV (case full_1 of serving_default)" in found["runs"].message
    assert "op 1 SLICE in subgraph 0 (decoder/cut)" in found["runs"].cause
    assert failed(check(behaving.slices(2), "tflite")) == []


def test_file_when_a_loop_never_ends_is_a_finding_with_the_loop(check):
    found = check(behaving.endless(), "litert", timeout_s=0.5)
    assert failed(found) == ["runs"]
    assert "no answer within 0.5 s" in found["runs"].message and "op 1 WHILE" in found["runs"].cause


def test_file_when_a_tensor_is_larger_than_memory_is_a_finding(check):
    found = check(behaving.tiles(2**14), "tflite")
    assert failed(found) == ["loads"]
    assert "memory" in found["loads"].cause and "op 0 TILE" in found["loads"].cause
    assert failed(check(behaving.tiles(4), "tflite")) == []


def test_file_when_padding_gives_nan_fails_outputs_finite(check):
    found = check(models.with_nan_on_padding())
    assert failed(found) == ["outputs_finite"] and "all_padding" in found["outputs_finite"].message


@pytest.mark.parametrize(("offset", "gate"), [(0.0, "outputs_not_zero"), (1.0, "outputs_vary")])
def test_file_when_its_output_is_dead_fails_one_gate(check, offset, gate):
    assert failed(check(behaving.scaled(0.0, offset))) == [gate]
    assert failed(check(behaving.scaled(0.5, offset))) == []


@pytest.mark.parametrize(
    ("model", "gate"),
    [
        (behaving.seq2seq(listening=0.0), "decoder_listens"),
        (behaving.seq2seq(remembering=0.0), "inputs_heard"),
        (behaving.answers(0), "decoder_listens"),
    ],
    ids=["deaf to its source", "deaf to its tokens", "one answer"],
)
def test_file_when_a_decoder_does_not_listen_fails(check, model, gate):
    assert failed(check(model)) == [gate]


@pytest.mark.parametrize("model", [models.with_custom_op(), models.with_flex_op(), models.with_metadata(version=99)])
def test_file_when_refused_at_load_fails_with_the_interpreter_s_words(check, model):
    found = check(model)
    assert failed(found) == ["loads"] and found["loads"].message.startswith("refused: ")


def test_file_when_refused_whatever_the_input_fails_with_the_op(check):
    found = check(models.with_variable(), "tflite")
    assert "runs" in failed(found) and found["runs"].verdict == "fail"
    assert "op 1 READ_VARIABLE" in found["runs"].cause
    assert failed(check(models.with_variable(initialized=True), "tflite")) == []


def test_file_when_random_is_run_but_not_compared(check):
    found = check(behaving.noise())
    assert failed(found) == ["matches_reference"] and found["matches_reference"].verdict == "not_measured"
    assert found["runs"].verdict == "pass"


def test_file_when_too_large_to_feed_is_not_measured(check):
    found = check(models.dense(rows=2**20))
    assert failed(found) == ["runs"] and found["runs"].verdict == "not_measured"
    assert "at most 64 MiB" in found["runs"].message


def test_file_when_litert_is_not_there_is_run_and_its_health_judged(check):
    found = check(models.dense(), "tflite", expectation=Expectation(reason="LiteRT is not installed"))
    assert failed(found) == ["matches_reference"]
    assert {"runs", "outputs_vary"} <= set(found)


@pytest.mark.parametrize(
    ("model", "gates"),
    [
        (packed_autokey.MODEL_BYTES, set()),
        (packed_autokey.slipping_model(), {"golden_cases"}),
        (packed_autokey.deaf_model(), {"golden_cases", "decoder_listens", "inputs_heard"}),
    ],
    ids=["right", "slipping", "deaf"],
)
def test_pack_when_run_answers_its_golden_cases(check, tmp_path, model, gates):
    pack = packed_autokey.write(tmp_path / "packed.tflite", model_bytes=model)
    file = CheckedFile(pack.path, pack.model_bytes, read_graph(pack.model_bytes), pack)
    assert set(failed(check(file))) == gates


@pytest.mark.parametrize("changed", [{"name": ""}, {"max_source_length": 2}], ids=["no spec", "too short"])
def test_pack_when_its_task_does_not_fit_its_cases_fails_golden_cases(check, tmp_path, changed):
    pack = packed_autokey.write(tmp_path / "packed.tflite")
    pack = dataclasses.replace(pack, task={**pack.task, **changed})
    file = CheckedFile(pack.path, pack.model_bytes, read_graph(pack.model_bytes), pack)
    found = check(file)
    assert failed(found) == ["golden_cases"] and "pack" in found["golden_cases"].cause


def test_one_per_gate_when_a_gate_spoke_twice_keeps_the_worst_and_else_the_first():
    findings = [
        Finding("a", "pass", "first"),
        Finding("b", "pass", "only"),
        Finding("a", "fail", "worse"),
        Finding("a", "not_measured", "between"),
        Finding("b", "pass", "again"),
    ]
    kept = one_per_gate(findings)
    assert [(finding.gate, finding.message) for finding in kept] == [("a", "worse"), ("b", "only")]
    assert worst(kept) == "fail"


def test_file_when_inputs_are_a_user_s_is_judged_on_them(check, litert, checked):
    from tfedge.validation.user_cases import UserCases, expect_from_user

    file = checked(models.dense())
    rows = np.random.default_rng(2).normal(size=(4, 16)).astype(np.float32)
    right = models.dense_reference(rows)
    for expected, verdict in ((right, "pass"), (right[::-1], "fail")):
        user = UserCases({"x": rows, "expected_y": expected.astype(np.float32)}, "cases.npz")
        found = check(file, "tflite", expectation=expect_from_user(file, litert, user, seed=1))
        assert found["matches_reference"].verdict == verdict
        assert "the expected outputs in cases.npz" in found["matches_reference"].message
