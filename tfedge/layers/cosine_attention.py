"""Cosine attention: only the angle between query and key counts, times a factor that each head learns."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from tfedge.errors import ConfigError
from tfedge.layers.attention_layer import AttentionLayer

# As the authors' code begins: https://github.com/microsoft/Swin-Transformer, swin_transformer_v2.py.
_FIRST_FACTOR = 10.0
# Of tf.math.l2_normalize: with a sum of squares below it, a vector counts as zero. The converter knows this form.
_EPSILON = 1e-12


@keras.saving.register_keras_serializable(package="tfedge")
class CosineAttention(AttentionLayer):
    """`softmax(c cos(q, k) + bias) V` with a learned factor `c = min(exp(s), max_factor)` a head: 1 / temperature.

    Scores cannot leave ± `max_factor`, whatever the weights are, which is what int8 needs: it has 256 steps for the
    whole range, and normalised queries and keys have a range that no calibration can miss. What int8 does lose is the
    direction of a query or key much shorter than the others: after rounding it points elsewhere.

    Arguments beyond those, call arguments and what is returned: `tfedge.layers.attention_layer.AttentionLayer`.

    Args:
        max_factor: float. The largest factor, 1 or more. Defaults to 100, the source's temperature of 0.01 at least.

    Raises:
        ConfigError: a `max_factor` below 1.

    References:
        - Swin Transformer V2, section 3.2 (scaled cosine attention; bound and first value of the authors' code),
          https://arxiv.org/abs/2111.09883
    """

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        num_key_value_heads: int | None = None,
        max_factor: float = 100.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_heads, head_dim, num_key_value_heads, **kwargs)
        is_number = isinstance(max_factor, (int, float)) and not isinstance(max_factor, bool)
        if not is_number or not math.isfinite(max_factor) or max_factor < 1:
            raise ConfigError(f"`max_factor` of cosine attention must be a number of 1 or more; got {max_factor!r}")
        self.max_factor = max_factor

    @property
    def query_factor(self) -> float:
        return 1.0

    def add_mixing_weights(self, hidden_dim: int) -> None:
        first = keras.initializers.Constant(math.log(min(_FIRST_FACTOR, self.max_factor)))
        self.log_factors = self.add_weight(name="log_factors", shape=(self.num_heads,), initializer=first)

    def factors(self) -> Any:
        """Returns what cosines are multiplied by, (H,)."""
        return ops.exp(ops.minimum(self.log_factors, math.log(self.max_factor)))

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        factors = ops.reshape(self.factors(), (1, self.num_key_value_heads, self.group_size, 1))
        if self.group_size > 1:  # Row t * G + g is of query head g of its group.
            factors = ops.tile(factors, (1, 1, rows.shape[2] // self.group_size, 1))
        # Queries are multiplied and not scores: fewer numbers, and in int8 9 steps of error in place of 20 (measured).
        rows = _normalised(rows) * ops.cast(factors, rows.dtype)  # (B, K, T * G, D)
        scores = ops.matmul(rows, ops.swapaxes(_normalised(keys), 2, 3)) + attention_bias  # (B, K, T * G, S)
        weights = self.softmax(scores)
        return ops.matmul(weights, values), weights

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "max_factor": self.max_factor}


def _normalised(x: Any) -> Any:
    """Returns `x` of length 1 along its last axis: one L2_NORMALIZATION in a converted file."""
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=-1, keepdims=True), _EPSILON))
