"""The Pareto front as a picture: a panel a target, latency or size against accuracy."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tfedge.reports.cells import MEGABYTE
from tfedge.reports.check_table import target_words
from tfedge.reports.ladder_report import LadderReport
from tfedge.reports.rung import Rung

_COLOURS = {
    "ship": "tab:green",
    "alternative": "tab:blue",
    "dominated": "tab:gray",
    "forbidden": "tab:red",
    "not_measured": "tab:orange",
}
_PANEL_INCHES = (6.4, 4.6)
_COLUMNS = 2


def draw_front(report: LadderReport) -> bytes:
    """Returns a PNG.

    Each dot is a recipe: to the left faster, below more accurate, small dots small files; whiskers are the paired 95 %
    interval. Where a target could not be timed, size takes the place of latency. Rungs that did not run are listed.
    """
    targets = report.targets
    columns = min(_COLUMNS, len(targets))
    rows = -(-len(targets) // columns)
    figure = Figure(figsize=(_PANEL_INCHES[0] * columns, _PANEL_INCHES[1] * rows + 0.4), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels[len(targets) :]:
        panel.set_axis_off()
    for panel, target in zip(panels, targets, strict=False):
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
    is_timed = any(rung.latency is not None for rung in rungs)
    drawn = [rung for rung in rungs if rung.accuracy is not None and (rung.latency is not None or not is_timed)]
    for rung in drawn:
        _draw_rung(panel, report, rung, is_timed)
    limit = report.config.limits.max_points_lost
    panel.axhline(limit, color="tab:red", linewidth=0.8, linestyle=":")
    panel.annotate(
        f"limit {limit:.2f}",
        (1, limit),
        (-2, 2),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        fontsize=7,
        color="tab:red",
    )
    panel.set(
        xscale="log",
        xlabel="latency of one decode, ms (log)" if is_timed else "size, MB (log; not timed)",
        ylabel="points of WER lost against Keras, dev words",
    )
    panel.margins(x=0.22, y=0.12)
    panel.grid(alpha=0.3, which="both")
    absent = [f"{rung.recipe}: {_gate(report, rung)}" for rung in rungs if rung not in drawn]
    if absent:
        panel.text(0.02, 0.98, "\n".join(absent), transform=panel.transAxes, va="top", fontsize=7, color="tab:red")


def _draw_rung(panel: Any, report: LadderReport, rung: Rung, is_timed: bool) -> None:
    accuracy, size = rung.accuracy, (rung.size_bytes or 0) / MEGABYTE
    if accuracy is None or accuracy.wer_minus_reference_points is None:
        return
    lost = accuracy.wer_minus_reference_points
    low, high = accuracy.wer_minus_reference_low or lost, accuracy.wer_minus_reference_high or lost
    x = rung.latency.typical_ms if is_timed and rung.latency is not None else size
    colour = _COLOURS[report.choice(rung).decision]
    panel.errorbar(x, lost, [[max(0.0, lost - low)], [max(0.0, high - lost)]], color=colour, alpha=0.35, capsize=2)
    largest = max(each.size_bytes or 1 for each in report.rungs) / MEGABYTE
    panel.scatter([x], [lost], s=30 + 270 * size / largest, color=colour, alpha=0.8, zorder=3)
    panel.annotate(
        f"{rung.recipe}, {size:.2f} MB", (x, lost), (0, 9), textcoords="offset points", ha="center", fontsize=7
    )


def _gate(report: LadderReport, rung: Rung) -> str:
    return report.choice(rung).reason.partition(":")[0]
