"""The head of a page: what the file is, whether it passed, and its figures at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from tfedge.modelfile.pack import Pack
from tfedge.reports import cells
from tfedge.reports.html.conditions import definitions
from tfedge.reports.html.markup import Markup, element, joined
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
    facts: list[tuple[str, str]] = [
        ("takes", "arrays" if is_tensor_task(pack.task) else "texts"),
        ("recipe", manifest.recipe),
        ("size", whole),
        ("sha256", element("code", pack.sha256)),
    ]
    places = joined((element("span", target, class_="once") for target in manifest.targets), ", ")
    return facts + ([("checked on", places)] if manifest.targets else [])


def _tiles(subject: Subject) -> list[Markup]:
    """Returns the figures of the file on the last runtime that it was measured on; none where it was not."""
    if subject.report is None or subject.pack is None:
        return []
    wanted = subject.pack.manifest.model_sha256
    rows = [row for row in subject.report.rows if row.model_sha256 == wanted and row.latency is not None]
    return _row_tiles(subject.report, rows[-1]) if rows else []


def _row_tiles(report: Report, row: ReportRow) -> list[Markup]:
    tiles = [_tile("size", size(row.size_bytes))]
    for column in cells.columns(report):
        content = column.cell(row).partition(" ")[0]  # Without the interval, which the table has.
        if content == cells.UNKNOWN or column.title == "verdict":
            continue
        unit = "%" if column.title.endswith(" %") else column.unit if column.unit in ("%", "ms", "MB") else ""
        tiles.append(_tile(column.title.removesuffix(" %").partition(",")[0], f"{content} {unit}".strip()))
    where = f"{row.recipe} on {cells.runtime(row, report.conditions.machine)}, as measured below"
    return [element("div", *tiles, class_="tiles"), element("p", where, class_="soft")]


def _tile(name: str, value: str) -> Markup:
    return element("div", element("b", value), element("span", name), class_="tile")
