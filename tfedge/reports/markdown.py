"""A report as Markdown: the results table alone (for the README) and the whole model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tfedge.checks.verdict import Finding
from tfedge.reports import cells
from tfedge.reports.schema import Report
from tfedge.validation.anomaly_accuracy import AnomalyAccuracy
from tfedge.validation.class_accuracy import ClassAccuracy

# What every card says, because it is true of every model that tfedge packs.
_LIMITS = (
    "Latency and memory hold for the processor named above; on another one, measure again: `tfedge bench FILE`.",
    "int8 results differ between processors by a few quantization steps and are not bit-equal: `tfedge validate FILE` "
    "says what a runtime really answers.",
)
_TEXTS_LIKE = "Accuracy holds for texts like the test data; other languages, names and spellings were not measured."
_ARRAYS_LIKE = "Accuracy holds for inputs like the test data; other devices, places and people were not measured."


def results_table(report: Report) -> str:
    """Returns the results as a Markdown table with its caption; ends with a newline."""
    columns = cells.columns(report)
    heads = ["recipe", "MB", "runtime", *(_head(column) for column in columns)]
    rows = [
        [f"`{row.recipe}`", cells.size(row), cells.runtime(row, report.conditions.machine)]
        + [column.cell(row) for column in columns]
        for row in report.rows
    ]
    sides = ["---", "---:", "---", *["---:"] * (len(columns) - 1), "---"]
    table = "\n".join(_line(texts) for texts in [heads, sides, *rows])
    return f"{table}\n\n{' '.join(cells.captions(report))}\n"


def model_card(report: Report) -> str:
    """Returns the model card; ends with a newline."""
    parts = [
        f"# {report.task}",
        _summary(report),
        f"## Results\n\n{results_table(report)}",
        f"Measured {report.created_utc} by tfedge {report.tfedge_version} on {cells.conditions_line(report)}.",
        f"## Findings\n\n{_findings(report)}",
        f"## How it was made\n\n{_facts(report.provenance)}",
        f"## Limits\n\n{_bullets([*_LIMITS, _like(report), *report.notes])}",
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _like(report: Report) -> str:
    is_of_arrays = any(isinstance(row.accuracy, ClassAccuracy | AnomalyAccuracy) for row in report.rows)
    return _ARRAYS_LIKE if is_of_arrays else _TEXTS_LIKE


def _summary(report: Report) -> str:
    lines = [f"Verdict of `tfedge {report.kind}`: **{report.verdict.replace('_', ' ')}**."]
    if report.model_path is not None:
        lines.append(
            f"The model is `{report.model_path}`, one `.tflite` file that carries its task spec, "
            "golden cases and manifest."
        )
    if report.model_sha256 is not None:
        lines.append(f"sha256 of the file: `{report.model_sha256}`.")
    return "\n".join(lines)


def _findings(report: Report) -> str:
    """Returns what did not pass, in full, then the gates that passed, by name: their figures are in the report file."""
    troubles, passes = [], []
    for row in report.rows:
        where = f"`{row.recipe}` on {cells.runtime(row, report.conditions.machine)}"
        passed = [finding.gate for finding in row.findings if finding.verdict == "pass"]
        troubles += [_trouble(finding, where) for finding in row.findings if finding.verdict != "pass"]
        passes += [f"**pass**, {where}: {', '.join(passed)}."] if passed else []
    return _bullets([*troubles, *passes]) if troubles or passes else "No gate judged these files."


def _trouble(finding: Finding, where: str) -> str:
    more = (("Cause", finding.cause), ("Fix", finding.fix))
    also = "".join(f" {label}: {text}." for label, text in more if text)
    return f"**{finding.verdict.replace('_', ' ')}**, {where}, {finding.gate}: {finding.message}.{also}"


def _facts(provenance: Mapping[str, Any]) -> str:
    if not provenance:
        return "The pack says nothing about it."
    return "\n".join(_line(texts) for texts in [("what", "value"), ("---", "---"), *flatten("", provenance)])


def flatten(prefix: str, values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yields the leaves of nested objects with their dotted names, each after `prefix`."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(f"{name}.", value)
        else:
            yield name, str(value)


def _head(column: cells.Column) -> str:
    return " ".join(part for part in (column.title, column.unit) if part)


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(text.split()).replace("|", "\\|") for text in texts) + " |"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
