"""A report as text for a person: the results table, then what did not pass, with cause and fix.

The table is at most 100 columns wide for the recipes and runtimes there are, plain ASCII, and never
cuts a number: where a terminal is narrower, the terminal wraps the line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from tfedge.checks.verdict import Finding
from tfedge.reports import cells
from tfedge.reports.schema import Report, ReportRow

# Longer lines of prose are tiring to read; the table itself is never wrapped.
MAX_PROSE_WIDTH = 120
_INDENT = "  "
_STYLES = {"pass": "green", "fail": "bold red", "not measured": "yellow"}


def print_report(report: Report, console: Console) -> None:
    """Prints the report; prose is wrapped on a terminal only, so that a pipe can be searched by line."""
    width = min(console.width, MAX_PROSE_WIDTH) if console.is_terminal else None
    for line in report_lines(report, width):
        text = Text(line)
        for words, style in _STYLES.items():
            text.highlight_regex(rf"(?:(?<=^)|(?<=  )|(?<=verdict: ))\(?{words}\)?(?=$|  )", style)
        console.print(text, soft_wrap=True)


def report_lines(report: Report, width: int | None = None) -> list[str]:
    """Returns the report as lines without trailing blanks; `width` wraps prose, None leaves it whole."""
    prose = [*cells.captions(report), f"Measured on {cells.conditions_line(report)}.", *report.notes]
    return [
        *table_lines(report),
        "",
        *finding_lines(report, width),
        *(part for line in prose for part in _wrap(line, width)),
        "",
        *_file_lines(report),
        f"verdict: {report.verdict.replace('_', ' ')}",
    ]


def table_lines(report: Report) -> list[str]:
    """Returns the table: a line a file, below it a line a runtime."""
    machine = report.conditions.machine
    columns = cells.columns(report)
    titles = ["runtime", *(column.title for column in columns)]
    heads = [titles, ["", *(column.unit for column in columns)]]
    body = [[cells.runtime(row, machine), *(column.cell(row) for column in columns)] for row in report.rows]
    widths = [max(len(line[place]) for line in [*heads, *body]) for place in range(len(titles))]
    rule = "-" * (len(_INDENT) + sum(widths) + 2 * (len(widths) - 1))
    lines = [*(_join(head, widths) for head in heads), rule]
    previous = ""
    for row, texts in zip(report.rows, body, strict=True):
        title = file_title(row)
        if title != previous:
            lines.append(title)
        previous = title
        lines.append(_join(texts, widths))
    return [*lines, rule]


def file_title(row: ReportRow) -> str:
    """Returns what names a file above its rows."""
    return f"{row.recipe}, {cells.size(row)} MB, {row.entry}"


def finding_lines(report: Report, width: int | None) -> list[str]:
    """Returns each finding that did not pass, with cause and fix, and a blank line after each."""
    lines: list[str] = []
    for row in report.rows:
        where = f"{row.recipe} on {cells.runtime(row, report.conditions.machine)}"
        for finding in row.findings:
            if finding.verdict != "pass":
                lines += [*_finding(finding, where, width), ""]
    return lines


def _finding(finding: Finding, where: str, width: int | None) -> list[str]:
    lines = _wrap(f"{finding.verdict.replace('_', ' ')}  {where}: {finding.gate}: {finding.message}", width)
    for label, text in (("cause", finding.cause), ("fix", finding.fix)):
        if text:
            lines += _wrap(f"{_INDENT}{label}: {text}", width)
    return lines


def _file_lines(report: Report) -> list[str]:
    if report.model_path is None:
        return []
    sha256 = f" (sha256 {report.model_sha256})" if report.model_sha256 else ""
    return [f"model: {report.model_path}{sha256}"]


def _join(texts: Sequence[str], widths: Sequence[int]) -> str:
    """Returns one line: the first and the last text to the left, numbers between them to the right."""
    last = len(texts) - 1
    placed = [
        text.ljust(width) if place in (0, last) else text.rjust(width)
        for place, (text, width) in enumerate(zip(texts, widths, strict=True))
    ]
    return (_INDENT + "  ".join(placed)).rstrip()


def _wrap(line: str, width: int | None) -> list[str]:
    if width is None or len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip())) + _INDENT
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
