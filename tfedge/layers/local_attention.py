"""Local attention: a sliding window over positions."""

from __future__ import annotations

from typing import Any

import keras

from tfedge.config import check_whole
from tfedge.layers.attention_blocks import attend_in_pattern
from tfedge.layers.attention_layer import AttentionLayer
from tfedge.layers.attention_patterns import StridedPattern


@keras.saving.register_keras_serializable(package="tfedge")
class LocalAttention(AttentionLayer):
    """Each position sees its neighbours: `softmax(q_i K_iᵀ / sqrt(head_dim)) V_i` over |i - j| <= window.

    Causal: over i - window <= j <= i. Work and memory grow with length times window: a converted file multiplies
    blocks of positions with themselves and their neighbours, and nothing else.

    For self-attention: as many keys as queries. Arguments, call arguments and what is returned:
    `tfedge.layers.attention_layer.AttentionLayer`, and

    Args:
        window: int. Positions seen on each side. Defaults to 32.
        is_causal: bool. Whether later positions are hidden. Defaults to False.
        block_size: int. Positions cut out at once: speed, and not what is seen. Defaults to the window, at least 16.

    Example:
        >>> layer = LocalAttention(num_heads=4, head_dim=8, window=2)
        >>> x = keras.random.normal((2, 50, 32))
        >>> layer(x, *layer.project(x), attention_bias=0.0).shape
        TensorShape([2, 50, 32])

    References:
        - Longformer (sliding window), https://arxiv.org/abs/2004.05150
        - Image Transformer (blocks of queries with a memory block around each), https://arxiv.org/abs/1802.05751
    """

    has_cache = False
    has_scores = False
    has_query_bias = False

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        num_key_value_heads: int | None = None,
        window: int = 32,
        is_causal: bool = False,
        block_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_heads, head_dim, num_key_value_heads, **kwargs)
        check_whole("window", window, 1)
        self.window = window
        self.is_causal = is_causal
        self.block_size = block_size
        self._pattern = StridedPattern(1, window, is_causal=is_causal, block_size=block_size)

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        return attend_in_pattern(self._pattern, rows, keys, values, attention_bias, self.softmax), None

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "window": self.window,
            "is_causal": self.is_causal,
            "block_size": self.block_size,
        }
