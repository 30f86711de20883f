"""Quality of a task of texts on the ladder: points of word error rate above Keras."""

from __future__ import annotations

from tfedge.checks.verdict import Finding
from tfedge.reports.cells import UNKNOWN
from tfedge.reports.ladder_marks import Accuracy, Mark, QualityColumn
from tfedge.validation.accuracy import AccuracyReport
from tfedge.validation.front import ACCURACY
from tfedge.validation.gates import accuracy_gate


class WordErrors:
    """Points of word error rate above Keras.

    Args:
        limit: how many are allowed.
    """

    gates: tuple[str, ...] = (ACCURACY,)
    examples = "words"
    run = "decode"
    axis = "points of WER lost, dev words"

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def loss(self, accuracy: Accuracy) -> tuple[float | None, float]:
        report = _words(accuracy)
        low, high = report.wer_minus_reference_low, report.wer_minus_reference_high
        return report.wer_minus_reference_points, 0.0 if low is None or high is None else (high - low) / 2

    def findings(self, accuracy: Accuracy, target: str) -> tuple[Finding, ...]:
        return (accuracy_gate(_words(accuracy), self.limit),)

    def is_surely_beyond(self, accuracy: Accuracy) -> bool:
        low = _words(accuracy).wer_minus_reference_low
        return low is not None and low > self.limit

    def better(self, by: float) -> str:
        return f"{by:.2f} points of WER better"

    def against_keras(self, accuracy: Accuracy) -> str:
        lost, margin = self.loss(accuracy)
        return "" if lost is None else f"{lost:+.2f} +-{margin:.2f} points of WER against Keras"

    def columns(self, is_test: bool) -> tuple[QualityColumn, ...]:
        return (
            QualityColumn("test WER %" if is_test else "dev WER %", lambda each: _wer(_words(each))),
            QualityColumn("= Keras %", lambda each: _identical(_words(each))),
        )

    def details(self) -> tuple[QualityColumn, ...]:
        return (QualityColumn("lost (paired)", lambda each: _lost(_words(each))),)

    def scored(self, accuracy: Accuracy) -> str:
        report = _words(accuracy)
        of_keras = f", of Keras {report.reference_wer:.2f} %" if report.has_reference else ""
        return f"on {report.num_examples:,} test words WER {_wer(report)} %{of_keras}"

    def mark(self, accuracy: Accuracy) -> Mark | None:
        report = _words(accuracy)
        lost = report.wer_minus_reference_points
        if lost is None:
            return None
        return Mark(lost, report.wer_minus_reference_low, report.wer_minus_reference_high)

    def caption(self, decided: str, scored: str) -> str:
        afterwards = f", scored afterwards on {scored} test words" if scored else ""
        return (
            f"Chosen on {decided} dev words{afterwards}; intervals of 95 %; lost: points of WER above Keras, paired; "
            "p50: one decode, batch 1, 1 thread; speed: over float32 by the same entry; partitions: delegate calls of "
            "encode, decode_step, greedy (without its loop's body and its branches); memory: peak above the bare "
            "interpreter."
        )

    def forbidden(self) -> str:
        return f"loses more than {self.limit:.2f} points"


def _wer(report: AccuracyReport) -> str:
    return f"{report.wer:.2f} ({report.wer_low:.1f}-{report.wer_high:.1f})"


def _identical(report: AccuracyReport) -> str:
    if report.identical_share is None:
        return UNKNOWN
    # Cut and not rounded: 2,499 of 2,500 must not read as 100.
    count = report.num_examples
    return f"{round(report.identical_share * count) * 10_000 // count / 100:.2f}"


def _lost(report: AccuracyReport) -> str:
    if report.wer_minus_reference_points is None:
        return UNKNOWN
    low, high = report.wer_minus_reference_low or 0.0, report.wer_minus_reference_high or 0.0
    return f"{report.wer_minus_reference_points:+.2f} ({low:+.2f} {high:+.2f})"


def _words(accuracy: Accuracy) -> AccuracyReport:
    if not isinstance(accuracy, AccuracyReport):
        raise TypeError(f"expected word errors; got {type(accuracy).__name__}")
    return accuracy
