"""Sparse attention: a pattern object says which positions see which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tfedge.layers.attention_blocks import attend_in_pattern
from tfedge.layers.attention_layer import AttentionLayer
from tfedge.layers.attention_patterns import BlockPattern, Pattern, pattern_from_json

DEFAULT_PATTERN = BlockPattern(block_size=16, num_global=1)


@keras.saving.register_keras_serializable(package="tfedge")
class SparseAttention(AttentionLayer):
    """Each position sees those of its pattern: `softmax(q_i K_iᵀ / sqrt(head_dim)) V_i` over j in pattern(i).

    A converted file multiplies the blocks that the pattern names and nothing else; `attention_patterns` says how
    work grows with the length. Layers of different patterns one after the other (strided, then block) reach all
    positions, as in Sparse Transformers.

    For self-attention: as many keys as queries. Arguments, call arguments and what is returned:
    `tfedge.layers.attention_layer.AttentionLayer`, and

    Args:
        pattern: `StridedPattern` or `BlockPattern` of `tfedge.layers.attention_patterns`, or its JSON. Defaults to
            blocks of 16 positions that see their neighbours, and one global position.

    Example:
        >>> layer = SparseAttention(4, 8, pattern={"kind": "strided", "stride": 4, "reach": 3, "num_global": 2})
        >>> x = keras.random.normal((2, 50, 32))
        >>> layer(x, *layer.project(x), attention_bias=0.0).shape
        TensorShape([2, 50, 32])

    References:
        - Generating Long Sequences with Sparse Transformers, https://arxiv.org/abs/1904.10509
        - Big Bird (blocks, global tokens), https://arxiv.org/abs/2007.14062
    """

    has_cache = False
    has_scores = False
    has_query_bias = False

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        num_key_value_heads: int | None = None,
        pattern: Pattern | Mapping[str, Any] = DEFAULT_PATTERN,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_heads, head_dim, num_key_value_heads, **kwargs)
        self.pattern = pattern_from_json(pattern)

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        return attend_in_pattern(self.pattern, rows, keys, values, attention_bias, self.softmax), None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pattern": self.pattern.to_json()}
