"""The tool that leaves each subject out once: who is left out with whom, and what its figures say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.recordings import Recording, RecordingSet
from tools import leave_subjects_out as tool

RECORDINGS = RecordingSet(
    ("x",),
    50.0,
    tuple(Recording(np.zeros((5, 1), np.float32), label, subject) for label in ("a", "b") for subject in ("2", "10")),
    {"name": "made up", "version": "1", "sha256": "0"},
)


def _part(subject: str, wrong: int) -> tool.Columns:
    labels = np.arange(10) % 2
    answers = np.where(np.arange(10) < wrong, 1 - labels, labels)
    right, told = np.eye(2)[labels], np.eye(2)[answers]
    fixed = {"labels": labels, "groups": np.full(10, subject), "seconds": np.array(3.0)}
    return {tool.KERAS: right, "int8 on a runtime": told, **fixed}


def test_folds_then_every_subject_is_left_out_once_in_order():
    assert tool.folds(("1", "2", "10"), 2) == [("1", "2"), ("10",)]
    assert tool.folds(("1", "2"), 1) == [("1",), ("2",)]


@pytest.mark.parametrize("per_fold", [0, 2])
def test_folds_when_nobody_would_be_left_to_train_on_then_they_are_refused(per_fold):
    with pytest.raises(ConfigError, match="--per-fold of 1 to 1"):
        tool.folds(("1", "2"), per_fold)


def test_summary_then_subjects_are_told_apart_and_the_interval_is_over_them():
    report = tool.summary([_part("2", wrong=4), _part("10", wrong=0)], RECORDINGS, ArrayTaskConfig())
    assert report["by_subject"] == {
        "2": {"windows": 10, "keras": 100.0, "int8 on a runtime": 60.0},
        "10": {"windows": 10, "keras": 100.0, "int8 on a runtime": 100.0},
    }
    column = report["columns"]["int8 on a runtime"]
    # Of two subjects a bootstrap draws one of them twice in half of all cases: its ends are the subjects' own.
    assert (column["accuracy"], column["accuracy_low"], column["accuracy_high"]) == (80.0, 60.0, 100.0)
    assert column["points_lost"] == 20.0 and report["folds"] == [["2"], ["10"]]
    assert json.loads(json.dumps(report)) == report


def test_table_then_a_row_a_subject_and_one_of_all():
    report = tool.summary([_part("2", wrong=4), _part("10", wrong=0)], RECORDINGS, ArrayTaskConfig())
    lines = tool.table(report).splitlines()
    assert lines[2:] == [
        "| 2 | 10 | 100.0 | 60.0 |",
        "| 10 | 10 | 100.0 | 100.0 |",
        "| all | 20 | **100.0** (100.0 to 100.0) | **80.0** (60.0 to 100.0) |",
    ]
