from __future__ import annotations

import dataclasses
import json
import math

import pytest

from tests.unit.reports import sample_reports as made
from tests.unit.reports.ladder_samples import ARM, accuracy, config, float_rung, ladder, refused, rung
from tfedge.errors import ArtifactError, ConfigError
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import LadderReport, read_ladder, write_ladder


def full():
    """Two targets, one emulated; a refused recipe; calibration and a forced recipe."""
    rungs = [float_rung(), rung(test_accuracy=made.accuracy()), refused()]
    measured = rung(target=ARM, milliseconds=None, stand_in=accuracy())
    arm = [float_rung(target=ARM, milliseconds=None), measured, refused(target=ARM)]
    return ladder(*rungs, *arm, calibration={"num_texts": 160}, forced=("int4",))


def test_report_then_json_and_file_round_trip(tmp_path):
    report = full()
    assert LadderReport.from_json(json.loads(json.dumps(report.to_json()))) == report
    assert read_ladder(write_ladder(tmp_path / "r.json", report)) == report


def test_report_then_targets_recipes_and_what_ships():
    report = full()
    assert report.targets == (made.LITERT, ARM) and report.recipes == ("float32", "int8", "int4")
    assert [report.shipped(target).recipe for target in report.targets] == ["int8", "int8"]
    assert [each.decision for each in report.choices] == ["dominated", "ship", "forbidden"] * 2
    assert (report.verdict, report.exit_code) == ("pass", 0)


def test_report_when_a_target_has_nothing_to_ship_then_fail():
    report = ladder(float_rung(), rung(), config=config(max_bytes=1))
    assert (report.verdict, report.exit_code, report.shipped(made.LITERT)) == ("fail", 1, None)


def test_report_when_nothing_ships_for_want_of_words_then_not_measured():
    unsure = float_rung(accuracy=accuracy(0.3, margin=0.25))
    assert ladder(unsure).exit_code == 3


def test_report_when_what_ships_was_not_timed_then_not_measured_unless_emulated():
    doubtful = dict(untimed="busy machine", speedup=None)
    assert ladder(float_rung(**doubtful), rung(**doubtful)).exit_code == 3
    assert ladder(float_rung(), rung(**doubtful)).exit_code == 3  # Another might ship, had it been timed.
    assert ladder(float_rung(), rung(lost=9.0, **doubtful)).exit_code == 0  # It is forbidden, however fast.
    assert ladder(float_rung(target=ARM, milliseconds=None)).exit_code == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda value: value.update(choices=[]), "must be what its rungs say"),
        (lambda value: value.update(verdict="fail"), "must be what its rungs say"),
        (lambda value: value.update(speed=1), "unknown .'speed'."),
        (lambda value: value.update(schema_version=2), "schema_version 1"),
        (lambda value: value["config"].update(word=1), "did you mean 'num_words'|must be one of"),
        (lambda value: value["config"]["limits"].update(min_speedup=-1), "`min_speedup` must be"),
        (lambda value: value["rungs"][0].pop("latency"), "missing .'latency'."),
        (lambda value: value["rungs"][1]["speedup"].update(times=0), "a speedup must be"),
        (lambda value: value.update(rungs=[]), "one rung or more"),
        (lambda value: value.update(rungs={}), "must be JSON arrays"),
    ],
)
def test_read_ladder_when_changed_then_artifact_error(tmp_path, change, said):
    value = full().to_json()
    value = json.loads(json.dumps(value))
    change(value)
    (tmp_path / "r.json").write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(ArtifactError, match=said):
        read_ladder(tmp_path / "r.json")


@pytest.mark.parametrize(
    "wrong",
    [
        dict(num_words=0),
        dict(num_test_words=1.0),
        dict(num_emulated_words=True),
        dict(min_seconds=math.inf),
        dict(min_seconds=0),
        dict(prefer="speed"),
        dict(limits={}),
        dict(score_all=1),
    ],
)
def test_config_when_illegal_then_config_error(wrong):
    with pytest.raises(ConfigError, match=f"`{next(iter(wrong))}`"):
        LadderConfig(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        dict(size_bytes=0),
        dict(model_sha256=None),
        dict(model_sha256="x"),
        dict(entry="beam"),
        dict(untimed=None),
        dict(most_speedup=0.0),
        dict(stand_in=accuracy()),
        dict(recipe=""),
        dict(target="here"),
    ],
)
def test_rung_when_illegal_then_config_error(wrong):
    with pytest.raises(ConfigError):
        dataclasses.replace(rung(), **wrong)


def test_report_when_a_recipe_is_twice_on_a_target_then_config_error():
    with pytest.raises(ConfigError, match="each recipe and target once"):
        ladder(rung(), rung())
