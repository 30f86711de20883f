from __future__ import annotations

import math

import numpy as np
import pytest

from tfedge.validation.tensor_error import EIGHT_BITS_DB, ONE_BIT_DB, SOFTMAX_SEES, ErrorSums, Step, noise_share

RNG = np.random.default_rng(2)


def sums_of(expected, actual, step=None, is_softmax_input=False) -> ErrorSums:
    sums = ErrorSums(step, is_softmax_input)
    sums.add(np.asarray(expected, np.float32), np.asarray(actual, np.float32))
    return sums


@pytest.mark.parametrize(("bits", "decibels"), [(1, ONE_BIT_DB), (8, EIGHT_BITS_DB)])
def test_snr_when_a_full_scale_sine_is_rounded_is_that_of_its_bits(bits, decibels):
    sine = np.sin(np.linspace(0, 2 * np.pi, 100_001))
    step = Step(2 / 2**bits, 0, -(2**bits), 2**bits)
    # The formula takes the rounding error for uniform, which one bit of a sine is only roughly.
    assert sums_of(sine, step.rounded(sine)[0], step).snr_db == pytest.approx(decibels, abs=1.2 if bits == 1 else 0.1)


def test_sums_when_runs_are_added_pool_them():
    sums = ErrorSums(Step(0.5, 0, -128, 127), False)
    sums.add(np.ones((2, 2)), np.ones((2, 2)))
    sums.add(np.ones((2, 2)), np.zeros((2, 2)))
    assert sums.snr_db == pytest.approx(10 * math.log10(2))
    assert sums.steps == (pytest.approx(math.sqrt(0.5) / 0.5), 2.0)


def test_snr_when_equal_is_none_and_when_not_finite_is_minus_infinity():
    assert sums_of([1, 2], [1, 2]).snr_db is None
    broken = sums_of([1, 2], [1, np.nan])
    assert broken.snr_db == -math.inf and broken.steps is None


def test_snr_when_both_are_minus_infinity_counts_the_rest():
    assert sums_of([-np.inf, 2.0], [-np.inf, 1.0]).snr_db == pytest.approx(20 * math.log10(2))
    assert sums_of([-np.inf, 2.0], [-1e9, 2.0]).snr_db is None


def test_softmax_input_when_a_mask_hides_the_scores_is_wrong_and_else_right():
    scores = RNG.normal(scale=3, size=(4, 6))
    masked = np.concatenate([scores, np.full((4, 2), -1e9)], axis=1)
    coarse = Step(1e9 / 255, 127, -128, 127)
    assert sums_of(masked, coarse.rounded(masked)[0], coarse).snr_db > EIGHT_BITS_DB  # To the eye all is well.
    seen = sums_of(masked, coarse.rounded(masked)[0], coarse, is_softmax_input=True)
    assert seen.snr_db == pytest.approx(0, abs=0.1) and seen.rounding_db == pytest.approx(0, abs=0.1)
    assert sums_of(masked, np.where(masked < -1e8, -1e4, masked), is_softmax_input=True).snr_db is None


def test_softmax_input_when_all_shift_alike_is_exact():
    scores = RNG.integers(-5, 5, size=(3, 8)).astype(float)
    assert sums_of(scores, scores + 2, is_softmax_input=True).snr_db is None
    assert sums_of(scores, scores + 2).snr_db < 12


def test_softmax_input_when_scores_are_nearly_equal_small_errors_do_not_count():
    scores = RNG.normal(scale=0.01, size=(3, 8))
    noisy = scores + RNG.normal(scale=0.02, size=(3, 8))
    assert sums_of(scores, noisy).snr_db < 0
    assert sums_of(scores, noisy, is_softmax_input=True).snr_db > 30


def test_softmax_input_when_far_below_the_largest_is_not_seen():
    assert sums_of([[0, 1, -SOFTMAX_SEES]], [[0, 1, -99]], is_softmax_input=True).snr_db is None
    assert sums_of([[0, 1, 2 - SOFTMAX_SEES]], [[0, 1, -99]], is_softmax_input=True).snr_db < 0


def test_causes_when_values_are_outside_tell_clipping_from_rounding():
    step = Step(0.01, 0, -128, 127)
    values = np.array([0.5, -0.5, 3.0, 1.0])
    sums = sums_of(values, step.rounded(values)[0], step)
    assert sums.outside_share == 0.25
    assert noise_share(sums.clipping_db) > 100 * noise_share(sums.rounding_db)
    assert sums.ends == "-1.28 and 1.27"
