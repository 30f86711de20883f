from __future__ import annotations

import numpy as np
import pytest

from tfedge.validation.case_trace import Numbers
from tfedge.validation.stage_tolerance import Usual, gap_between, step_of, tolerance_of

RANDOM = np.random.default_rng(7)


def dequantized(step, count=200, cut=256):
    stored = RANDOM.integers(-cut // 2, cut // 2, count)
    return Numbers(((stored + 17).astype(np.float32) * np.float32(step)).reshape(1, -1))


@pytest.mark.parametrize("step", [0.0389571, 1e-4, 3.0])
@pytest.mark.parametrize("cut", [16, 256])
def test_step_of_when_a_file_turns_int8_into_float_at_its_end_then_read_off_the_numbers(step, cut):
    assert step_of([dequantized(step, cut=cut) for _ in range(4)]) == pytest.approx(step, rel=1e-4)


@pytest.mark.parametrize(
    "array",
    [
        RANDOM.normal(size=(1, 200)).astype(np.float32),  # A float network.
        np.array([[0.0, -30.0]], np.float32),  # A mask: two numbers lie on every lattice.
        np.arange(300, dtype=np.float32)[None],  # More levels than 8 bits have.
        np.zeros((1, 0), np.float32),
        np.full((1, 3), np.nan, np.float32),
        np.array([[1, 2, 3]], np.int32),
    ],
)
def test_step_of_when_the_numbers_have_none_then_none(array):
    assert step_of([Numbers(array)]) is None


def test_step_of_when_the_tensor_is_quantized_then_its_scale_and_of_int16_a_255th_of_the_range():
    assert step_of([Numbers(np.zeros((1, 2), np.int8), 0.25)]) == 0.25
    assert step_of([Numbers(np.zeros((1, 2), np.int16), 0.5)]) == pytest.approx(0.5 * 65535 / 255)


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("float32", 1e-3),
        ("float16_weights", 1e-3),
        ("weight_only_wi8_afp32", 1e-3),
        ("dynamic_wi8_afp32", 0.05),
        ("dynamic_wi4_afp32", 0.05),
        ("static_wi8_ai8_fc", 0.2),
        ("static_wi8_ai8", 0.4),
        ("mixed_encoder8_decoder4", 0.4),
    ],
)
def test_tolerance_of_recipe(recipe, expected):
    assert tolerance_of(recipe).relative == expected


def gap(expected, actual, **changes):
    usual = Usual.of([Numbers(np.array([expected], np.float32))], [])
    held = {"step": None, "usual": usual.mean, "typical": usual.typical}
    sides = [Numbers(np.array([values], np.float32)) for values in (expected, actual)]
    return gap_between(*sides, **{**held, **changes})


def test_gap_between_then_size_largest_difference_and_its_place():
    found = gap([3.0, 4.0, 0.0], [3.0, 4.0, 0.5], step=0.25)
    assert (found.relative, found.steps, found.index, found.actual) == (0.1, 2.0, 2, 0.5)
    assert found.is_within(tolerance_of("static_wi8_ai8"))
    assert not found.is_within(tolerance_of("dynamic_wi8_afp32"))


def test_gap_between_when_one_number_alone_is_far_off_then_steps_tell_where_the_size_does_not():
    values = list(RANDOM.normal(size=400))
    found = gap(values, [values[0] + 5.0, *values[1:]], step=0.1)
    assert found.relative < 0.4 and not found.is_within(tolerance_of("static_wi8_ai8"))
    near = gap(values, [values[0] + 1.0, *values[1:]], step=0.1)
    assert near.is_within(tolerance_of("static_wi8_ai8"))


def test_gap_between_when_a_side_has_nan_then_beyond_every_tolerance():
    assert not gap([1.0, 2.0], [1.0, float("nan")]).is_within(tolerance_of("static_wi8_ai8"))


def test_usual_when_cases_are_few_then_no_average():
    cases = [Numbers(np.full((1, 2), value, np.float32)) for value in (1, 2, 3, 6)]
    assert Usual.of(cases, []).mean.tolist() == [[3.0, 3.0]]
    assert Usual.of(cases[:3], []).mean is None
