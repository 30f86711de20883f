"""The whole road for a task of arrays that is one Python file and its settings."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil

import numpy as np
import pytest

from tfedge.conversion.recipes import RECIPES
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.pack import Pack, read_pack, write_pack
from tfedge.networks import trained_model
from tfedge.pipeline import array_job, convert, run, run_arrays
from tfedge.pipeline.ladder_arrays import climb_array_model
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import read_ladder
from tfedge.reports.report_file import read_report
from tfedge.reports.table import report_lines
from tfedge.reports.validate import validate_file
from tfedge.runtime import targets
from tfedge.tasks import registry
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.validation.class_accuracy import ClassAccuracy
from tfedge.validation.evaluate_arrays import evaluate_arrays
from tfedge.validation.ladder_limits import LadderLimits

EXAMPLE = pathlib.Path(__file__).parents[2] / "e2e" / "own_task"
CHOSEN = ("float32", "static_wi8_ai8")
# Of which one weighs 0.5 points: float32 may lose 0.1.
EXAMPLES = 200
TARGETS = targets.installed_targets()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """(task file, folder written, report) of a run from scratch by two recipes, with a limit on speed."""
    folder = tmp_path_factory.mktemp("own")
    task = pathlib.Path(shutil.copy(EXAMPLE / "blink.py", folder))
    settings = json.loads((EXAMPLE / "blink.json").read_text())
    settings["training"]["epochs"] = 2
    settings["shipping"]["limits"] = {
        "float32": {"max_points_lost": 1.0},
        "static_wi8_ai8": {"max_points_lost": 1.0, "min_speedup": {TARGETS[0].name: 1000}},
    }
    (folder / "blink.json").write_text(json.dumps(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_arrays, "RECIPES", {name: RECIPES[name] for name in CHOSEN})
        patch.setattr(run_arrays, "LATENCY_SECONDS", 0.2)
        report = run.run_task(str(task), folder / "out", from_scratch=True, num_words=EXAMPLES)
    return task, folder / "out", report


def test_run_task_when_the_task_is_a_file_writes_files_report_and_card(ran):
    _, out, report = ran

    assert {"blink.keras", "blink.tflite", "blink.report.json", "blink.md"} < {path.name for path in out.iterdir()}
    assert read_report(out / "blink.report.json") == report
    assert [(row.recipe, row.target) for row in report.rows] == [(r, str(t)) for r in CHOSEN for t in TARGETS]
    for row in report.rows:
        assert isinstance(row.accuracy, ClassAccuracy)
        assert row.accuracy.num_examples == EXAMPLES and row.accuracy.accuracy > 95
        assert set(row.latency.calls) == {"classify"} and row.memory.peak_memory_bytes > 0
    assert all(row.accuracy.identical_share == 1.0 for row in report.rows if row.recipe == "float32")
    lines = report_lines(report)
    assert "accuracy %" in lines[0] and "WER" not in lines[0]
    assert "one call of classify" in " ".join(lines)


def test_run_task_when_a_speed_is_asked_for_judges_it_on_that_runtime_alone(ran):
    _, _, report = ran
    judged = {(row.recipe, row.target): {each.gate: each.verdict for each in row.findings} for row in report.rows}

    assert judged["static_wi8_ai8", str(TARGETS[0])]["speed"] in ("fail", "not_measured")  # Of a busy machine.
    assert "speed" not in judged["static_wi8_ai8", str(TARGETS[-1])]
    assert report.verdict != "pass"
    for gates in judged.values():
        assert {**gates, "speed": ""} == {"runs": "pass", "golden_cases": "pass", "accuracy": "pass", "speed": ""}


def test_run_task_then_the_pack_says_what_goes_in_and_what_comes_out(ran):
    pack = read_pack(ran[1] / "blink.tflite")

    assert pack.task["meaning"]["classes"] == ["open", "blink"]
    assert pack.task["preprocessing"]["kind"] == "windows"
    assert pack.manifest.recipe == "static_wi8_ai8"
    assert pack.manifest.provenance["training"]["epochs_run"] == 2
    assert len(pack.array_examples) == array_job.PACKED_EXAMPLES
    assert {case.signature for case in pack.tensors.cases} == {"classify", "embed"}


def test_validate_when_a_pack_carries_examples_scores_them_and_a_wrong_pack_fails(ran, tmp_path):
    target = [TARGETS[-1].name]
    right = validate_file(ran[1] / "blink.tflite", target)
    pack = read_pack(ran[1] / "blink.tflite")
    other = dataclasses.replace(pack.array_examples, keras=pack.array_examples.keras[:, ::-1])
    wrong = validate_file(_repacked(pack, tmp_path / "wrong.tflite", other).path, target)

    assert right.verdict == "pass" and right.rows[0].accuracy.accuracy > 95
    assert [each.gate for each in wrong.rows[0].findings if each.verdict == "fail"] == ["quality"]


def test_evaluate_arrays_when_the_limits_of_the_task_are_broken_fails(ran, tmp_path):
    pack = read_pack(ran[1] / "blink.float32.tflite")
    far = dataclasses.replace(pack.array_examples, labels=pack.array_examples.keras.argmax(axis=1).astype(np.int64))
    tight = _repacked(pack, tmp_path / "tight.tflite", far, {"max_points_lost": 1.0, "max_bytes": 100})
    keras = np.eye(2, dtype=np.float32)[1 - far.labels]
    found = {each.gate: each.verdict for each in evaluate_arrays(tight, TARGETS[-1], far).findings}
    worse = evaluate_arrays(pack, TARGETS[-1], dataclasses.replace(far, labels=1 - far.labels, keras=keras))

    assert found["size"] == "fail" and found["runs"] == "pass"
    assert {each.gate: each.verdict for each in worse.findings}["accuracy"] == "fail"


def test_convert_model_when_the_task_is_a_users_own_or_texts_are_asked_for_refuses(ran, tmp_path):
    _, out, _ = ran
    with pytest.raises(ConfigError, match="of its task as --task"):
        convert.convert_model(out / "blink.keras", tmp_path, ["float32"])
    with pytest.raises(ConfigError, match="nothing about decoding"):
        convert.convert_model(out / "blink.keras", tmp_path, ["float32"], beam_config=object())


def test_climb_when_the_model_is_of_arrays_dev_examples_decide_and_test_ones_are_reported(ran, tmp_path):
    task, out, _ = ran
    config = dataclasses.replace(
        LadderConfig(), num_words=60, num_test_words=80, min_seconds=0.2, limits=LadderLimits(2.0, min_speedup=0)
    )
    target, recipes = [TARGETS[-1].name], ["float32"]
    report = climb_array_model(out / "blink.keras", tmp_path, target, config, recipes=recipes, task=str(task))

    assert report.config.limits.scored == "classes" and report.recipes == ("float32",)
    assert [rung.accuracy.num_examples for rung in report.rungs] == [60]
    shipped = [rung for rung in report.rungs if rung.test_accuracy is not None]
    assert shipped and all(rung.test_accuracy.num_examples == 80 for rung in shipped)
    assert read_ladder(tmp_path / "blink.ladder.json") == report


def test_check_same_arrays_when_data_or_classes_differ_refuses(ran):
    task, out, _ = ran
    model = trained_model.load(out / "blink.keras")
    data = registry.load_arrays(str(task))
    array_job.check_same_arrays(model, data)
    renamed = dataclasses.replace(data.spec, meaning=ClassesMeaning(("blink", "open")))
    for other in (
        dataclasses.replace(data, spec=renamed),
        dataclasses.replace(data, source={**data.source, "sha256": "1" * 64}),
    ):
        with pytest.raises(ConfigError, match="the data that the model was trained on"):
            array_job.check_same_arrays(model, other)


def test_run_task_when_no_weights_are_there_says_how_to_train(tmp_path):
    task = shutil.copy(EXAMPLE / "blink.py", tmp_path)
    shutil.copy(EXAMPLE / "blink.json", tmp_path)

    with pytest.raises(ArtifactError, match="none ship with it; train them: tfedge run .*blink.py --from-scratch"):
        run.run_task(str(task), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _repacked(pack: Pack, path: pathlib.Path, examples, limits=None) -> Pack:
    manifest = pack.manifest
    provenance = {**manifest.provenance, **({"limits": limits} if limits else {})}
    fields = {"recipe": manifest.recipe, "provenance": provenance, "calibration": manifest.calibration}
    return write_pack(path, pack.model_bytes, pack.task, pack.tensors, fields, evaluation=examples)
