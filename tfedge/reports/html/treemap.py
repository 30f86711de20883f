"""A treemap: boxes whose areas are sizes, as square as can be.

Source: Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Box:
    """A rectangle, in percent of what it is drawn in."""

    left: float
    top: float
    width: float
    height: float


def squarify(sizes: Sequence[float], outer: Box) -> list[Box]:
    """Returns a box for each size, in their order, that together fill `outer`.

    Args:
        sizes: above 0, the largest first: it is with these that boxes become square.
    """
    scale = outer.width * outer.height / sum(sizes) if sizes else 0.0
    areas = [size * scale for size in sizes]
    boxes: list[Box] = []
    rest = outer
    start = 0
    while start < len(areas):
        side = min(rest.width, rest.height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        placed, rest = _row(areas[start:end], rest)
        boxes += placed
        start = end
    return boxes


def _worst(areas: Sequence[float], side: float) -> float:
    """Returns the largest ratio of sides among boxes in one row along `side`; 1 is a square."""
    depth = sum(areas) / side
    return max(max(depth * depth / area, area / (depth * depth)) for area in areas)


def _row(areas: Sequence[float], rest: Box) -> tuple[list[Box], Box]:
    """Returns the boxes of one row along the shorter side, and what is left."""
    boxes, total = [], sum(areas)
    if rest.width >= rest.height:
        depth, at = total / rest.height, rest.top
        for area in areas:
            boxes.append(Box(rest.left, at, depth, area / depth))
            at += area / depth
        return boxes, Box(rest.left + depth, rest.top, max(rest.width - depth, 0.0), rest.height)
    depth, at = total / rest.width, rest.left
    for area in areas:
        boxes.append(Box(at, rest.top, area / depth, depth))
        at += area / depth
    return boxes, Box(rest.left, rest.top + depth, rest.width, max(rest.height - depth, 0.0))
