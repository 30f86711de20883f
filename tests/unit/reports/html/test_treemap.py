from __future__ import annotations

import itertools

import pytest

from tfedge.reports.html.treemap import Box, squarify

PAGE = Box(0.0, 0.0, 100.0, 100.0)


def overlap(one: Box, other: Box) -> float:
    wide = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    high = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return max(wide, 0.0) * max(high, 0.0)


@pytest.mark.parametrize("sizes", [[1], [6, 6, 4, 3, 2, 2, 1], [1000, 1], [5] * 30, [900, *[1] * 40]])
def test_squarify_then_areas_are_the_sizes_and_no_two_boxes_overlap(sizes):
    boxes = squarify(sizes, PAGE)
    areas = [box.width * box.height for box in boxes]
    assert areas == pytest.approx([1e4 * size / sum(sizes) for size in sizes])
    # 1e-6 of a page of 10,000: what is left of adding up edges.
    assert all(overlap(*pair) < 1e-6 for pair in itertools.combinations(boxes, 2))
    assert all(min(box.left, box.top) >= 0 and box.left + box.width <= 100.001 for box in boxes)


def test_squarify_when_sizes_are_those_of_the_paper_then_its_boxes():
    boxes = squarify([6, 6, 4, 3, 2, 2, 1], Box(0.0, 0.0, 6.0, 4.0))
    assert [(box.width, box.height) for box in boxes[:4]] == [
        (3.0, 2.0),
        (3.0, 2.0),
        pytest.approx((12 / 7, 7 / 3)),
        pytest.approx((9 / 7, 7 / 3)),
    ]


def test_squarify_when_there_is_nothing_then_nothing():
    assert squarify([], PAGE) == []
