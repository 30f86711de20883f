from __future__ import annotations

import numpy as np
import pytest

from tfedge.reports.html.drawing import Axis, silhouette


@pytest.mark.parametrize(
    ("values", "is_log", "ticks"),
    [
        ([0.4, 7.0], True, [0.5, 1, 2, 5]),
        ([3.0, 4.0], True, []),
        ([0.001, 900.0], True, [0.001, 0.01, 0.1, 1, 10, 100]),
        ([-1.0, 1.0], False, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_ticks_are_round_numbers_within(values, is_log, ticks):
    axis = Axis(np.array(values), is_log)
    assert axis.ticks() == pytest.approx(ticks)
    assert all(0 <= axis.place(tick) <= 1 for tick in axis.ticks())


@pytest.mark.parametrize("is_log", [True, False])
def test_axis_when_all_values_are_one_then_it_lies_within(is_log):
    axis = Axis(np.array([2.0, 2.0]), is_log)
    assert 0 < axis.place(2.0) < 1
    assert axis.counts(np.array([2.0, 2.0]), 5).sum() == 2


def test_counts_when_logarithmic_then_equal_ratios_take_equal_room():
    axis = Axis(np.array([1.0, 100.0]))
    assert axis.place(10.0) == pytest.approx(0.5)
    assert axis.counts(np.array([1.0, 10.0, 100.0]), 3).tolist() == [1, 1, 1]


def test_silhouette_then_the_fullest_bin_reaches_the_upper_edge():
    assert 'd="M0 8V4H10V0H20V8H30V8Z"' in silhouette(np.array([1, 2, 0]), 30.0, 8.0, "first")
