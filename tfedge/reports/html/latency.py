"""How the times spread: every raw sample of every file on every runtime, over one axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfedge.reports import cells
from tfedge.reports.html.drawing import Axis, Floats, silhouette, svg
from tfedge.reports.html.markup import Markup, element, number
from tfedge.reports.schema import Report, ReportRow

_BINS = 120
_HEIGHT = 44.0
_SHOWN_PERCENT = 99.5


def latency_section(report: Report) -> Markup | None:
    """Returns the section; None where nothing was timed."""
    timed = [(row, *named) for row in report.rows for named in _samples(row)]
    if not timed:
        return None
    # A handful that waited for the processor would press all others into a corner.
    axis = Axis(np.array([np.percentile(samples, share) for _, _, samples in timed for share in (0, _SHOWN_PERCENT)]))
    beyond = sum(int((samples > axis.high).sum()) for _, _, samples in timed)
    runtimes = sorted({row.target for row in report.rows})
    rows = []
    for row, signature, samples in timed:
        style = "first" if runtimes.index(row.target) % 2 == 0 else "second"
        rows += _row(row, signature, samples, axis, style, report.conditions.machine)
    return element(
        "section",
        element("h2", "How long it takes"),
        element("p", _caption(report, beyond), class_="caption"),
        element("div", *rows, element("div"), _ticks(axis), element("div"), class_="lat"),
        id="latency",
    )


def _samples(row: ReportRow) -> Iterator[tuple[str, Floats]]:
    """Yields signature and milliseconds: of files of several signatures one by one, of others with no name."""
    latency = row.latency
    if latency is None:
        return
    samples = np.asarray(latency.samples_ms, np.float64)
    names = list(dict.fromkeys(latency.calls))
    if len(names) < 2:
        yield "", samples
        return
    calls, table = np.array(latency.calls), samples.reshape(-1, latency.num_sources)
    for name in names:
        yield name, table[:, calls == name].ravel()


def _row(row: ReportRow, signature: str, samples: Floats, axis: Axis, style: str, machine: str) -> list[Markup]:
    runtime = cells.runtime(row, machine)
    p50, p90 = (float(np.percentile(samples, percent)) for percent in (50, 90))
    unsure = "" if row.latency is None or row.latency.is_valid else "~"
    figures = f"p50 {unsure}{cells.milliseconds(p50)} ms", f"p90 {unsure}{cells.milliseconds(p90)} ms"
    label = f"{len(samples):,} times of {row.recipe} on {runtime}: {figures[0]}, {figures[1]}"
    drawn = svg(
        1000.0, _HEIGHT, silhouette(axis.counts(samples, _BINS), 1000.0, _HEIGHT, style), label=label, stretched=True
    )
    marks = [
        element("div", class_=f"mark {name}", style=f"left:{number(100 * axis.place(value))}%")
        for name, value in (("p50", p50), ("p90", p90))
    ]
    name = element(
        "div", element("b", row.recipe), element("br"), runtime, f" · {signature}" if signature else "", class_="name"
    )
    return [
        name,
        element("div", drawn, *marks, class_="mid"),
        element(
            "div", element("b", figures[0]), element("br"), element("span", figures[1], class_="soft"), class_="num"
        ),
    ]


def _ticks(axis: Axis) -> Markup:
    marks = [
        element("span", f"{value:g} ms", style=f"left:{number(100 * axis.place(value))}%") for value in axis.ticks()
    ]
    return element("div", *marks, class_="axis mid")


def _caption(report: Report, beyond: int) -> str:
    timed = [row.latency for row in report.rows if row.latency is not None]
    threads = " or ".join(map(str, sorted({latency.num_threads for latency in timed})))
    said = [
        f"Every sample of {cells.what_is_timed(timed[0])}, batch 1, {threads} "
        f"{'thread' if threads == '1' else 'threads'}, on {timed[0].cpu}.",
        "The axis is logarithmic; the line is the median, the dashed one the 90th percentile.",
    ]
    said += [] if timed[0].calls else ["Texts of several lengths were timed, so that one file has several hills."]
    count = sum(latency.num_runs for latency in timed)
    said += [f"{beyond:,} of {count:,} samples are slower than the axis is long."] if beyond else []
    return " ".join(said)
