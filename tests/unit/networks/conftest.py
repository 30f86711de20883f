"""Sources for networks."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def sources():
    """int32 (16, 8): ids with a stop token at different places, then padding."""
    random = np.random.default_rng(5)
    ids = random.integers(3, 12, size=(16, 8)).astype(np.int32)
    for row, length in enumerate(random.integers(1, 8, size=16)):
        ids[row, length], ids[row, length + 1 :] = 2, 0
    return ids
