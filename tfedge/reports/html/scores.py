"""Scores of normal examples and of anomalies over one axis, with the threshold between them."""

from __future__ import annotations

import numpy as np

from tfedge.reports.html.content import Scores
from tfedge.reports.html.drawing import Axis, Floats
from tfedge.reports.html.markup import Markup, element
from tfedge.reports.html.strips import Strip, strips


def scores_section(scores: Scores) -> Markup:
    """Returns the section."""
    values, threshold = scores.values, scores.threshold
    axis = Axis(values if threshold is None else np.append(values, threshold), is_log=bool(values.min() > 0))
    drawn = [
        _strip(values[scores.labels == label], name, style, threshold)
        for label, name, style in ((0, "normal", "first"), (1, "anomaly", "second"))
    ]
    scale = "The axis is logarithmic. " if axis.is_log else ""
    told = "The line is the threshold." if threshold is not None else "No threshold was chosen."
    return element(
        "section",
        element("h2", "Scores"),
        element("p", f"The {len(values):,} labelled examples that the file carries. {scale}{told}", class_="caption"),
        strips(drawn, axis),
        id="scores",
    )


def _strip(values: Floats, name: str, style: str, threshold: float | None) -> Strip:
    if threshold is None:
        return Strip((name,), (f"{len(values):,} examples",), values, style)
    above = int((values >= threshold).sum())
    return Strip((name,), (f"{above:,} of {len(values):,}", "called anomalies"), values, style, [(threshold, "p50")])
