"""A ladder of a task of arrays: the same choices and table, by points of accuracy or of ROC-AUC below Keras."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit.reports.ladder_samples import accuracy as words
from tests.unit.reports.ladder_samples import config, ladder, tensor_rung
from tfedge.errors import ConfigError
from tfedge.reports.ladder_choice import choose
from tfedge.reports.ladder_quality import accuracy_from_json
from tfedge.reports.ladder_report import LadderReport, read_ladder, write_ladder
from tfedge.reports.ladder_table import ladder_lines
from tfedge.validation.anomaly_accuracy import AnomalyAccuracy
from tfedge.validation.class_accuracy import ClassAccuracy

CLASSES = ClassAccuracy(1000, 93.0, 91.4, 94.5, ((900, 70), (0, 30)), 2000, 0)
ANOMALIES = AnomalyAccuracy(1000, 70, 98.0, 97.0, 99.0)


def scored(kind, lost, half=0.2):
    """Accuracy with `lost` points below Keras and an interval of `half` to both sides."""
    made = CLASSES if kind == "classes" else ANOMALIES
    own = {"reference_accuracy": 93.0 + lost} if kind == "classes" else {"reference_auc": 98.0 + lost}
    ends = {"points_lost": lost, "points_lost_low": lost - half, "points_lost_high": lost + half}
    return dataclasses.replace(made, identical_share=0.996, **own, **ends)


def climbed(kind, lost):
    """A report of float32 and of an int8 file that loses so many points."""
    rungs = (
        tensor_rung("float32", scored(kind, 0.0), milliseconds=1.0, megabytes=6.8),
        tensor_rung("int8", scored(kind, lost)),
    )
    return ladder(*rungs, task="mine", config=config(scored=kind, min_speedup=0))


@pytest.mark.parametrize("kind", ["classes", "anomaly"])
@pytest.mark.parametrize(("lost", "decision"), [(0.2, "ship"), (0.8, "forbidden")])
def test_choose_when_points_are_lost_judges_them_by_the_limit(kind, lost, decision):
    report = climbed(kind, lost)
    choices = {each.recipe: each for each in choose(report.rungs, report.config)}

    assert choices["int8"].decision == decision
    assert choices["float32"].decision == ("ship" if decision == "forbidden" else "dominated")


@pytest.mark.parametrize(("kind", "name"), [("classes", "accuracy"), ("anomaly", "ROC-AUC")])
def test_write_ladder_when_read_again_is_equal_and_drawn(tmp_path, kind, name):
    report = climbed(kind, 0.2)
    write_ladder(tmp_path / "mine.ladder.json", report)
    read = read_ladder(tmp_path / "mine.ladder.json")
    lines = "\n".join(ladder_lines(read))

    assert read == report
    assert f"dev {name} %" in lines and "+0.20 (+0.00 +0.40)" in lines and "99.60" in lines
    assert "WER" not in lines and "decode" not in lines


def test_ladder_when_the_accuracy_is_of_another_kind_refuses():
    report = climbed("classes", 0.2)
    for wrong in (words(), scored("anomaly", 0.2)):
        with pytest.raises(ConfigError, match="of the kind that the limits are of"):
            LadderReport(**{**vars(report), "rungs": (tensor_rung("float32", wrong),)})
    with pytest.raises(ConfigError, match="`scored` of limits"):
        config(scored="class")


def test_accuracy_from_json_then_each_kind_is_told():
    for found in (words(), scored("classes", 0.1), scored("anomaly", 0.1)):
        assert accuracy_from_json(found.to_json()) == found
    assert np.isclose(scored("classes", 0.1).loss.points, 0.1)
