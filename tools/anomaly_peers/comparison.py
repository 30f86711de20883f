"""Detectors on the same rows: area under the ROC curve with a bootstrap interval, detection delay, the gap to ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.validation.detection_delay import detection_delay
from tfedge.validation.roc import roc_auc

Array = npt.NDArray[Any]
FALSE_ALARM_SHARE = 0.005
_KEPT_SHARE = 0.9
_STEPS = 20


@dataclasses.dataclass(frozen=True)
class Bootstrap:
    """Resampled rows, the same for every detector: differences are paired.

    Attributes:
        num_samples: how often rows are drawn anew.
        seed: of the draws.
    """

    num_samples: int = 2000
    seed: int = 0

    def areas(self, scores: Array, labels: Array) -> npt.NDArray[np.float64]:
        """Returns float64 (num_samples,): the area, percent, of each draw of rows with replacement."""
        random = np.random.default_rng(self.seed)
        order = np.argsort(scores, kind="stable")
        ranked, is_anomaly = scores[order], labels[order] == 1
        ends = np.flatnonzero(np.concatenate([ranked[1:] != ranked[:-1], [True]]))  # Of groups of equal scores.
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        areas = np.empty(self.num_samples)
        for sample in range(self.num_samples):
            drawn = random.integers(0, len(labels), len(labels))
            counts = np.bincount(place[drawn], minlength=len(labels))
            positive = _grouped(np.where(is_anomaly, counts, 0), ends)
            negative = _grouped(np.where(is_anomaly, 0, counts), ends)
            below = np.cumsum(negative) - negative / 2
            areas[sample] = 100 * (positive * below).sum() / (positive.sum() * negative.sum())
        return areas


def covariance_scores(train: Array, rows: Array) -> npt.NDArray[np.float64]:
    """Returns float64 (N,): squared Mahalanobis distances to the mean of `train`, most usual 90 % of it.

    What a few lines of algebra reach: C-steps of the minimum covariance determinant, begun with all rows.
    https://doi.org/10.1080/00401706.1999.10485670

    Args:
        train, rows: float (rows, sensors), scaled and cut as the network sees them; no label is asked.
    """
    kept = train
    for _ in range(_STEPS):
        distances = _distances(kept, train)
        kept = train[distances <= np.quantile(distances, _KEPT_SHARE)]
    return _distances(kept, rows)


def compare(
    scores: Mapping[str, Array], labels: Array, thresholds: Mapping[str, float], ours: str, bootstrap: Bootstrap
) -> dict[str, Any]:
    """Returns the figures of every detector on the same rows.

    Args:
        scores: (N,) by detector.
        labels: (N,), 1 of anomalies.
        thresholds: of the detectors whose delay is told.
        ours: the detector that the others' gaps are told against.
    """
    areas = {name: bootstrap.areas(each, labels) for name, each in scores.items()}
    found = {}
    for name, each in scores.items():
        figures: dict[str, Any] = {"auc": 100 * roc_auc(each, labels), "auc_interval": _interval(areas[name])}
        if name != ours:
            figures["points_below_ours_interval"] = _interval(areas[ours] - areas[name])
        if name in thresholds:
            figures["threshold"] = thresholds[name]
            figures["detection"] = detection_delay(each, labels, thresholds[name]).to_json()
        found[name] = figures
    return {"num_rows": len(labels), "num_anomalies": int((labels == 1).sum()), "detectors": found}


def _grouped(counts: Array, ends: Array) -> npt.NDArray[np.float64]:
    return np.diff(np.cumsum(counts)[ends], prepend=0).astype(np.float64)


def _interval(values: Array) -> list[float]:
    return [float(each) for each in np.percentile(values, (2.5, 97.5))]


def _distances(of: Array, rows: Array) -> npt.NDArray[np.float64]:
    centered = rows - of.mean(axis=0)
    # Sensors may be sums of others: a thousandth of a squared deviation keeps the matrix invertible.
    inverse = np.linalg.inv(np.cov(of.T) + 1e-3 * np.eye(of.shape[1]))
    distances: npt.NDArray[np.float64] = np.einsum("ij,jk,ik->i", centered, inverse, centered)
    return distances
