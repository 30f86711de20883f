from __future__ import annotations

import numpy as np

from tfedge.conversion.gptq_scales import best_limits


def squared_error(weights, limits, num_bits=4):
    steps = 2 ** (num_bits - 1) - 1
    scale = limits / steps
    return np.sum((np.clip(np.round(weights / scale), -steps, steps) * scale - weights) ** 2, axis=1)


def test_best_limits_then_never_worse_than_the_largest_and_better_where_one_stands_out():
    weights = np.random.default_rng(1).normal(size=(64, 160)).astype(np.float32)
    largest = np.abs(weights).max(axis=1, keepdims=True)
    limits = best_limits(weights, 4)
    assert limits.shape == (64, 1)
    assert np.all(limits <= largest)
    ours, theirs = squared_error(weights, limits), squared_error(weights, largest)
    assert np.all(ours <= theirs)
    assert ours.mean() < 0.9 * theirs.mean()


def test_best_limits_when_the_row_is_on_the_grid_already_then_the_largest():
    weights = 0.5 * np.arange(-7, 8, dtype=np.float32)[None]
    np.testing.assert_allclose(best_limits(weights, 4), [[3.5]])


def test_best_limits_when_a_row_is_zero_then_finite():
    assert np.all(np.isfinite(best_limits(np.zeros((2, 8), np.float32), 4)))
