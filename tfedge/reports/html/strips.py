"""Histograms below each other over one axis: each with its name before it, its figures behind it, and marks in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tfedge.reports.html.drawing import Axis, Floats, silhouette, svg
from tfedge.reports.html.markup import Markup, element, number

_BINS = 100
_WIDTH, _HEIGHT = 1000.0, 44.0


@dataclasses.dataclass(frozen=True, eq=False)
class Strip:
    """One histogram.

    Attributes:
        name: lines before it, the first in bold.
        figures: lines behind it, the first in bold.
        samples: float64 (N,).
        style: CSS class of its shape.
        marks: value and CSS class of each line across it.
    """

    name: Sequence[str]
    figures: Sequence[str]
    samples: Floats
    style: str
    marks: Sequence[tuple[float, str]] = ()


def strips(drawn: Sequence[Strip], axis: Axis, unit: str = "") -> Markup:
    """Returns the strips over an axis; `unit` stands behind its numbers."""
    ticks = [
        element("span", f"{value:g}{unit}", style=f"left:{number(100 * axis.place(value))}%") for value in axis.ticks()
    ]
    below = element("div", element("div", *ticks, class_="axis mid"), class_="strip")
    return element("div", *(_strip(each, axis) for each in drawn), below, class_="strips")


def _strip(strip: Strip, axis: Axis) -> Markup:
    label = f"{len(strip.samples):,} samples: {', '.join((*strip.name, *strip.figures))}"
    shape = silhouette(axis.counts(strip.samples, _BINS), _WIDTH, _HEIGHT, strip.style)
    marks = [
        element("div", class_=f"mark {style}", style=f"left:{number(100 * axis.place(value))}%")
        for value, style in strip.marks
    ]
    return element(
        "div",
        element("div", *_lines(strip.name), class_="name"),
        element("div", svg(_WIDTH, _HEIGHT, shape, label=label, stretched=True), *marks, class_="mid"),
        element("div", *_lines(strip.figures), class_="num"),
        class_="strip",
    )


def _lines(texts: Sequence[str]) -> list[Markup]:
    first, *others = texts
    return [element("b", first), *(part for other in others for part in (element("br"), element("span", other)))]
