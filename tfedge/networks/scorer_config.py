"""Sizes of the anomaly scorer, as a task's config file holds them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from tfedge.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class ScorerConfig:
    """Sizes of `AnomalyScorer`, which says what each is."""

    hidden_dim: int = 32
    value_dim: int = 64
    num_blocks: int = 2
    num_heads: int = 4
    head_dim: int = 8
    intermediate_dim: int = 64
    kernel_size: int = 5
    max_deviation: float = 20.0
    min_scale: float = 0.3

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int if field.type == "int" else int | float):
                raise ConfigError(f"`{field.name}` must be of type {field.type}; got {value!r}")
            if not math.isfinite(value) or value <= 0:
                raise ConfigError(f"`{field.name}` must be above 0; got {value!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the sizes as JSON values, which are the arguments of the network."""
        return dataclasses.asdict(self)
