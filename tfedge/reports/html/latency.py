"""How the times spread: every raw sample of every file on every runtime, over one axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfedge.reports import cells
from tfedge.reports.html.drawing import Axis, Floats
from tfedge.reports.html.markup import Markup, element
from tfedge.reports.html.strips import Strip, strips
from tfedge.reports.schema import Report, ReportRow

_STYLES = ("first", "second")
_SHOWN_PERCENT = 99


def latency_section(report: Report) -> Markup | None:
    """Returns the section; None where nothing was timed."""
    timed = [(row, *named) for row in report.rows for named in _samples(row)]
    if not timed:
        return None
    # A handful that waited for the processor would press all others into a corner.
    axis = Axis(np.array([np.percentile(samples, share) for _, _, samples in timed for share in (0, _SHOWN_PERCENT)]))
    beyond = sum(int((samples > axis.high).sum()) for _, _, samples in timed)
    runtimes = sorted({row.target for row in report.rows})
    styles = {target: style for target, style in zip(runtimes, _STYLES * len(runtimes), strict=False)}
    drawn = [_strip(*each, axis, styles[each[0].target], report.conditions.machine) for each in timed]
    return element(
        "section",
        element("h2", "How long it takes"),
        element("p", _caption(report, beyond), class_="caption"),
        strips(drawn, axis, " ms"),
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


def _strip(row: ReportRow, signature: str, samples: Floats, axis: Axis, style: str, machine: str) -> Strip:
    percentiles = [(percent, float(np.percentile(samples, percent))) for percent in (50, 90)]
    unsure = "" if row.latency is None or row.latency.is_valid else "~"
    return Strip(
        name=(row.recipe, cells.runtime(row, machine) + (f" · {signature}" if signature else "")),
        figures=[f"p{percent} {unsure}{cells.milliseconds(value)} ms" for percent, value in percentiles],
        samples=samples,
        style=style,
        # One that lies beyond the axis is told beside it.
        marks=[(value, f"p{percent}") for percent, value in percentiles if value <= axis.high],
    )


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
