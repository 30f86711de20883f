"""What every kind of attention has: dense projections, heads, a cache; a kind of its own adds the mixing alone."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
from keras import ops

from tfedge.errors import ConfigError


class AttentionLayer(keras.layers.Layer):
    """Multi-head attention of any kind: projects, splits heads, mixes the values, joins heads, projects.

    A kind overrides `mix`, `add_mixing_weights` where its mixing has weights, and the facts below where they are
    otherwise; `tfedge.layers.attention_kinds` names it.

    Letters: B batch, T query positions, S key positions, H query heads, K key/value heads, G = H / K query heads a
    group, D head_dim. Query heads of a group are rows of one product: row t * G + g is position t, head g.

    Args:
        num_heads: int. Query heads; a multiple of `num_key_value_heads`.
        head_dim: int. Features of one head.
        num_key_value_heads: int. Key and value heads. Defaults to `num_heads`.

    Call arguments:
        query: float (B, T, hidden_dim).
        keys, values: float (B, K, S, D), as `project` returns them, or a cache of them.
        attention_bias: float (B or 1, 1, T or 1, S), added to the scores; see `tfedge.layers.masks`. Of T rows only
            where the kind `has_query_bias`.
        return_attention_scores: bool. Whether to return the weights too. Defaults to False.

    Returns:
        float (B, T, hidden_dim); with `return_attention_scores` a pair of that and the weights, (B, H, T, S).

    Raises:
        ValueError: heads that do not divide.
        ConfigError: a cache, scores or a bias that this kind has not.
    """

    has_cache: ClassVar[bool] = True  # Keys and values of one position more can be written beside the earlier ones'.
    has_scores: ClassVar[bool] = True  # `mix` returns weights, rows that sum to 1.
    has_query_bias: ClassVar[bool] = True  # `attention_bias` may differ by query position, as a causal one does.

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

    @property
    def group_size(self) -> int:
        """Query heads that share one key and value head: G."""
        return self.num_heads // self.num_key_value_heads

    @property
    def score_dim(self) -> int:
        """Features of a query and of a key: D, of which a kind may need fewer than values have."""
        return self.head_dim

    @property
    def query_factor(self) -> float:
        """What queries are multiplied by before `mix` sees them: 1 / sqrt(D), https://arxiv.org/abs/1706.03762."""
        return float(self.score_dim**-0.5)

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        """Returns mixed values, (B, K, T * G, D), and their weights, (B, K, T * G, S) or None.

        Args:
            rows: float (B, K, T * G, D). Queries, times `query_factor`.
            keys, values: float (B, K, S, D).
            attention_bias: float (B or 1, 1, T * G or 1, S), or the number 0.
        """
        raise NotImplementedError(f"{type(self).__name__} must say how it mixes values")

    def add_mixing_weights(self, hidden_dim: int) -> None:
        """Adds the weights and layers of `mix`; the dense layers and `softmax` are there."""

    def build(self, query_shape: Any, *_: Any) -> None:
        hidden_dim = query_shape[-1]
        self.query_dense = self._dense(self.num_heads * self.score_dim, "query_dense", hidden_dim)
        self.key_dense = self._dense(self.num_key_value_heads * self.score_dim, "key_dense", hidden_dim)
        self.value_dense = self._dense(self.num_key_value_heads * self.head_dim, "value_dense", hidden_dim)
        self.output_dense = self._dense(hidden_dim, "output_dense", self.num_heads * self.head_dim)
        self.softmax = keras.layers.Softmax(dtype=self.dtype_policy, name="softmax")
        self.add_mixing_weights(hidden_dim)
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
        self._require("has_cache", "a cache of keys and values")
        zero = ops.zeros((1,), "int32")
        start = ops.concatenate([zero, zero, cache_update_index, zero], axis=0)
        key, value = self.project(source)
        return ops.slice_update(cache[0], start, key), ops.slice_update(cache[1], start, value)

    def call(
        self, query: Any, keys: Any, values: Any, attention_bias: Any, return_attention_scores: bool = False
    ) -> Any:
        query_length = query.shape[1]
        attention_bias = self._bias_of_rows(attention_bias)
        rows = self._split_query(self._queries(query))  # (B, K, T * G, D)
        if return_attention_scores:
            self._require("has_scores", "attention scores")
        mixed, weights = self.mix(rows, keys, values, attention_bias)  # (B, K, T * G, D)
        outputs = self.output_dense(self._join_heads(mixed, query_length))
        return (outputs, self._scores_of_heads(weights, query_length)) if return_attention_scores else outputs

    def _require(self, fact: str, what: str) -> None:
        if not getattr(self, fact):
            raise ConfigError(f"expected an attention kind with {what}; {type(self).__name__} has none: use another")

    def _queries(self, query: Any) -> Any:
        if self.query_factor == 1.0:
            return self.query_dense(query)
        with keras.name_scope(self.query_dense.name):  # A converter merges the factor into the product, and its name.
            return self.query_dense(query) * self.query_factor

    def _bias_of_rows(self, attention_bias: Any) -> Any:
        if not hasattr(attention_bias, "shape") or len(attention_bias.shape) != 4 or attention_bias.shape[2] == 1:
            return attention_bias
        self._require("has_query_bias", "a bias for each query position")
        return ops.repeat(attention_bias, self.group_size, axis=2)  # (., 1, T * G, S)

    def _split_key_value(self, x: Any) -> Any:
        length, dim = x.shape[1], x.shape[2] // self.num_key_value_heads
        if self.num_key_value_heads == 1:  # Nothing to transpose: the head axis is moved by a reshape.
            return ops.reshape(x, (-1, 1, length, dim))
        x = ops.reshape(x, (-1, length, self.num_key_value_heads, dim))
        return ops.transpose(x, (0, 2, 1, 3))

    def _split_query(self, x: Any) -> Any:
        length, group = x.shape[1], self.group_size
        if self.num_key_value_heads == 1:
            return ops.reshape(x, (-1, 1, length * group, self.score_dim))
        x = ops.reshape(x, (-1, length, self.num_key_value_heads, group * self.score_dim))
        x = ops.transpose(x, (0, 2, 1, 3))  # (B, K, T, G * D)
        return ops.reshape(x, (-1, self.num_key_value_heads, length * group, self.score_dim))

    def _join_heads(self, x: Any, length: int) -> Any:
        if self.num_key_value_heads > 1:
            x = ops.reshape(x, (-1, self.num_key_value_heads, length, self.group_size * self.head_dim))
            x = ops.transpose(x, (0, 2, 1, 3))
        return ops.reshape(x, (-1, length, self.num_heads * self.head_dim))

    def _scores_of_heads(self, weights: Any, length: int) -> Any:
        weights = ops.reshape(weights, (-1, self.num_key_value_heads, length, self.group_size, weights.shape[-1]))
        weights = ops.transpose(weights, (0, 1, 3, 2, 4))  # (B, K, G, T, S)
        return ops.reshape(weights, (-1, self.num_heads, length, weights.shape[-1]))

    def compute_output_shape(self, query_shape: Any, *_: Any) -> Any:
        return query_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "head_dim": self.head_dim,
            "num_key_value_heads": self.num_key_value_heads,
        }
