"""The limits that gates hold a recipe to."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfedge.config import from_keys
from tfedge.tasks.shipping import Limits
from tfedge.validation.gates import MEGABYTE

# int8 weights are a quarter of float ones; scales, biases, tables and the graph itself are the rest: 0.30.
# The points are the project's promises: an app's users do not notice 0.3, and static int8 may cost 1.0.
# float32 computes what Keras computes, in another order: one near tie in a thousand words may fall the other way.
_INT8_SIZE_RATIO = 0.30
LIMITS = {
    "float32": Limits(0.1, None, None),
    "dynamic_wi8_afp32": Limits(0.3, _INT8_SIZE_RATIO, 2 * MEGABYTE),
    "static_wi8_ai8": Limits(1.0, _INT8_SIZE_RATIO, None),
    "static_wi8_ai8_fc": Limits(1.0, _INT8_SIZE_RATIO, None),
}
# A recipe that this version does not know is held to the strictest accuracy of a quantized one.
UNKNOWN_RECIPE = Limits(0.3, None, None)


def array_limits_of(recipe: str) -> Limits:
    """Returns the limits of `recipe` for a task of arrays that sets none.

    Such networks are small, so that the graph itself is much of a file: a quantized one is held to be no larger.
    """
    usual = limits_of(recipe)
    return dataclasses.replace(usual, max_bytes=None, max_size_ratio=1.0 if usual.max_size_ratio else None)


def limits_of(recipe: str, own: Any = None) -> Limits:
    """Returns the limits of `recipe`.

    Args:
        own: those that the task of a file has set, as its manifest records them; None for the usual ones.

    Raises:
        ConfigError: `own` holds no limits.
    """
    if own is not None:
        return from_keys(Limits, own, "limits")
    return LIMITS.get(recipe, UNKNOWN_RECIPE)
