"""Masks as pure functions: which positions may be attended to, and what is added to the others' scores.

Letters: B batch, T target positions, S source positions.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

# Added to a score to forbid a position. exp(-30) is 1e-13: nothing in float32. It is finite and small because
# an int8 tensor spreads 256 steps over its whole range: -1e9 would leave one step for every real score.
MASK_VALUE = -30.0


def padding_mask(ids: Any, pad_id: int = 0) -> Any:
    """Returns bool (B, S): true where `ids`, int32 (B, S), is a token and not padding."""
    return ops.not_equal(ids, pad_id)


def padding_bias(ids: Any, pad_id: int = 0, mask_value: float = MASK_VALUE) -> Any:
    """Returns float32 (B, 1, 1, S) to add to attention scores: 0 for tokens, `mask_value` for padding."""
    # expand_dims and not indexing with None: the latter becomes a Flex op in a .tflite.
    padded = ops.cast(ops.equal(ids, pad_id), keras.config.floatx())
    return ops.expand_dims(ops.expand_dims(padded, 1), 1) * mask_value


def causal_bias(length: int, mask_value: float = MASK_VALUE) -> Any:
    """Returns float32 (1, 1, T, T) to add to attention scores: position i may attend to positions 0..i."""
    rows, columns = ops.expand_dims(ops.arange(length), 1), ops.expand_dims(ops.arange(length), 0)
    future = ops.cast(ops.greater(columns, rows), keras.config.floatx())
    return ops.reshape(future, (1, 1, length, length)) * mask_value


def cache_bias(cache_length: int, cache_update_index: Any, mask_value: float = MASK_VALUE) -> Any:
    """Returns float32 (1, 1, 1, T): row `cache_update_index`, int32 (1,), of `causal_bias(cache_length)`."""
    future = ops.cast(ops.greater(ops.arange(cache_length, dtype="int32"), cache_update_index), keras.config.floatx())
    return ops.reshape(future, (1, 1, 1, cache_length)) * mask_value
