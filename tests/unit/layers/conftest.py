"""Seeded numbers for layers."""

from __future__ import annotations

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(1)


@pytest.fixture
def floats():
    """Returns a function: shape -> float32 array of normal numbers, the same in every run."""
    random = np.random.default_rng(2)
    return lambda *shape: random.normal(size=shape).astype(np.float32)
