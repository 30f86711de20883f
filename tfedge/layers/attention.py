"""Multi-head attention with grouped key/value heads and an explicit cache."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tfedge")
class CachedMultiHeadAttention(keras.layers.Layer):
    """Scaled dot-product attention whose keys and values the caller can keep.

    `softmax(Q Kᵀ / sqrt(head_dim) + bias) V` in `num_heads` heads. `num_key_value_heads` groups of query
    heads share one key and one value head (grouped-query attention; one head is multi-query attention). All
    query heads of a group become rows of one matrix product against the group's small key matrix, which is what
    makes few key/value heads fast when decoding one position at a time.

    Letters: B batch, T query positions, S key positions, K key/value heads, G query heads a group, D head_dim.

    Args:
        num_heads: int. Query heads; a multiple of `num_key_value_heads`.
        head_dim: int. Features of one head.
        num_key_value_heads: int. Key and value heads. Defaults to `num_heads`.

    Call arguments:
        query: float (B, T, hidden_dim).
        keys, values: float (B, K, S, D), as `project` returns them, or a cache of them.
        attention_bias: float (B or 1, 1, T or 1, S), added to the scores; see `tfedge.layers.masks`.

    Returns:
        float (B, T, hidden_dim).

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

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        num_key_value_heads: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_key_value_heads is None:
            num_key_value_heads = num_heads
        if num_key_value_heads < 1 or num_heads % num_key_value_heads:
            raise ValueError(
                f"`num_heads` must be a multiple of `num_key_value_heads`; got {num_heads} and {num_key_value_heads}"
            )
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.num_key_value_heads = num_key_value_heads

    def build(self, query_shape: Any, *_: Any) -> None:
        hidden_dim = query_shape[-1]
        width = self.num_key_value_heads * self.head_dim
        self.query_dense = self._dense(self.num_heads * self.head_dim, "query_dense", hidden_dim)
        self.key_dense = self._dense(width, "key_dense", hidden_dim)
        self.value_dense = self._dense(width, "value_dense", hidden_dim)
        self.output_dense = self._dense(hidden_dim, "output_dense", self.num_heads * self.head_dim)
        self.softmax = keras.layers.Softmax(dtype=self.dtype_policy, name="softmax")
        self.built = True

    def _dense(self, units: int, name: str, input_dim: int) -> keras.layers.Dense:
        layer = keras.layers.Dense(units, dtype=self.dtype_policy, name=name)
        layer.build((None, None, input_dim))
        return layer

    def project(self, source: Any) -> tuple[Any, Any]:
        """Returns keys and values, each (B, K, S, D), of `source`, (B, S, hidden_dim)."""
        if not self.built:
            self.build(source.shape)
        return self._split_key_value(self.key_dense(source)), self._split_key_value(self.value_dense(source))

    def update(self, cache: tuple[Any, Any], source: Any, cache_update_index: Any) -> tuple[Any, Any]:
        """Returns `cache`, a pair of (B, K, T, D), with the key and value of `source`, (B, 1, hidden_dim), written
        at position `cache_update_index`, int32 (1,)."""
        zero = ops.zeros((1,), "int32")
        start = ops.concatenate([zero, zero, cache_update_index, zero], axis=0)
        key, value = self.project(source)
        return ops.slice_update(cache[0], start, key), ops.slice_update(cache[1], start, value)

    def call(self, query: Any, keys: Any, values: Any, attention_bias: Any) -> Any:
        query_length = query.shape[1]
        group = self.num_heads // self.num_key_value_heads
        if hasattr(attention_bias, "shape") and len(attention_bias.shape) == 4 and attention_bias.shape[2] != 1:
            attention_bias = ops.repeat(attention_bias, group, axis=2)  # (., 1, T * G, S)
        with keras.name_scope(self.query_dense.name):  # A converter merges the factor into the product, and its name.
            rows = self.query_dense(query) * (self.head_dim**-0.5)
        rows = self._split_query(rows)  # (B, K, T * G, D)
        scores = ops.matmul(rows, ops.swapaxes(keys, 2, 3)) + attention_bias  # (B, K, T * G, S)
        weights = self.softmax(scores)
        mixed = ops.matmul(weights, values)  # (B, K, T * G, D)
        return self.output_dense(self._join_heads(mixed, query_length))

    def _split_key_value(self, x: Any) -> Any:
        length = x.shape[1]
        if self.num_key_value_heads == 1:  # Nothing to transpose: the head axis is moved by a reshape.
            return ops.reshape(x, (-1, 1, length, self.head_dim))
        x = ops.reshape(x, (-1, length, self.num_key_value_heads, self.head_dim))
        return ops.transpose(x, (0, 2, 1, 3))

    def _split_query(self, x: Any) -> Any:
        length, group = x.shape[1], self.num_heads // self.num_key_value_heads
        if self.num_key_value_heads == 1:
            return ops.reshape(x, (-1, 1, length * group, self.head_dim))
        x = ops.reshape(x, (-1, length, self.num_key_value_heads, group * self.head_dim))
        x = ops.transpose(x, (0, 2, 1, 3))  # (B, K, T, G * D)
        return ops.reshape(x, (-1, self.num_key_value_heads, length * group, self.head_dim))

    def _join_heads(self, x: Any, length: int) -> Any:
        group = self.num_heads // self.num_key_value_heads
        if self.num_key_value_heads > 1:
            x = ops.reshape(x, (-1, self.num_key_value_heads, length, group * self.head_dim))
            x = ops.transpose(x, (0, 2, 1, 3))
        return ops.reshape(x, (-1, length, self.num_heads * self.head_dim))

    def compute_output_shape(self, query_shape: Any, *_: Any) -> Any:
        return query_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "head_dim": self.head_dim,
            "num_key_value_heads": self.num_key_value_heads,
        }
