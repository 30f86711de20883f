"""The Pareto front as a picture: a panel a target, latency or size against accuracy."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tfedge.reports.cells import MEGABYTE
from tfedge.reports.check_table import target_words
from tfedge.reports.ladder_marks import Mark
from tfedge.reports.ladder_quality import LadderQuality, quality_of
from tfedge.reports.ladder_report import LadderReport
from tfedge.reports.rung import Rung

_COLOURS = {
    "ship": "tab:green",
    "alternative": "tab:blue",
    "dominated": "tab:gray",
    "forbidden": "tab:red",
    "not_measured": "tab:orange",
}
_PANEL_INCHES = (8.4, 3.6)
# Where the number of a dot stands, in points from it: the next place where another dot is too near.
_PLACES = ((0, 9), (0, -17), (13, 9), (-13, 9), (13, -17), (-13, -17))


def draw_front(report: LadderReport) -> bytes:
    """Returns a PNG.

    Each dot is a recipe: to the left faster, small dots small files; the axis of quality says which end is better,
    whiskers are its 95 % interval. Where a target could not be timed, size takes the place of latency. All rungs are
    listed beside it.
    """
    targets = report.targets
    figure = Figure(figsize=(_PANEL_INCHES[0], _PANEL_INCHES[1] * len(targets) + 0.4), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(len(targets), 1, squeeze=False).ravel()
    for panel, target in zip(panels, targets, strict=True):
        _draw_target(panel, report, report.rungs_of(target))
        panel.set_title(target_words(target))
    handles = [
        Line2D([], [], color=colour, marker="o", linestyle="", label=name.replace("_", " "))
        for name, colour in _COLOURS.items()
        if any(choice.decision == name for choice in report.choices)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    buffer = io.BytesIO()
    canvas.print_png(buffer, metadata={"Software": ""})
    return buffer.getvalue()


def _draw_target(panel: Any, report: LadderReport, rungs: Sequence[Rung]) -> None:
    is_timed, quality = any(rung.latency is not None for rung in rungs), quality_of(report.config.limits)
    places = {rung.recipe: _place(rung, quality, is_timed) for rung in rungs}
    drawn = [rung for rung in rungs if places[rung.recipe] is not None]
    largest = max((rung.size_bytes or 1 for rung in rungs), default=1)
    for rung in drawn:
        _draw_rung(panel, report, rung, places[rung.recipe], largest)
    panel.axhline(quality.limit, color="tab:red", linewidth=0.8, linestyle=":")
    panel.annotate(
        f"limit {quality.limit:.4g}" if report.config.limits.quality else f"limit {quality.limit:.2f}",
        (0, quality.limit),
        (3, 2),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        fontsize=7,
        color="tab:red",
    )
    panel.set(
        xscale="log",
        xlabel=f"latency of one {quality.run}, ms" if is_timed else "size, MB (not timed)",
        ylabel=quality.axis,
    )
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.margins(x=0.1, y=0.15)
    panel.grid(alpha=0.3, which="major")
    _number(panel, rungs, places)
    _list(panel, report, rungs, [rung.recipe for rung in drawn])


def _place(rung: Rung, quality: LadderQuality, is_timed: bool) -> tuple[float, float] | None:
    """Returns where a rung is drawn: ms or MB, and on the axis of quality; None where it is not."""
    mark = _mark(rung, quality)
    if mark is None or rung.size_bytes is None or (is_timed and rung.latency is None):
        return None
    return rung.latency.typical_ms if rung.latency is not None else rung.size_bytes / MEGABYTE, mark.value


def _mark(rung: Rung, quality: LadderQuality) -> Mark | None:
    return None if rung.judged_accuracy is None else quality.mark(rung.judged_accuracy)


def _draw_rung(
    panel: Any, report: LadderReport, rung: Rung, place: tuple[float, float] | None, largest_bytes: int
) -> None:
    mark = _mark(rung, quality_of(report.config.limits))
    if place is None or mark is None:
        return
    ends = (mark.value if end is None else end for end in (mark.low, mark.high))
    below, above = (max(0.0, gap) for gap in (mark.value - next(ends), next(ends) - mark.value))
    colour = _COLOURS[report.choice(rung).decision]
    panel.errorbar(*place, [[below], [above]], color=colour, alpha=0.35, capsize=2)
    panel.scatter(
        *([value] for value in place), s=25 + 200 * (rung.size_bytes or 0) / largest_bytes, color=colour, alpha=0.75
    )


def _number(panel: Any, rungs: Sequence[Rung], places: dict[str, tuple[float, float] | None]) -> None:
    """Writes the number of each rung beside its dot; of dots that lie together, each at another side."""
    heights = [place[1] for place in places.values() if place is not None]
    near = 0.08 * (max(heights, default=0) - min(heights, default=0)) + 0.05
    before: list[tuple[float, float]] = []
    for count, rung in enumerate(rungs, 1):
        place = places[rung.recipe]
        if place is None:
            continue
        crowd = sum(abs(math.log(place[0] / x)) < 0.15 and abs(place[1] - y) < near for x, y in before)
        panel.annotate(
            str(count),
            place,
            _PLACES[crowd % len(_PLACES)],
            textcoords="offset points",
            ha="center",
            fontsize=8,
            fontweight="bold",
        )
        before.append(place)


def _list(panel: Any, report: LadderReport, rungs: Sequence[Rung], drawn: Sequence[str]) -> None:
    """Writes what each number is, beside the panel."""
    for count, rung in enumerate(rungs, 1):
        choice = report.choice(rung)
        size = "" if rung.size_bytes is None else f", {rung.size_bytes / MEGABYTE:.2f} MB"
        gate = f": {choice.reason.partition(':')[0]}" if choice.decision == "forbidden" else ""
        absent = "" if rung.recipe in drawn else " (not drawn)"
        panel.text(
            1.02,
            1 - (count - 0.5) / max(8, len(rungs)),
            f"{count}  {rung.recipe}{size}\n    {choice.decision.replace('_', ' ')}{gate}{absent}",
            transform=panel.transAxes,
            va="center",
            fontsize=7,
            color=_COLOURS[choice.decision],
        )
