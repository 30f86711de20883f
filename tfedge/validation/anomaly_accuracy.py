"""How well scores tell anomalies from normal examples: area under the ROC curve, and what a threshold catches."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from tfedge.config import from_keys
from tfedge.errors import ConfigError
from tfedge.validation import roc
from tfedge.validation.loss import Loss
from tfedge.validation.roc import Array


@dataclasses.dataclass(frozen=True)
class AnomalyAccuracy:
    """Of a file, and what it loses against Keras where Keras' scores are known.

    Attributes:
        num_examples: scored.
        num_anomalies: of them.
        auc: area under the ROC curve, percent.
        auc_low: lower end of DeLong's 95 % interval, percent.
        auc_high: its upper end.
        threshold: from which on a score is called an anomaly, chosen on validation data; None where none was chosen.
        recall_share: 0 to 1: share of anomalies at or above it.
        false_alarm_share: 0 to 1: share of normal examples at or above it.
        identical_share: 0 to 1: share of examples on the same side of the threshold as by Keras.
        reference_auc: percent: of Keras on the same examples.
        points_lost: `reference_auc` minus `auc`; above 0 the file is worse.
        points_lost_low: lower end of its paired 95 % interval.
        points_lost_high: its upper end.
    """

    kind: ClassVar[str] = "anomaly"
    num_examples: int
    num_anomalies: int
    auc: float
    auc_low: float
    auc_high: float
    threshold: float | None = None
    recall_share: float | None = None
    false_alarm_share: float | None = None
    identical_share: float | None = None
    reference_auc: float | None = None
    points_lost: float | None = None
    points_lost_low: float | None = None
    points_lost_high: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.num_anomalies < self.num_examples:
            raise ConfigError(
                f"`num_anomalies` must be 1 or more of {self.num_examples} examples; got {self.num_anomalies}"
            )
        if not 0 <= self.auc_low <= self.auc <= self.auc_high <= 100:
            raise ConfigError(
                f"an area under the ROC curve must be a percent within its interval; got {self.auc} ({self.auc_low} to "
                f"{self.auc_high})"
            )
        for key in ("recall_share", "false_alarm_share", "identical_share"):
            share = getattr(self, key)
            if share is not None and not 0 <= share <= 1:
                raise ConfigError(f"`{key}` must be between 0 and 1; got {share}")

    @property
    def loss(self) -> Loss | None:
        """Against Keras; None where its scores are not known."""
        if self.points_lost is None or self.points_lost_low is None or self.points_lost_high is None:
            return None
        low, high = self.points_lost_low, self.points_lost_high
        return Loss(self.points_lost, low, high, self.num_examples, "example", "ROC-AUC", is_share=False)

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values; `from_json` of it is equal to this."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> AnomalyAccuracy:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        return from_keys(cls, {key: each for key, each in value.items() if key != "kind"}, "accuracy")


def score_anomalies(
    scores: Array, labels: Array, reference: Array | None = None, threshold: float | None = None
) -> AnomalyAccuracy:
    """Scores `scores`, real (N,), larger for anomalies.

    A score that is not finite counts as the least usual of all: an app that compares it would call it nothing.

    Args:
        labels: (N,), 1 of anomalies and 0 of normal examples.
        reference: Keras' own scores, (N,).
        threshold: from which on a score is called an anomaly.

    Raises:
        InputError: one kind of example is missing, or arrays that do not fit each other.
    """
    finite = np.isfinite(scores)
    scores = np.where(finite, scores, np.min(scores, where=finite, initial=0.0) - 1)
    low, high = roc.auc_interval(scores, labels)
    report = AnomalyAccuracy(
        num_examples=len(labels),
        num_anomalies=int((labels == 1).sum()),
        auc=100 * roc.roc_auc(scores, labels),
        auc_low=100 * low,
        auc_high=100 * high,
        threshold=threshold,
    )
    if threshold is not None:
        is_called = scores >= threshold
        report = dataclasses.replace(
            report,
            recall_share=float(is_called[labels == 1].mean()),
            false_alarm_share=float(is_called[labels == 0].mean()),
        )
    if reference is None:
        return report
    lost_low, lost_high = roc.paired_interval(scores, reference, labels)
    reference_auc = 100 * roc.roc_auc(reference, labels)
    return dataclasses.replace(
        report,
        identical_share=None
        if threshold is None
        else float(((scores >= threshold) == (reference >= threshold)).mean()),
        reference_auc=reference_auc,
        points_lost=reference_auc - report.auc,
        points_lost_low=100 * lost_low,
        points_lost_high=100 * lost_high,
    )
