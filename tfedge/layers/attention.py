"""Dot-product attention: scaled, which is the default everywhere, and plain."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfedge.layers.attention_layer import AttentionLayer


@keras.saving.register_keras_serializable(package="tfedge")
class CachedMultiHeadAttention(AttentionLayer):
    """Scaled dot-product attention whose keys and values the caller can keep.

    `softmax(Q Kᵀ / sqrt(head_dim) + bias) V` in `num_heads` heads. `num_key_value_heads` groups of query
    heads share one key and one value head (grouped-query attention; one head is multi-query attention). All
    query heads of a group become rows of one matrix product against the group's small key matrix, which is what
    makes few key/value heads fast when decoding one position at a time.

    Arguments, call arguments and what is returned: `tfedge.layers.attention_layer.AttentionLayer`.

    Example:
        >>> layer = CachedMultiHeadAttention(num_heads=4, head_dim=8, num_key_value_heads=1)
        >>> x = keras.random.normal((2, 5, 32))
        >>> layer(x, *layer.project(x), attention_bias=0.0).shape
        TensorShape([2, 5, 32])

    References:
        - Attention Is All You Need, https://arxiv.org/abs/1706.03762
        - Fast Transformer Decoding (multi-query), https://arxiv.org/abs/1911.02150
        - GQA, https://arxiv.org/abs/2305.13245
    """

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        scores = ops.matmul(rows, ops.swapaxes(keys, 2, 3)) + attention_bias  # (B, K, T * G, S)
        weights = self.softmax(scores)
        return ops.matmul(weights, values), weights


@keras.saving.register_keras_serializable(package="tfedge")
class DotProductAttention(CachedMultiHeadAttention):
    """Dot-product attention without a scale: `softmax(Q Kᵀ + bias) V`, heads and cache as the scaled one's.

    Its scores grow with `sqrt(head_dim)`, so that a large `head_dim` trains worse; the scale costs nothing in a
    converted file, where it is part of a matrix. It is here for models trained elsewhere without one.

    References:
        - Effective Approaches to Attention-based Neural Machine Translation (score `dot`),
          https://arxiv.org/abs/1508.04025
    """

    @property
    def query_factor(self) -> float:
        return 1.0
