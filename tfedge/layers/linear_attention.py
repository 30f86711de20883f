"""Linear attention: a feature map in place of the softmax, so that keys and values are summed up once."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfedge.layers.attention_layer import AttentionLayer

# Keeps a row finite whose keys are all hidden; the smallest sum of features that counts is far above it.
EPSILON = 1e-6


@keras.saving.register_keras_serializable(package="tfedge")
class LinearAttention(AttentionLayer):
    """`phi(Q) (phi(K)ᵀ V) / (phi(Q) sum_j phi(k_j))` with phi(x) = elu(x) + 1, which is above 0.

    The product in brackets is head_dim by head_dim whatever the length is: work is linear in the positions, memory
    beyond queries, keys and values does not grow. A hidden key's features are 0 in both sums. Weights of single keys
    never exist, so there are no scores to return; a causal form would keep a sum for every position, and is not here.

    Arguments, call arguments and what is returned: `tfedge.layers.attention_layer.AttentionLayer`.

    Example:
        >>> layer = LinearAttention(num_heads=4, head_dim=8)
        >>> x = keras.random.normal((2, 50, 32))
        >>> layer(x, *layer.project(x), attention_bias=0.0).shape
        TensorShape([2, 50, 32])

    References:
        - Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention, equations 5 and 7,
          https://arxiv.org/abs/2006.16236
    """

    has_cache = False
    has_scores = False
    has_query_bias = False

    @property
    def query_factor(self) -> float:
        return 1.0

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        query_features, key_features = features(rows), visible(features(keys), attention_bias)
        summary = ops.matmul(ops.swapaxes(key_features, 2, 3), values)  # (B, K, D, D)
        total = ops.sum(key_features, axis=2, keepdims=True)  # (B, K, 1, D)
        normaliser = ops.matmul(query_features, ops.swapaxes(total, 2, 3))  # (B, K, T * G, 1)
        # Division by twice the root: tflite-runtime 2.14 has no DIV of int8, and an RSQRT.
        root = ops.rsqrt(normaliser + EPSILON)
        return ops.matmul(query_features, summary) * root * root, None


def features(x: Any) -> Any:
    """Returns elu(x) + 1: x + 1 above 0, exp(x) below."""
    return ops.elu(x) + 1.0


def visible(x: Any, attention_bias: Any) -> Any:
    """Returns `x`, (B, K, S, D), with zeros for hidden positions.

    Args:
        attention_bias: float (B or 1, 1, 1, S): 0, or -1 and less for what is hidden; or the number 0.
    """
    if not hasattr(attention_bias, "shape"):
        return x
    return x * ops.relu(ops.reshape(attention_bias, (-1, 1, x.shape[2], 1)) + 1.0)
