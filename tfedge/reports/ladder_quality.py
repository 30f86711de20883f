"""The kinds of quality that a ladder judges by: points that a task loses, nearness of a user's tensors to Keras'."""

from __future__ import annotations

from typing import Any, Protocol

from tfedge.checks.verdict import Finding
from tfedge.reports.ladder_marks import Accuracy, Mark, QualityColumn
from tfedge.reports.ladder_nearness import Nearness
from tfedge.reports.ladder_points import PointsLost
from tfedge.reports.ladder_word_errors import WordErrors
from tfedge.validation import task_accuracy
from tfedge.validation.accuracy import AccuracyReport
from tfedge.validation.anomaly_accuracy import AnomalyAccuracy
from tfedge.validation.class_accuracy import ClassAccuracy
from tfedge.validation.ladder_limits import WORDS, LadderLimits
from tfedge.validation.tensor_accuracy import TensorAccuracy

_SCORED: dict[str, type[Accuracy]] = {
    WORDS: AccuracyReport,
    ClassAccuracy.kind: ClassAccuracy,
    AnomalyAccuracy.kind: AnomalyAccuracy,
}


class LadderQuality(Protocol):
    """One kind of quality.

    Attributes:
        gates: ids of its gates, the one that decides first.
        examples: what is asked, in one word: "words".
        run: what latency is of, in one word.
        axis: label of the axis of quality, with what is better.
        limit: what is drawn as a line on it.
    """

    gates: tuple[str, ...]
    examples: str
    run: str
    axis: str
    limit: float

    def loss(self, accuracy: Accuracy) -> tuple[float | None, float]:
        """Returns what a file loses, less being better, and the margin that it is sure to."""

    def findings(self, accuracy: Accuracy, target: str) -> tuple[Finding, ...]:
        """Judges a file against the limit."""

    def is_surely_beyond(self, accuracy: Accuracy) -> bool:
        """Whether the whole interval is beyond the limit, however few were asked."""

    def better(self, by: float) -> str:
        """Returns in words that a file loses less than another."""

    def against_keras(self, accuracy: Accuracy) -> str:
        """Returns in words how near a file is to Keras."""

    def columns(self, is_test: bool) -> tuple[QualityColumn, ...]:
        """Returns the columns of the examples that decide, or of those that nothing is chosen by."""

    def details(self) -> tuple[QualityColumn, ...]:
        """Returns more columns of the examples that decide."""

    def scored(self, accuracy: Accuracy) -> str:
        """Returns in words what a file scores on examples that nothing was chosen by."""

    def mark(self, accuracy: Accuracy) -> Mark | None:
        """Returns where the file is drawn; None: nowhere."""

    def caption(self, decided: str, scored: str) -> str:
        """Returns the sentence that says what the numbers are, of so many examples."""

    def forbidden(self) -> str:
        """Returns what the limit forbids: "loses more than 0.50 points"."""


def quality_of(limits: LadderLimits) -> LadderQuality:
    """Returns the kind of quality that the limits are of."""
    if limits.quality is not None:
        return Nearness(limits.quality)
    return WordErrors(limits.max_points_lost) if limits.scored == WORDS else PointsLost(limits)


def kind_of(limits: LadderLimits) -> type[Accuracy]:
    """Returns the kind of accuracy that limits of this kind judge."""
    return TensorAccuracy if limits.quality is not None else _SCORED[limits.scored]


def accuracy_from_json(value: Any) -> Accuracy:
    """Reads what any kind's `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
    is_of_tensors = isinstance(value, dict) and "metric" in value
    return TensorAccuracy.from_json(value) if is_of_tensors else task_accuracy.accuracy_from_json(value)
