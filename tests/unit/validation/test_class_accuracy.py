"""Accuracy of classes: counts, intervals, what is lost against Keras, and the gate on it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tfedge.errors import ConfigError, InputError
from tfedge.validation.class_accuracy import MAX_ERRORS, ClassAccuracy, score_classes
from tfedge.validation.gates import accuracy_gate
from tfedge.validation.task_accuracy import accuracy_from_json


def _sure(answers: list[int], classes: int = 3) -> Any:
    return np.eye(classes, dtype=np.float32)[answers]


def test_score_classes_when_some_are_wrong_counts_them() -> None:
    labels = np.array([0, 0, 1, 1, 2])
    found = score_classes(_sure([0, 1, 1, 1, 2]), labels, _sure([0, 0, 1, 2, 2]), inputs=np.arange(10.0).reshape(5, 2))

    assert found.accuracy == pytest.approx(80)
    assert found.confusion == ((1, 1, 0), (0, 2, 0), (0, 0, 1))
    assert found.class_accuracies == (50, 100, 100)
    assert (found.only_target_wrong, found.only_reference_wrong, found.points_lost) == (1, 1, 0)
    assert found.identical_share == pytest.approx(0.6)
    (error,) = found.errors
    assert (error.index, error.label, error.answer, error.probability) == (1, 0, 1, 1.0)
    assert error.input.tolist() == [2.0, 3.0]


def test_score_classes_when_an_answer_is_not_finite_it_is_wrong() -> None:
    probabilities = _sure([0, 0])
    probabilities[1, 2] = np.nan

    assert score_classes(probabilities, np.array([0, 0])).accuracy == pytest.approx(50)
    assert score_classes(_sure([0, 0]), np.array([0, 0])).accuracy == pytest.approx(100)


def test_score_classes_when_groups_are_given_draws_whole_groups() -> None:
    labels, groups = np.zeros(400, np.int64), np.repeat(["a", "b", "c", "d"], 100)
    answers = _sure([0] * 300 + [1] * 100)  # One person is never understood.
    single, whole = score_classes(answers, labels), score_classes(answers, labels, groups=groups)

    assert single.accuracy == whole.accuracy == pytest.approx(75)
    assert single.accuracy_high - single.accuracy_low < 10 < whole.accuracy_high - whole.accuracy_low
    assert whole.num_groups == 4


def test_score_classes_when_many_are_wrong_keeps_a_few() -> None:
    found = score_classes(_sure([1] * 100), np.zeros(100, np.int64), inputs=np.zeros((100, 2)))

    assert len(found.errors) == MAX_ERRORS


@pytest.mark.parametrize(("wrong", "verdict"), [(2, "pass"), (40, "fail")])
def test_accuracy_gate_when_classes_are_lost_judges_the_points(wrong: int, verdict: str) -> None:
    labels = np.zeros(4000, np.int64)
    found = score_classes(_sure([1] * wrong + [0] * (4000 - wrong)), labels, _sure([0] * 4000))
    finding = accuracy_gate(found, 0.3)

    assert finding.verdict == verdict
    assert "points of accuracy" in finding.message and "4000 examples" in finding.message


def test_to_json_when_read_again_is_equal() -> None:
    found = score_classes(_sure([0, 1, 1]), np.array([0, 0, 1]), _sure([0, 0, 1]), inputs=np.ones((3, 2), np.float32))
    read = accuracy_from_json(json.loads(json.dumps(found.to_json())))

    assert isinstance(read, ClassAccuracy) and read == found
    assert read.errors[0].input.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("change", [{"kind": "classe"}, {"accuracy": 101.0}, {"num_examples": 4}, {"extra": 1}])
def test_accuracy_from_json_when_a_value_is_illegal_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        accuracy_from_json({**score_classes(_sure([0, 1, 1]), np.array([0, 0, 1])).to_json(), **change})


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 3], [-1, 0, 1]])
def test_score_classes_when_labels_do_not_fit_refuses(labels: list[int]) -> None:
    with pytest.raises(InputError):
        score_classes(_sure([0, 1, 1]), np.array(labels))
