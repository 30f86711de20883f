"""Scores of normal examples and of anomalies over one axis, with the threshold between them."""

from __future__ import annotations

import numpy as np

from tfedge.reports.html.content import Scores
from tfedge.reports.html.drawing import Axis, Floats, silhouette, svg
from tfedge.reports.html.markup import Markup, element, number

_BINS = 60
_HEIGHT = 44.0


def scores_section(scores: Scores) -> Markup:
    """Returns the section."""
    values, threshold = scores.values, scores.threshold
    axis = Axis(values if threshold is None else np.append(values, threshold), is_log=bool(values.min() > 0))
    rows: list[Markup] = []
    for label, name, style in ((0, "normal", "first"), (1, "anomaly", "second")):
        rows += _row(values[scores.labels == label], name, style, axis, threshold)
    ticks = [element("span", f"{value:g}", style=f"left:{number(100 * axis.place(value))}%") for value in axis.ticks()]
    scale = "The axis is logarithmic. " if axis.is_log else ""
    told = "The line is the threshold." if threshold is not None else "No threshold was chosen."
    return element(
        "section",
        element("h2", "Scores"),
        element("p", f"The {len(values):,} labelled examples that the file carries. {scale}{told}", class_="caption"),
        element("div", *rows, element("div"), element("div", *ticks, class_="axis mid"), element("div"), class_="lat"),
        id="scores",
    )


def _row(values: Floats, name: str, style: str, axis: Axis, threshold: float | None) -> list[Markup]:
    figures = f"{len(values):,} examples"
    if threshold is not None and len(values):
        above = int((values >= threshold).sum())
        figures = f"{above:,} of {len(values):,} above"
    label = f"scores of {name} examples: {figures}"
    drawn = svg(
        1000.0, _HEIGHT, silhouette(axis.counts(values, _BINS), 1000.0, _HEIGHT, style), label=label, stretched=True
    )
    cut = (
        []
        if threshold is None
        else [element("div", class_="mark", style=f"left:{number(100 * axis.place(threshold))}%")]
    )
    return [
        element("div", element("b", name), class_="name"),
        element("div", drawn, *cut, class_="mid"),
        element("div", figures, class_="num"),
    ]
