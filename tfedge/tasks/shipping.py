"""What a task of arrays ships, and what its files may cost: the key `shipping` of its config file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from tfedge.config import from_keys
from tfedge.errors import ConfigError, one_of

INPUT_DTYPES = ("float32", "uint8")


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a recipe may cost.

    Attributes:
        max_points_lost: below the float Keras model in the task's metric: points of accuracy, of ROC-AUC, or of word
            error rate above it.
        max_size_ratio: of the float32 file's size; None for no such limit.
        max_bytes: of the model part; None for no such limit.
        min_speedup: runtime -> the least speed over float32 there, in one interleaved run; on one that is not named
            speed is told and not judged.
    """

    max_points_lost: float
    max_size_ratio: float | None = None
    max_bytes: int | None = None
    min_speedup: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.min_speedup, Mapping):
            raise ConfigError(f"`min_speedup` of `limits` must be an object by runtime; got {self.min_speedup!r:.80}")
        values = {"max_points_lost": self.max_points_lost} | {
            f"min_speedup of {k}": v for k, v in self.min_speedup.items()
        }
        optional = {"max_size_ratio": self.max_size_ratio, "max_bytes": self.max_bytes}
        for key, value in (values | {key: value for key, value in optional.items() if value is not None}).items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if not is_number or value < 0:
                raise ConfigError(f"`{key}` of `limits` must be a number of 0 or more; got {value!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the limits as JSON values; `from_keys(Limits, ...)` of them is equal to these."""
        return {**dataclasses.asdict(self), "min_speedup": dict(self.min_speedup)}


@dataclasses.dataclass(frozen=True)
class ShippingConfig:
    """What ships.

    Attributes:
        recipe: of NAME.tflite, chosen on dev examples.
        limits: by recipe; one that is not named has the usual ones of its recipe.
        input_dtype: what a file with everything in int8 takes: "uint8" takes raw bytes where the network scales them
            itself by 1/255.
    """

    recipe: str = "dynamic_wi8_afp32"
    limits: Mapping[str, Limits] = dataclasses.field(default_factory=dict)
    input_dtype: str = "float32"

    def __post_init__(self) -> None:
        if not isinstance(self.recipe, str) or not self.recipe:
            raise ConfigError(f"`recipe` of `shipping` must be the name of a recipe; got {self.recipe!r}")
        if self.input_dtype not in INPUT_DTYPES:
            raise one_of("`input_dtype` of `shipping`", self.input_dtype, INPUT_DTYPES)

    @classmethod
    def from_json(cls, value: Any) -> ShippingConfig:
        """Reads the settings; ConfigError on an unknown key or an illegal value."""
        config = from_keys(cls, value, "shipping")
        if not isinstance(config.limits, dict):
            raise ConfigError(f"`limits` of `shipping` must be an object by recipe; got {config.limits!r:.80}")
        limits = {name: from_keys(Limits, each, f"limits of {name}") for name, each in config.limits.items()}
        return dataclasses.replace(config, limits=limits)
