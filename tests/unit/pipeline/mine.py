"""A user's module: a metric, one that fails, and nothing else."""

from __future__ import annotations

import numpy as np

CALLS: list[object] = []


def rmse(expected, actual):
    """Root mean square error of one output."""
    CALLS.append(expected)
    return float(np.sqrt(np.mean((expected - actual) ** 2)))


def broken(expected, actual):
    """Always fails."""
    raise ValueError("my own mistake")


NOT_A_FUNCTION = 3
