"""The table: every recipe on every runtime, with quality, speed and memory; and what the gates say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.checks.verdict import Finding
from tfedge.reports import cells
from tfedge.reports.html.markup import Markup, element, joined, number
from tfedge.reports.schema import Report, ReportRow


def results_section(report: Report, model_sha256: str | None) -> Markup:
    """Returns the table of a report.

    Args:
        model_sha256: of the model that the page is about, without its pack; its rows are marked.
    """
    columns = cells.columns(report)
    heads = [element("th", "runtime")]
    heads += [element("th", column.title, element("br"), column.unit) for column in columns]
    longest = {column.title: _largest(report, column) for column in columns if column.unit in ("ms", "MB")}
    body, previous = [], ""
    for row in report.rows:
        title = f"{row.recipe} · {cells.size(row)} MB · {row.entry}"
        if title != previous:
            body.append(element("tr", element("td", title, colspan=len(heads)), class_="group"))
        previous = title
        texts = [_cell(row, column, longest.get(column.title)) for column in columns]
        mark = "this" if row.model_sha256 == model_sha256 else None
        body.append(element("tr", element("td", cells.runtime(row, report.conditions.machine)), *texts, class_=mark))
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *body))
    caption = " ".join(cells.captions(report))
    marked = " The shaded rows are this file." if any(row.model_sha256 == model_sha256 for row in report.rows) else ""
    return element(
        "section",
        element("h2", "Recipes and runtimes"),
        element("p", caption + marked, class_="caption"),
        element("div", table, class_="scroll"),
        *_notes(report.notes),
        id="results",
    )


def gates_section(found: Sequence[tuple[str, Finding]]) -> Markup:
    """Returns what did not pass in full, and below it what passed.

    Args:
        found: where (a recipe on a runtime), and what was found.
    """
    passed = [(where, finding) for where, finding in found if finding.verdict == "pass"]
    others = [(where, finding) for where, finding in found if finding.verdict != "pass"]
    summary = f"{len(passed)} passed" + (f", {len(others)} did not" if others else ", and none failed")
    parts = [element("h2", "What the gates say"), element("p", f"{summary}.", class_="caption")]
    parts += [element("ul", *(_finding(*each) for each in others))] if others else []
    if passed:
        items = element("ul", *(_finding(*each) for each in passed))
        parts.append(element("details", element("summary", "the gates that passed, with their figures"), items))
    return element("section", *parts, id="gates")


def findings_of(report: Report) -> list[tuple[str, Finding]]:
    """Returns every finding of a report with its place."""
    machine = report.conditions.machine
    return [
        (f"{row.recipe} on {cells.runtime(row, machine)}" + ("" if row.is_gated else " (shown for comparison)"), each)
        for row in report.rows
        for each in row.findings
    ]


def findings_of_gates(gates: Sequence[Mapping[str, Any]], recipe: str) -> list[tuple[str, Finding]]:
    """Returns the findings that a pack's manifest carries, with their places; ConfigError of what is no finding."""
    return [
        (
            f"{recipe} on {gate.get('target', 'an unknown runtime')}",
            Finding.from_json({key: value for key, value in gate.items() if key != "target"}),
        )
        for gate in gates
    ]


def _largest(report: Report, column: cells.Column) -> float:
    figures = (column.cell(row) for row in report.rows)
    # One that must not be relied on may be a hundred times the others.
    return max((_number(figure) or 0.0 for figure in figures if not figure.startswith("~")), default=0.0)


def _cell(row: ReportRow, column: cells.Column, longest: float | None) -> Markup:
    content = column.cell(row)
    if column.title == "verdict":
        return element("td", element("span", content, class_=row.verdict))
    value = _number(content)
    if not longest or value is None:
        return element("td", content)
    return element(
        "td", content, element("span", class_="bar", style=f"width:{number(min(100 * value / longest, 100.0))}%")
    )


def _number(content: str) -> float | None:
    try:
        return float(content.removeprefix("~"))
    except ValueError:
        return None


def _notes(notes: Sequence[str]) -> list[Markup]:
    if not notes:
        return []
    items = element("ul", *(element("li", note) for note in notes), class_="soft")
    return [element("details", element("summary", f"notes ({len(notes)})"), items)]


def _finding(where: str, finding: Finding) -> Markup:
    verdict = element("b", finding.verdict.replace("_", " "), class_=finding.verdict)
    more = [f" {label}: {said}." for label, said in (("Cause", finding.cause), ("Fix", finding.fix)) if said]
    return element("li", joined([verdict, f" · {where} · {finding.gate}: {finding.message}.", *more]))
