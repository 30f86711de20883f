"""The columns of the results table and their text: written once, drawn on screen and in Markdown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from tfedge.reports.schema import Report, ReportRow
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.accuracy import AccuracyReport
from tfedge.validation.anomaly_accuracy import AnomalyAccuracy
from tfedge.validation.class_accuracy import ClassAccuracy
from tfedge.validation.latency import LatencyReport

MEGABYTE = 1_000_000
UNKNOWN = "-"


@dataclasses.dataclass(frozen=True)
class Column:
    """One column: its heading, the unit below it, and the text of a row's cell."""

    title: str
    unit: str
    cell: Callable[[ReportRow], str]


def _wer(row: ReportRow) -> str:
    found = row.accuracy
    return _percent(found.wer, found.wer_low, found.wer_high) if isinstance(found, AccuracyReport) else UNKNOWN


def _per(row: ReportRow) -> str:
    return f"{row.accuracy.per:.2f}" if isinstance(row.accuracy, AccuracyReport) else UNKNOWN


def _share_right(row: ReportRow) -> str:
    found = row.accuracy
    if not isinstance(found, ClassAccuracy):
        return UNKNOWN
    return _percent(found.accuracy, found.accuracy_low, found.accuracy_high)


def _auc(row: ReportRow) -> str:
    found = row.accuracy
    return _percent(found.auc, found.auc_low, found.auc_high) if isinstance(found, AnomalyAccuracy) else UNKNOWN


def _lost(row: ReportRow) -> str:
    """What is measured, and what it may be at most, on which the verdict rests."""
    loss = None if row.accuracy is None or isinstance(row.accuracy, AccuracyReport) else row.accuracy.loss
    # Nothing lost is +0.00, and never -0.00.
    return UNKNOWN if loss is None else " ".join(f"{round(value, 2) + 0.0:+.2f}" for value in (loss.points, loss.high))


def _alarms(row: ReportRow) -> str:
    found = row.accuracy
    if not isinstance(found, AnomalyAccuracy) or found.recall_share is None or found.false_alarm_share is None:
        return UNKNOWN
    return f"{100 * found.recall_share:.1f} / {100 * found.false_alarm_share:.1f}"


def _percent(value: float, low: float, high: float) -> str:
    """Returns a figure with its interval; one digit for the ends: the interval is a few points wide."""
    return f"{value:.2f} ({low:.1f}-{high:.1f})"


def _identical(row: ReportRow) -> str:
    if row.accuracy is None or row.accuracy.identical_share is None:
        return UNKNOWN
    # Cut and not rounded: 11,999 of 12,000 must not read as 100. In whole numbers, so that nothing else is cut.
    count = row.accuracy.num_examples
    return f"{round(row.accuracy.identical_share * count) * 10_000 // count / 100:.2f}"


def _percentile(percent: float, signature: str | None = None) -> Column:
    """Returns the column of a percentile of latency: of the calls of one signature, or of all."""

    def cell(row: ReportRow) -> str:
        latency = row.latency
        if latency is None or (signature is not None and signature not in latency.calls):
            return UNKNOWN
        # ~ marks a figure that must not be relied on.
        return ("" if latency.is_valid else "~") + milliseconds(latency.percentile_ms(percent, signature))

    return Column(f"p{percent:g}" + (f" {signature}" if signature else ""), "ms", cell)


def _memory(row: ReportRow) -> str:
    return UNKNOWN if row.memory is None else f"{row.memory.peak_memory_bytes / MEGABYTE:.1f}"


def verdict_text(row: ReportRow) -> str:
    """Returns the verdict in words, in parentheses where it does not count."""
    words = row.verdict.replace("_", " ")
    return words if row.is_gated else f"({words})"


_OF_TEXTS = (Column("WER %", "95 % interval", _wer), Column("PER", "%", _per))
_OF_ARRAYS = (
    Column("accuracy %", "95 % interval", _share_right),
    Column("ROC-AUC %", "95 % interval", _auc),
    Column("lost, most", "points", _lost),
    Column("caught", "/ false %", _alarms),
)
_IDENTICAL = Column("= Keras", "%", _identical)
_TIMES = (_percentile(50), _percentile(90))
_OTHERS = (Column("memory", "MB", _memory), Column("verdict", "", verdict_text))
MEASURED = (*_OF_TEXTS, _IDENTICAL, *_TIMES, *_OTHERS)


def columns(report: Report) -> tuple[Column, ...]:
    """Returns the columns in which some row has a value: a report of `tfedge bench` has no accuracy to show.

    Of files of several signatures each has a time of its own: a percentile over calls of different ones says nothing.
    """
    called = dict.fromkeys(name for row in report.rows if row.latency for name in row.latency.calls)
    times = [_percentile(percent, name) for name in called for percent in (50, 90)] if len(called) > 1 else _TIMES
    every = (*_OF_TEXTS, *_OF_ARRAYS, _IDENTICAL, *times, *_OTHERS)
    return tuple(column for column in every if any(column.cell(row) != UNKNOWN for row in report.rows))


def milliseconds(value: float) -> str:
    """Returns a time with three significant digits, for example "0.482", "4.82", "48.2"."""
    return f"{value:.{max(0, 3 - len(str(int(value)))) if value >= 1 else 3}f}"


def size(row: ReportRow) -> str:
    """Returns the size of the file in MB, 10^6 bytes."""
    return f"{row.size_bytes / MEGABYTE:.2f}"


def runtime(row: ReportRow, machine: str) -> str:
    """Returns the target in words; the instruction set only where it is not the report's."""
    target = RuntimeTarget.parse(row.target)
    words = f"{target.name} {target.version}"
    return words if target.arch == machine else f"{words} {target.arch}"


def captions(report: Report) -> list[str]:
    """Returns the sentences that say what the numbers are, one line each."""
    said = accuracy_captions(report)
    timed = [row.latency for row in report.rows if row.latency is not None]
    if timed:
        threads = sorted({latency.num_threads for latency in timed})
        runs = sorted({latency.num_runs for latency in timed})
        said.append(
            f"Latency: {what_is_timed(timed[0])}, batch 1, {numbers(threads)} "
            f"{'thread' if threads == [1] else 'threads'}, median and 90th percentile of {_range(runs)} runs."
        )
    if not all(latency.is_valid for latency in timed):
        # The kind of each reason; its figures stand in the report file, for each row its own.
        kinds = sorted({reason.partition(":")[0] for latency in timed for reason in latency.invalid_reasons})
        said.append(f"~ is not to be relied on ({', '.join(kinds)}): measure again on an idle machine.")
    if any(row.memory is not None for row in report.rows):
        said.append("Memory: peak resident memory above the bare interpreter process. MB = 10^6 bytes.")
    if any(not row.is_gated for row in report.rows):
        said.append("Verdicts in parentheses are shown for comparison and do not count.")
    return said


def accuracy_captions(report: Report) -> list[str]:
    """Returns the sentence that says what the figures of accuracy are; none where there are none."""
    found = [row.accuracy for row in report.rows if row.accuracy is not None]
    if not found:
        return []
    count, first = numbers(sorted({each.num_examples for each in found})), found[0]
    if isinstance(first, AccuracyReport):
        return [
            f"WER and PER (percent, lower is better) on {count} test words, interval: 95 % bootstrap over words; "
            "= Keras: share of outputs identical to the Keras reference."
        ]
    lost = "lost, most: points below Keras on the same examples, and the upper end of their paired 95 % interval"
    if isinstance(first, ClassAccuracy):
        over = "examples" if first.num_groups is None else f"{first.num_groups} groups, each drawn whole"
        return [
            f"Accuracy (percent, higher is better) on {count} test examples, interval: 95 % bootstrap over {over}; "
            f"{lost}; = Keras: share of answers identical to the Keras reference."
        ]
    caught = "caught / false: share of anomalies and of normal examples at or above the threshold"
    return [
        f"ROC-AUC (percent, higher is better) on {count} test examples, {numbers([first.num_anomalies])} of them "
        f"anomalies, interval: DeLong's, 95 %; {lost}; {caught}; = Keras: share on the same side of it."
    ]


def what_is_timed(latency: LatencyReport) -> str:
    """Returns in words what one sample is the time of."""
    names = set(latency.calls)
    if len(names) > 1:
        return "one call of a signature"
    return f"one call of {names.pop()}" if names else "one text"


def conditions_line(report: Report) -> str:
    """Returns machine and software in one line."""
    here = report.conditions
    packages = ", ".join(f"{name} {version}" for name, version in sorted(here.packages.items()))
    return f"{here.cpu} ({here.machine}), {here.os}, Python {here.python}; {packages}".removesuffix("; ")


def numbers(values: Sequence[int]) -> str:
    """Returns whole numbers that differed between rows: "468 or 2,000"."""
    return " or ".join(f"{value:,}" for value in values)


def _range(values: Sequence[int]) -> str:
    return f"{values[0]:,}" if values[0] == values[-1] else f"{values[0]:,} to {values[-1]:,}"
