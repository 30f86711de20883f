from __future__ import annotations

import math

import numpy as np
import pytest

from tests import models
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.signatures import TensorSpec
from tfedge.validation import tolerance
from tfedge.validation.tolerance import Difference, Tolerance, difference, measured_tolerance, rounding_tolerance

FLOAT, IDS = TensorSpec("y", (1, 4), "float32"), TensorSpec("ids", (1, 4), "int32")
INT8, INT16 = TensorSpec("y", (1, 4), "int8", (0.1,), (0,)), TensorSpec("y", (1, 4), "int16", (0.1,), (0,))
FLOAT_GRAPH, INT8_GRAPH = read_graph(models.dense()), read_graph(models.dense("int8_dynamic"))


def floats(*values):
    return [np.array([values], np.float32)]


def test_difference_when_equal_is_nothing():
    assert difference(floats(1, 2, 3, 4), floats(1, 2, 3, 4), FLOAT) == Difference(0.0, 0.0, pytest.approx(1.0))


def test_difference_when_off_is_measured_against_the_size_of_the_answer():
    found = difference(floats(3, 4.5, 0, 0), floats(3, 4, 0, 0), FLOAT)
    assert found.relative == pytest.approx(0.1)


def test_difference_when_most_is_alike_in_all_cases_counts_what_is_not():
    # Everything but 1 of 100 is there whatever the input; the target gives that alone.
    usual = floats(100, 0, 0, 0)
    whole = difference(floats(100, 0, 0, 0), floats(100, 1, 0, 0), FLOAT)
    signal = difference(floats(100, 0, 0, 0), floats(100, 1, 0, 0), FLOAT, usual)
    assert whole.relative == pytest.approx(0.01, rel=0.01)
    assert signal.relative == pytest.approx(0.1, rel=0.01)  # A tenth of the whole is the least that is compared with.


def test_difference_when_the_answer_is_next_to_nothing_is_held_to_the_usual_size():
    assert difference(floats(0.01, 0, 0, 0), floats(0, 0, 0, 0), FLOAT, None, typical=1.0).relative == pytest.approx(
        0.1
    )


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_difference_when_a_number_is_lost_is_as_large_as_the_answer(broken):
    assert difference(floats(broken, 4, 0, 0), floats(3, 4, 0, 0), FLOAT).relative >= 0.8


def test_difference_when_numbers_are_huge_stays_a_number():
    spec = TensorSpec("y", (1, 4), "float64")
    for got, want in ((1e308, -1e308), (np.inf, np.inf), (0.0, np.nan), (1.0, 0.0)):
        found = difference([np.full((1, 4), got)], [np.full((1, 4), want)], spec)
        assert math.isfinite(found.relative) and math.isfinite(found.cosine)


def test_difference_when_quantized_counts_steps_and_only_what_is_beyond_the_usual_ones():
    near = difference([np.array([[6, 0, 0, 0]], np.int8)], [np.array([[1, 0, 0, 0]], np.int8)], INT8)
    far = difference([np.array([[96, 0, 0, 0]], np.int8)], [np.array([[0, 100, 0, 0]], np.int8)], INT8)
    assert (near.steps, near.relative) == (pytest.approx(5), 0.0)
    assert far.steps == pytest.approx(100) and far.relative > 1


def test_difference_when_int16_counts_parts_of_its_range_as_int8_has_them():
    found = difference([np.array([[257 * 3, 0, 0, 0]], np.int16)], [np.array([[0, 0, 0, 0]], np.int16)], INT16)
    assert found.steps == pytest.approx(3)


def test_difference_when_ids_is_the_share_that_differs_padding_left_out():
    one, other = np.array([[3, 4, 2, 0]], np.int32), np.array([[3, 5, 2, 0]], np.int32)
    assert difference([one], [other], IDS).relative == pytest.approx(1 / 3)
    assert difference([one * 0], [other * 0], IDS).relative == 0


@pytest.mark.parametrize(
    ("spec", "graph", "measured", "relative", "steps"),
    [
        (FLOAT, FLOAT_GRAPH, Difference(1e-7), tolerance.FLOAT_FLOOR, math.inf),
        (FLOAT, INT8_GRAPH, Difference(1e-7), tolerance.QUANTIZED_FLOOR, math.inf),
        (FLOAT, INT8_GRAPH, Difference(0.1), 0.3, math.inf),
        (FLOAT, INT8_GRAPH, Difference(0.4), tolerance.CAP, math.inf),
        (INT8, INT8_GRAPH, Difference(0.0, 0.0), tolerance.CAP, 6),
        (INT8, INT8_GRAPH, Difference(0.0, 4.0), tolerance.CAP, 12),
        (INT8, INT8_GRAPH, Difference(0.0, 40.0), tolerance.CAP, 32),
        (IDS, INT8_GRAPH, Difference(0.0), tolerance.IDS_FLOOR, math.inf),
        (IDS, INT8_GRAPH, Difference(0.1), 0.3, math.inf),
    ],
)
def test_measured_tolerance_when_two_are_apart_is_three_times_that_between_floor_and_cap(
    spec, graph, measured, relative, steps
):
    found = measured_tolerance(spec, measured, graph)
    assert (found.relative, found.steps) == (pytest.approx(relative), steps)


def test_tolerance_when_right_ones_are_far_apart_is_not_known():
    assert Tolerance("float", 0.5, measured=Difference(0.2)).is_known
    assert not Tolerance("float", 0.5, measured=Difference(0.3)).is_known


def test_rounding_tolerance_when_more_is_quantized_is_wider_and_a_float_file_has_next_to_none():
    one = rounding_tolerance(FLOAT, INT8_GRAPH).relative
    int4 = rounding_tolerance(FLOAT, read_graph(models.dense("int4_dynamic"))).relative
    assert rounding_tolerance(FLOAT, FLOAT_GRAPH).relative == tolerance.FLOAT_FLOOR
    assert one == tolerance.QUANTIZED_FLOOR and int4 == tolerance.CAP
    assert rounding_tolerance(FLOAT, read_graph(models.dense("int8_static"))).relative == tolerance.CAP
    assert rounding_tolerance(INT8, INT8_GRAPH).steps == tolerance.STEPS_CAP
