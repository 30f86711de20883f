"""What drawings share: the SVG around them, axes of numbers, histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfedge.reports.html.markup import Markup, element, number

Floats = npt.NDArray[np.float64]


def svg(width: float, height: float, *children: str, label: str, stretched: bool = False) -> Markup:
    """Returns a drawing.

    Args:
        width, height: of its coordinates; unless it is stretched, its size in CSS pixels too.
        label: what it shows, for those who cannot see it.
        stretched: whether it takes the width of what it stands in. Its shapes are then stretched, so it holds no text.
    """
    size = {"preserveAspectRatio": "none"} if stretched else {"width": number(width), "height": number(height)}
    box = f"0 0 {number(width)} {number(height)}"
    return element("svg", *children, viewBox=box, role="img", aria_label=label, **size)


def rectangle(
    left: float, top: float, width: float, height: float, style: str, title: str = "", **more: float
) -> Markup:
    """Returns a rectangle of CSS class `style`; a pointer that rests on it shows `title`."""
    inside = (element("title", title),) if title else ()
    return element("rect", *inside, x=left, y=top, width=width, height=height, class_=style, **more)


def words(left: float, top: float, content: str, style: str = "", **more: str) -> Markup:
    """Returns text whose base line begins at a point."""
    return element("text", content, x=left, y=top, class_=style or None, **more)


def polyline(points: Sequence[tuple[float, float]], style: str) -> Markup:
    """Returns a line through points."""
    return element("polyline", points=" ".join(f"{number(x)},{number(y)}" for x, y in points), class_=style)


class Axis:
    """An axis over numbers, with room beside the outermost.

    Attributes:
        low, high: its ends.
        is_log: whether it is logarithmic, over numbers above 0.
    """

    def __init__(self, values: Floats, is_log: bool = True) -> None:
        self.is_log = is_log
        low, high = float(values.min()), float(values.max())
        margin = 0.0 if is_log else 0.04 * ((high - low) or 1.0)
        self.low, self.high = (low / 1.07, high * 1.07) if is_log else (low - margin, high + margin)

    def place(self, value: float) -> float:
        """Returns where a number lies, 0 to 1."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Returns the round numbers within: of a logarithmic axis 1, 2, 5, 10, …, of a wide one powers of ten alone."""
        if not self.is_log:
            rough = (self.high - self.low) / 5
            power = 10.0 ** math.floor(math.log10(rough))
            step = power * next(each for each in (1, 2, 5, 10) if power * each >= rough)
            return [place * step for place in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)))
        steps = (1, 2, 5) if len(powers) <= 2 else (1,)
        every = [step * 10.0**power for power in powers for step in steps]
        return [value for value in every if self.low <= value <= self.high]

    def counts(self, values: Floats, bins: int) -> npt.NDArray[np.int64]:
        """Returns how many values fall into each of `bins` equal parts of the axis."""
        places = [self.place(float(value)) for value in values]
        return np.histogram(places, bins=bins, range=(0.0, 1.0))[0].astype(np.int64)


def silhouette(counts: npt.NDArray[np.int64], width: float, height: float, style: str) -> Markup:
    """Returns a histogram as one shape that stands on the lower edge; the fullest bin reaches the upper one."""
    step, top = width / len(counts), max(int(counts.max()), 1)
    points = ["0", number(height)]
    path = f"M{points[0]} {points[1]}"
    for place, count in enumerate(counts):
        level = height * (1 - int(count) / top)
        path += f"V{number(level)}H{number(step * (place + 1))}"
    return element("path", d=f"{path}V{number(height)}Z", class_=style)
