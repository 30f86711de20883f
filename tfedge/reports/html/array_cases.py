"""Inputs of numbers: the picture or the signal, what was answered, and where the model looked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.reports.html.classes import name_width
from tfedge.reports.html.content import ArrayCase
from tfedge.reports.html.drawing import polyline, rectangle, svg
from tfedge.reports.html.markup import Markup, element, joined, number
from tfedge.reports.html.picture import data_address, png, shades
from tfedge.validation.real_values import Reals

_WIDTH, _HEIGHT, _STRIP = 600.0, 120.0, 16.0
_GLOW = 0.85  # At most, so that the picture is still seen through it.
_SCALED = (
    "A bar a channel, to one scale: how far it is from its mean in training, in standard deviations; the second colour "
    "is below it."
)
_LINES = 6  # Colours of lines there are; a seventh channel takes the first again.


def cards(cases: Sequence[ArrayCase], channels: Sequence[str]) -> Markup:
    """Returns inputs beside each other, as many as the width holds.

    Args:
        channels: names of a signal's channels; empty of an image.
    """
    is_row = all(len(case.values) == 1 for case in cases)
    drawn = _rows(cases, channels) if is_row else [_image(each) if _is_image(each) else _signal(each) for each in cases]
    made = [
        element("div", element("h3", _title(case)), picture, *_answers(case), class_="card")
        for case, picture in zip(cases, drawn, strict=True)
    ]
    told = element("p", _SCALED, class_="caption") if is_row else _legend(channels)
    return joined([told, element("div", *made, class_="grid")])


def _is_image(case: ArrayCase) -> bool:
    return case.values.ndim == 3


def _rows(cases: Sequence[ArrayCase], channels: Sequence[str]) -> list[Markup]:
    """Returns windows of a single row: a bar a channel, to one scale, so that a large one is seen to be large."""
    largest = max(float(np.abs(case.values).max()) for case in cases) or 1.0
    drawn = []
    for case in cases:
        values = case.values.reshape(-1).tolist()
        names = channels if len(channels) == len(values) else [f"{place + 1}" for place in range(len(values))]
        bars = []
        for name, value in zip(names, values, strict=True):
            line = element(
                "i", style=f"width:{number(100 * abs(value) / largest)}%", class_="low" if value < 0 else None
            )
            bars += [element("span", name), element("span", line, class_="track"), element("span", f"{value:+.3g}")]
        drawn.append(element("div", *bars, class_="bars answers", style=name_width(names)))
    return drawn


def _title(case: ArrayCase) -> Markup:
    name = element("span", f" · {case.name}", class_="soft")
    return joined([case.truth, name])


def _answers(case: ArrayCase) -> list[Markup]:
    rows = []
    for name, value in case.answers:
        if name == "score":
            return [element("p", f"score {value:.4g}", class_="soft")]
        style = "pass" if name == case.truth else "fail" if (name, value) == case.answers[0] else None
        line = element("i", style=f"width:{number(100 * min(max(value, 0.0), 1.0))}%")
        rows += [element("span", name, class_=style), element("span", line, class_="track")]
        rows.append(element("span", f"{100 * value:.1f} %"))
    return [element("div", *rows, class_="bars answers", style=name_width([name for name, _ in case.answers]))]


def _image(case: ArrayCase) -> Markup:
    height, width, channels = case.values.shape
    shown = case.values if channels in (1, 3, 4) else case.values[..., :1]
    address = data_address(png(shades(shown)))
    label = f"{case.truth}, {width} x {height}"
    plain = element("div", element("img", src=address, alt=label), class_="picture")
    if case.weights is None or case.weights.ndim != 2:
        return element("div", plain, class_="pair")
    glowing = element("div", element("img", src=address, alt=""), _glow(case.weights, label), class_="picture dim")
    return element("div", plain, glowing, class_="pair")


def _glow(weights: Reals, label: str) -> Markup:
    """Returns a glow over a picture, the stronger the larger the weight; the largest weight glows fully."""
    rows, columns = weights.shape
    largest = float(weights.max()) or 1.0
    cells = []
    for (row, column), weight in np.ndenumerate(np.maximum(weights, 0.0)):
        title = f"{100 * weight:.1f} % of the attention"
        opacity = _GLOW * float(weight) / largest
        cells.append(rectangle(float(column), float(row), 1.0, 1.0, "glow", title, fill_opacity=opacity))
    return svg(float(columns), float(rows), *cells, label=f"where it looked: {label}", stretched=True)


def _signal(case: ArrayCase) -> Markup:
    """Returns a signal's channels as lines over time, and below them a strip of the attention."""
    lines = svg(_WIDTH, _HEIGHT, *_lines(case.values), label=f"{case.truth}: {len(case.values)} rows", stretched=True)
    parts = [lines]
    if case.weights is not None and case.weights.ndim == 1:
        parts.append(_strip(case.weights, f"where it looked: {case.name}"))
    return element("div", *parts, class_="signal")


def _lines(values: npt.NDArray[Any]) -> list[Markup]:
    low, high = float(values.min()), float(values.max())
    spread = high - low or 1.0
    places = np.linspace(0.0, _WIDTH, len(values)) if len(values) > 1 else np.zeros(1)
    drawn = []
    for channel in range(values.shape[1]):
        heights = (_HEIGHT - 4) * (1 - (values[:, channel].astype(np.float64) - low) / spread) + 2
        points = [(float(x), float(y)) for x, y in zip(places, heights, strict=True)]
        drawn.append(polyline(points, f"line{channel % _LINES}"))
    return drawn


def _strip(weights: Reals, label: str) -> Markup:
    step, largest = _WIDTH / len(weights), float(weights.max()) or 1.0
    cells = [
        rectangle(
            step * place,
            0.0,
            step,
            _STRIP,
            "heat",
            f"{100 * weight:.1f} % of the attention",
            fill_opacity=weight / largest,
        )
        for place, weight in enumerate(np.maximum(weights, 0.0).tolist())
    ]
    return svg(_WIDTH, _STRIP, rectangle(0.0, 0.0, _WIDTH, _STRIP, "cell"), *cells, label=label, stretched=True)


def _legend(channels: Sequence[str]) -> Markup:
    if not channels:
        return joined([])
    keys = [
        element("span", element("span", class_=f"key line{place % _LINES}"), name)
        for place, name in enumerate(channels)
    ]
    return element("div", *keys, class_="legend")
