"""Additive attention: a query and a key are compared by a small network, not by a product."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfedge.layers.attention_layer import AttentionLayer

# A constant that softmax does not see, added to every score: tflite-runtime 2.14 on ARM dies of SIGSEGV on an int8
# FULLY_CONNECTED of per-channel weights without a bias, and a converter drops a bias of zeros.
_SCORE_SHIFT = 1 / 64


@keras.saving.register_keras_serializable(package="tfedge")
class AdditiveAttention(AttentionLayer):
    """`softmax(vᵀ tanh(W q + U k) + bias) V` with a vector v a head; W q and U k are the projected queries and keys.

    Every pair of positions has a vector of its own: T * S * H * D numbers are added and go through tanh. LiteRT keeps
    one such tensor at a time: at a width of 64 it takes 16.8 MB in float32 at length 256 and 1.15 GB at 2,048 (peak of
    the process, measured), a quarter of that in int8, where dot products of 4 heads hold scores alone, a sixteenth. It
    suits sources of tens of positions.

    All heads' scores are one product with a matrix of the heads' vectors on its diagonal: with 4 heads three of four
    factors are zeros, and LiteRT is still 7 times as fast in int8 as with a product a head, which has one column.

    Arguments, call arguments and what is returned: `tfedge.layers.attention_layer.AttentionLayer`.

    References:
        - Neural Machine Translation by Jointly Learning to Align and Translate, A.1.2,
          https://arxiv.org/abs/1409.0473
    """

    @property
    def query_factor(self) -> float:
        return 1.0

    def add_mixing_weights(self, hidden_dim: int) -> None:
        self.score_vectors = self.add_weight(name="score_vectors", shape=(self.num_heads, self.head_dim))

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        width, target, source = self.num_heads * self.head_dim, rows.shape[2] // self.group_size, keys.shape[2]
        queries = ops.reshape(self._join_heads(rows, target), (-1, target, 1, width))
        keys = ops.reshape(self._keys_of_heads(keys), (-1, 1, source, width))
        pairs = ops.reshape(ops.tanh(queries + keys), (-1, width))  # (B * T * S, H * D)
        scores = ops.matmul(pairs, self._diagonal()) + _SCORE_SHIFT * ops.ones((self.num_heads,), pairs.dtype)
        scores = ops.reshape(scores, (-1, target, source, self.num_key_value_heads, self.group_size))
        scores = ops.transpose(scores, (0, 3, 1, 4, 2))  # (B, K, T, G, S)
        scores = ops.reshape(scores, (-1, self.num_key_value_heads, target * self.group_size, source))
        weights = self.softmax(scores + attention_bias)
        return ops.matmul(weights, values), weights

    def _keys_of_heads(self, keys: Any) -> Any:
        """Returns (B, S, H * D): each key head's features once for every query head of its group."""
        length = keys.shape[2]
        keys = ops.reshape(ops.transpose(keys, (0, 2, 1, 3)), (-1, length, self.num_key_value_heads, 1, self.head_dim))
        keys = ops.repeat(keys, self.group_size, axis=3) if self.group_size > 1 else keys
        return ops.reshape(keys, (-1, length, self.num_heads * self.head_dim))

    def _diagonal(self) -> Any:
        """Returns (H * D, H): column h holds the vector of head h in its own rows, and zeros."""
        places = ops.expand_dims(ops.eye(self.num_heads, dtype=self.score_vectors.dtype), 1)  # (H, 1, H)
        vectors = ops.expand_dims(self.score_vectors, 2)  # (H, D, 1)
        matrix = ops.reshape(vectors * places, (self.num_heads * self.head_dim, self.num_heads))
        return ops.cast(matrix, self.compute_dtype)
