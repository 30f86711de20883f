from __future__ import annotations

import dataclasses
import hashlib

import pytest

from tests.golden import packed_autokey
from tests.unit.reports import sample_reports as made
from tfedge.checks.verdict import Finding
from tfedge.reports.assemble import assemble, speed_notes
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.evaluate import Evaluation
from tfedge.validation.performance import Performance, label_of

TARGET = RuntimeTarget.parse(made.LITERT)
OTHER_TARGET = RuntimeTarget.parse(made.TFLITE)
PASSED = Finding("runs", "pass", "ran")
REFUSED = Finding("runs", "fail", "refused")


@pytest.fixture
def evaluation(tmp_path):
    """Returns a function that makes an evaluation of a packed file of a recipe."""

    def make(recipe="float32", target=TARGET, entry="greedy", findings=(PASSED,)):
        pack = packed_autokey.write(tmp_path / f"{recipe}-{target.name}.tflite", recipe)
        return Evaluation(pack, target, entry, made.accuracy(), findings)

    return make


def performance(milliseconds=1.0, entry="greedy", steps_milliseconds=None, target=made.LITERT, **changed):
    runs = 12_000  # More than a second of the fastest: a shorter measurement is invalid.
    latency = dataclasses.replace(made.latency(target, entry, milliseconds, runs), **changed)
    steps = None if steps_milliseconds is None else made.latency(target, "encode+decode_step", steps_milliseconds, runs)
    return Performance(latency, made.memory(target, entry), steps)


def test_assemble_then_a_row_for_each_file_on_each_runtime(evaluation):
    float32, refused = evaluation(), evaluation("dynamic_wi8_afp32", OTHER_TARGET, findings=(REFUSED,))
    measured = performance()
    path = float32.pack.path
    report = assemble("run", [float32, refused], {label_of(float32): measured}, path)

    first, second = report.rows
    assert (first.recipe, first.target, first.latency, first.memory) == (
        "float32",
        made.LITERT,
        measured.latency,
        measured.memory,
    )
    assert (second.latency, second.memory, second.findings) == (None, None, (REFUSED,))
    assert first.model_sha256 == hashlib.sha256(packed_autokey.MODEL_BYTES).hexdigest()
    assert first.size_bytes == len(packed_autokey.MODEL_BYTES)
    assert (report.kind, report.task, report.model_path) == ("run", "g2p", str(path))
    assert report.model_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert report.provenance == float32.pack.manifest.provenance
    assert (report.verdict, report.exit_code) == ("fail", 1)


def test_assemble_when_there_is_no_one_file_then_no_path_and_no_sha256(evaluation):
    report = assemble("bench", [evaluation()], {})
    assert (report.model_path, report.model_sha256, report.verdict) == (None, None, "pass")


@pytest.mark.parametrize(
    ("gated", "verdict"),
    [(None, "fail"), (("float32", "static_wi8_ai8"), "fail"), (("float32",), "pass")],
)
def test_assemble_then_only_gated_recipes_decide_the_verdict_and_all_are_shown(evaluation, gated, verdict):
    evaluations = [evaluation(), evaluation("static_wi8_ai8", findings=(REFUSED,))]
    report = assemble("run", evaluations, {}, gated_recipes=gated)
    assert (report.verdict, len(report.rows)) == (verdict, 2)
    assert [row.verdict for row in report.rows] == ["pass", "fail"]


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0.5, "dynamic_wi8_afp32 on ai-edge-litert: 2.00x the speed of float32 by greedy (95 % interval"),
        (2.0, "; int8 buys size here, not speed."),
    ],
)
def test_speed_notes_then_against_float32_on_the_same_runtime(evaluation, milliseconds, said):
    float32, dynamic = evaluation(), evaluation("dynamic_wi8_afp32")
    measured = {label_of(float32): performance(1.0), label_of(dynamic): performance(milliseconds)}
    (note,) = speed_notes([float32, dynamic], measured)
    assert said in note
    assert ("not speed" in note) == (milliseconds > 1)


def test_speed_notes_when_entries_differ_then_steps_against_steps(evaluation):
    float32, static = evaluation(), evaluation("static_wi8_ai8", entry="encode+decode_step")
    quantized = performance(1.0, "encode+decode_step")
    measured = {label_of(float32): performance(0.1, steps_milliseconds=4.0), label_of(static): quantized}
    (note,) = speed_notes([float32, static], measured)
    assert "4.00x the speed of float32 by encode+decode_step" in note


def test_speed_notes_when_float32_was_not_timed_by_that_entry_then_none(evaluation):
    float32, static = evaluation(), evaluation("static_wi8_ai8", entry="encode+decode_step")
    measured = {label_of(float32): performance(0.1), label_of(static): performance(1.0, "encode+decode_step")}
    assert speed_notes([float32, static], measured) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"is_warm": False}, "not warm"), ({"run_id": "another"}, "run_id"), ({"num_threads": 2}, "num_threads")],
)
def test_speed_notes_when_runs_are_invalid_or_unlike_then_a_refusal_and_no_ratio(evaluation, changed, said):
    float32, dynamic = evaluation(), evaluation("dynamic_wi8_afp32")
    measured = {label_of(float32): performance(), label_of(dynamic): performance(0.5, **changed)}
    (note,) = speed_notes([float32, dynamic], measured)
    assert "speed against float32 not measured: " in note and said in note
    assert "x the speed" not in note


def test_speed_notes_when_float32_or_the_file_was_not_timed_then_none(evaluation):
    float32, dynamic = evaluation(), evaluation("dynamic_wi8_afp32")
    elsewhere = evaluation("float32", OTHER_TARGET)
    timed = {label_of(dynamic): performance()}
    assert speed_notes([float32, dynamic], timed) == []
    assert speed_notes([elsewhere, dynamic], {**timed, label_of(elsewhere): performance(target=made.TFLITE)}) == []
    assert speed_notes([dynamic], timed) == []
