"""Quality of a task of arrays on the ladder: points of accuracy or of ROC-AUC below Keras."""

from __future__ import annotations

from tfedge.checks.verdict import Finding
from tfedge.reports.cells import UNKNOWN
from tfedge.reports.ladder_marks import Accuracy, Mark, QualityColumn
from tfedge.validation.anomaly_accuracy import AnomalyAccuracy
from tfedge.validation.class_accuracy import ClassAccuracy
from tfedge.validation.front import ACCURACY
from tfedge.validation.gates import accuracy_gate
from tfedge.validation.ladder_limits import LadderLimits


class PointsLost:
    """Points of a task's metric below Keras.

    Args:
        limits: how many are allowed, and what is scored.
    """

    gates: tuple[str, ...] = (ACCURACY,)
    examples = "examples"
    run = "call"

    def __init__(self, limits: LadderLimits) -> None:
        self.limit = limits.max_points_lost
        self._name = "accuracy" if limits.scored == ClassAccuracy.kind else "ROC-AUC"
        self.axis = f"points of {self._name} lost, dev examples"

    def loss(self, accuracy: Accuracy) -> tuple[float | None, float]:
        loss = _scored(accuracy).loss
        return (None, 0.0) if loss is None else (loss.points, (loss.high - loss.low) / 2)

    def findings(self, accuracy: Accuracy, target: str) -> tuple[Finding, ...]:
        return (accuracy_gate(_scored(accuracy), self.limit),)

    def is_surely_beyond(self, accuracy: Accuracy) -> bool:
        loss = _scored(accuracy).loss
        return loss is not None and loss.low > self.limit

    def better(self, by: float) -> str:
        return f"{by:.2f} points of {self._name} better"

    def against_keras(self, accuracy: Accuracy) -> str:
        lost, margin = self.loss(accuracy)
        return "" if lost is None else f"{lost:+.2f} +-{margin:.2f} points of {self._name} below Keras"

    def columns(self, is_test: bool) -> tuple[QualityColumn, ...]:
        title = f"{'test' if is_test else 'dev'} {self._name} %"
        return (QualityColumn(title, lambda each: _value(_scored(each))), QualityColumn("= Keras %", _identical))

    def details(self) -> tuple[QualityColumn, ...]:
        return (QualityColumn("lost (paired)", _lost),)

    def scored(self, accuracy: Accuracy) -> str:
        found = _scored(accuracy)
        reference = found.reference_accuracy if isinstance(found, ClassAccuracy) else found.reference_auc
        of_keras = "" if reference is None else f", of Keras {reference:.2f} %"
        return f"on {found.num_examples:,} test examples {self._name} {_value(found)} %{of_keras}"

    def mark(self, accuracy: Accuracy) -> Mark | None:
        loss = _scored(accuracy).loss
        return None if loss is None else Mark(loss.points, loss.low, loss.high)

    def caption(self, decided: str, scored: str) -> str:
        afterwards = f", scored afterwards on {scored} test examples" if scored else ""
        return (
            f"Chosen on {decided} dev examples{afterwards}; intervals of 95 %; lost: points of {self._name} below "
            "Keras, paired; p50: one call, batch 1, 1 thread; speed: over float32; partitions: delegate calls of each "
            "signature; memory: peak above the bare interpreter."
        )

    def forbidden(self) -> str:
        return f"loses more than {self.limit:.2f} points"


def _value(found: ClassAccuracy | AnomalyAccuracy) -> str:
    if isinstance(found, ClassAccuracy):
        return f"{found.accuracy:.2f} ({found.accuracy_low:.1f}-{found.accuracy_high:.1f})"
    return f"{found.auc:.2f} ({found.auc_low:.1f}-{found.auc_high:.1f})"


def _identical(accuracy: Accuracy) -> str:
    share = _scored(accuracy).identical_share
    # Cut and not rounded: 2,499 of 2,500 must not read as 100.
    return UNKNOWN if share is None else f"{int(round(share * 1_000_000) / 100) / 100:.2f}"


def _lost(accuracy: Accuracy) -> str:
    loss = _scored(accuracy).loss
    return UNKNOWN if loss is None else f"{loss.points:+.2f} ({loss.low:+.2f} {loss.high:+.2f})"


def _scored(accuracy: Accuracy) -> ClassAccuracy | AnomalyAccuracy:
    if not isinstance(accuracy, ClassAccuracy | AnomalyAccuracy):
        raise TypeError(f"expected an accuracy of arrays; got {type(accuracy).__name__}")
    return accuracy
