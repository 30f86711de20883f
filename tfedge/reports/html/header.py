"""The head of a page: what the file is, whether it passed, and its figures at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from tfedge.modelfile.pack import Pack
from tfedge.reports import cells
from tfedge.reports.html.conditions import definitions
from tfedge.reports.html.markup import Markup, element
from tfedge.reports.html.subject import Subject
from tfedge.reports.html.weights import size
from tfedge.reports.schema import Report, ReportRow
from tfedge.tasks.tensor_task import is_tensor_task


def header(subject: Subject, sections: Sequence[tuple[str, str]]) -> Markup:
    """Returns the head of a page.

    Args:
        sections: id and title of each, for the table of contents.
    """
    verdict = element("span", subject.verdict.replace("_", " "), class_=f"pill {subject.verdict}")
    links = (element("a", title, href=f"#{identity}") for identity, title in sections)
    inside = [
        element("div", element("h1", subject.task), verdict, class_="top"),
        definitions(_facts(subject)),
        *_tiles(subject),
        element("nav", *links),
    ]
    return element("header", element("div", *inside))


def _facts(subject: Subject) -> list[tuple[str, str]]:
    facts = [("file", subject.name)]
    if subject.pack is not None:
        facts += _pack_facts(subject.pack)
    elif subject.report is not None and subject.report.model_path is not None:
        facts += [("model", subject.report.model_path), ("sha256", subject.report.model_sha256 or "not recorded")]
    return facts


def _pack_facts(pack: Pack) -> list[tuple[str, str]]:
    manifest = pack.manifest
    whole = f"{size(len(pack.file))}, of which the model is {size(pack.model_size)}"
    facts = [
        ("takes", "arrays" if is_tensor_task(pack.task) else "texts"),
        ("recipe", manifest.recipe),
        ("size", whole),
        ("sha256", pack.sha256),
    ]
    return facts + ([("checked on", ", ".join(manifest.targets))] if manifest.targets else [])


def _tiles(subject: Subject) -> list[Markup]:
    """Returns the figures of the file on each runtime that it was measured on beside the report's machine."""
    if subject.report is None:
        return []
    report = subject.report
    wanted = subject.pack.manifest.model_sha256 if subject.pack else None
    rows = [row for row in report.rows if row.model_sha256 == wanted and row.latency is not None]
    return [_row_tiles(report, rows[-1])] if rows else []


def _row_tiles(report: Report, row: ReportRow) -> Markup:
    where = cells.runtime(row, report.conditions.machine)
    figures = [("size", cells.size(row), "MB")]
    for column in cells.columns(report):
        content = column.cell(row)
        if content != cells.UNKNOWN and column.title != "verdict":
            figures.append(
                (column.title, content.partition(" ")[0], "" if "%" in column.unit or not column.unit else column.unit)
            )
    tiles = [
        element("div", element("b", f"{value} {unit}".strip()), element("span", name), class_="tile")
        for name, value, unit in figures
    ]
    return element("div", *tiles, class_="tiles", title=f"{row.recipe} on {where}")
