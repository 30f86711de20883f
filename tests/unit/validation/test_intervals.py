"""Intervals against closed forms, and the exact test against hand-sized sums."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.validation.intervals import bootstrap_mean, bootstrap_paired_difference, bootstrap_sums, mcnemar_exact


def test_bootstrap_mean_when_values_are_binary_agrees_with_the_binomial_interval() -> None:
    values = np.repeat([1.0, 0.0], [2500, 7500])
    half_width = 1.96 * math.sqrt(0.25 * 0.75 / 10_000)

    low, high = bootstrap_mean(values, seed=1)

    # Both ends are quantiles of 2,000 draws: their own noise is about 4 % of the half width; 15 % is four times that.
    assert low == pytest.approx(0.25 - half_width, abs=0.15 * half_width)
    assert high == pytest.approx(0.25 + half_width, abs=0.15 * half_width)


def test_bootstrap_mean_when_compared_with_resampled_indices_gives_the_same_ends() -> None:
    values = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], p=[0.03, 0.95, 0.02], size=2000)
    indices = np.random.default_rng(5).integers(0, values.size, size=(2000, values.size))
    slow = np.quantile(values[indices].mean(axis=1), [0.025, 0.975])

    low, high = bootstrap_mean(values, seed=4)

    tolerance = 0.15 * (slow[1] - slow[0]) / 2
    assert (low, high) == pytest.approx(tuple(slow), abs=tolerance)


def test_bootstrap_mean_when_seed_is_equal_repeats_to_the_digit() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 0.0]

    assert bootstrap_mean(values, seed=7) == bootstrap_mean(values, seed=7)
    assert bootstrap_mean(np.arange(500.0), seed=7) != bootstrap_mean(np.arange(500.0), seed=8)


def test_bootstrap_mean_when_12000_words_are_resampled_takes_well_under_a_second() -> None:
    values = np.random.default_rng(0).random(12_000) < 0.25
    start = time.monotonic()

    bootstrap_mean(values, seed=0, resamples=2000)

    assert time.monotonic() - start < 0.5


@pytest.mark.parametrize(
    ("values", "resamples", "confidence"), [([], 2000, 0.95), ([[1.0]], 2000, 0.95), ([1.0], 99, 0.95), ([1.0], 100, 1)]
)
def test_bootstrap_mean_when_asked_nonsense_refuses(values: list[float], resamples: int, confidence: float) -> None:
    with pytest.raises(ConfigError):
        bootstrap_mean(values, 0, resamples, confidence)


def test_bootstrap_paired_difference_when_five_words_agree_proves_nothing() -> None:
    low, high = bootstrap_paired_difference(0, 0, 5, seed=0)

    assert low < -0.2 and high > 0.2


def test_bootstrap_paired_difference_when_many_words_agree_is_about_the_rule_of_three() -> None:
    low, high = bootstrap_paired_difference(0, 0, 2000, seed=0)

    # Rule of three: 0 of 2,000 met means a rate of at most 3/2,000; the interval must neither vanish nor be far wider.
    assert 1 / 2000 <= high <= 3 / 2000
    assert -3 / 2000 <= low <= -1 / 2000


def test_bootstrap_paired_difference_when_one_side_errs_more_lies_above_zero() -> None:
    low, high = bootstrap_paired_difference(60, 20, 2000, seed=0)

    assert 0 < low < 40 / 2000 < high


@pytest.mark.parametrize(("target", "reference", "count"), [(3, 3, 5), (-1, 0, 5), (0, 0, 0)])
def test_bootstrap_paired_difference_when_counts_contradict_refuses(target: int, reference: int, count: int) -> None:
    with pytest.raises(ConfigError):
        bootstrap_paired_difference(target, reference, count, seed=0)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),  # Twice the middle and all below it is more than one: capped.
        (0, 5, 2 / 32),
        (1, 5, 2 * (1 + 6) / 64),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
        (0, 2000, 0.0),  # 2 ** -1999: no float holds it.
    ],
)
def test_mcnemar_exact_when_summed_by_hand_is_equal(first: int, second: int, expected: float) -> None:
    assert mcnemar_exact(first, second) == expected
    assert mcnemar_exact(second, first) == expected


def test_mcnemar_exact_when_counts_are_large_agrees_with_the_normal_limit() -> None:
    z = (6100 - 5900 - 1) / math.sqrt(12_000)

    assert mcnemar_exact(5900, 6100) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-2)


def test_mcnemar_exact_when_a_count_is_negative_refuses() -> None:
    with pytest.raises(ConfigError):
        mcnemar_exact(-1, 2)


def test_bootstrap_sums_when_the_statistic_is_a_mean_agrees_with_the_interval_of_the_mean() -> None:
    values = np.random.default_rng(2).normal(3.0, 1.0, 400)
    sums = np.stack([values, np.ones(400)], axis=1)
    low, high = bootstrap_sums(sums, lambda drawn: drawn[0] / drawn[1], seed=1)
    mean, half_width = values.mean(), 1.96 * values.std() / 20
    # As above: 15 % is four times the noise of a quantile of 2,000 draws.
    assert low == pytest.approx(mean - half_width, abs=0.15 * half_width)
    assert high == pytest.approx(mean + half_width, abs=0.15 * half_width)


@pytest.mark.parametrize("sums", [np.zeros((0, 2)), np.zeros(3)])
def test_bootstrap_sums_when_there_is_no_example_then_config_error(sums: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="needs summands"):
        bootstrap_sums(sums, lambda drawn: drawn[0], seed=1)
