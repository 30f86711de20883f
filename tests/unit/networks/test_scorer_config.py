from __future__ import annotations

import pytest

from tfedge.errors import ConfigError
from tfedge.networks.scorer_config import ScorerConfig


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden_dim", 0), ("num_blocks", 1.5), ("num_heads", True), ("min_scale", 0), ("max_deviation", float("nan"))],
)
def test_sizes_when_illegal_then_named(key, value):
    with pytest.raises(ConfigError, match=key):
        ScorerConfig(**{key: value})


def test_sizes_when_whole_numbers_for_real_ones_then_taken():
    assert ScorerConfig(min_scale=1, max_deviation=10).to_json()["max_deviation"] == 10
