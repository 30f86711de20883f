"""Accuracy of anomaly scores: the area, what a threshold catches, what is lost against Keras, and the gate on it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.validation.anomaly_accuracy import score_anomalies
from tfedge.validation.gates import accuracy_gate
from tfedge.validation.task_accuracy import accuracy_from_json

RANDOM = np.random.default_rng(4)
LABELS = np.repeat([0, 1], [1800, 200])
SCORES = RANDOM.normal(LABELS * 3.0)


def test_score_anomalies_when_a_threshold_is_given_says_what_it_catches() -> None:
    found = score_anomalies(np.array([0.1, 0.2, 0.9, 0.8, 0.95]), np.array([0, 0, 0, 1, 1]), threshold=0.5)

    assert found.recall_share == 1 and found.false_alarm_share == pytest.approx(1 / 3)
    assert found.auc == pytest.approx(100 * 5 / 6)


def test_score_anomalies_when_a_score_is_not_finite_it_is_the_least() -> None:
    labels = np.array([0, 0, 1])

    assert score_anomalies(np.array([0.1, 0.2, np.nan]), labels).auc == 0
    assert score_anomalies(np.array([0.1, 0.2, 0.3]), labels).auc == 100


@pytest.mark.parametrize(("noise", "verdict"), [(0.01, "pass"), (4.0, "fail")])
def test_accuracy_gate_when_area_is_lost_judges_the_points(noise: float, verdict: str) -> None:
    found = score_anomalies(SCORES + RANDOM.normal(0, noise, len(SCORES)), LABELS, SCORES, 1.5)
    finding = accuracy_gate(found, 0.3)

    assert finding.verdict == verdict
    assert "points of ROC-AUC" in finding.message
    assert found.identical_share is not None and found.identical_share < 1


def test_to_json_when_read_again_is_equal() -> None:
    found = score_anomalies(SCORES, LABELS, SCORES, 1.5)

    assert accuracy_from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(ConfigError):
        accuracy_from_json({**found.to_json(), "auc": 101.0})
