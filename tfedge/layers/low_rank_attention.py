"""Low-rank attention: a learned bilinear score of few factors; and with keys projected to few positions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfedge.config import check_whole
from tfedge.errors import ConfigError
from tfedge.layers.attention_layer import AttentionLayer
from tfedge.layers.linear_attention import visible


@keras.saving.register_keras_serializable(package="tfedge")
class LowRankAttention(AttentionLayer):
    """`softmax(Q W Kᵀ) V` with a learned W of rank `rank` for each head.

    Q and K are the features of query and source themselves, (T, hidden_dim) and (S, hidden_dim);
    W = A Bᵀ / sqrt(rank) with A and B (hidden_dim, rank), held as the dense layers of queries and keys (with their
    biases), so that W never exists and a score costs `rank` multiplications in place of head_dim. That is linear in
    the rank; in the length it is quadratic, as every softmax over all keys is: `ProjectedAttention` is linear there.

    Arguments, call arguments and what is returned: `tfedge.layers.attention_layer.AttentionLayer`, and

    Args:
        rank: int. Factors of a score. Defaults to 8.

    Example:
        >>> layer = LowRankAttention(num_heads=4, head_dim=8, rank=4)
        >>> x = keras.random.normal((2, 50, 32))
        >>> layer(x, *layer.project(x), attention_bias=0.0).shape
        TensorShape([2, 50, 32])

    References:
        - Effective Approaches to Attention-based Neural Machine Translation (score `general`: Q W Kᵀ),
          https://arxiv.org/abs/1508.04025
        - Low-Rank Bottleneck in Multi-head Attention Models, https://arxiv.org/abs/2002.07028
    """

    has_cache = False  # A decoder's cache has keys as wide as values.

    def __init__(
        self, num_heads: int, head_dim: int, num_key_value_heads: int | None = None, rank: int = 8, **kwargs: Any
    ) -> None:
        super().__init__(num_heads, head_dim, num_key_value_heads, **kwargs)
        check_whole("rank", rank, 1)
        self.rank = rank

    @property
    def score_dim(self) -> int:
        return self.rank

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        weights = self.softmax(ops.matmul(rows, ops.swapaxes(keys, 2, 3)) + attention_bias)
        return ops.matmul(weights, values), weights

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rank": self.rank}


@keras.saving.register_keras_serializable(package="tfedge")
class ProjectedAttention(LowRankAttention):
    """`softmax(Q W (E K)ᵀ) (E V)`: low-rank attention over `projected_length` mixtures of the positions.

    E (projected_length, S), learned, shared by keys, values and heads, and with a bias: work is linear in the length.
    Hidden positions are zeros before E. E belongs to one source length, that of the shape the layer is built with, and
    leaves neither an order of positions nor weights of single ones.

    Arguments, call arguments and what is returned: `LowRankAttention`, and

    Args:
        projected_length: int. Keys and values that the softmax is over. Defaults to 32.

    Raises:
        ConfigError: built with an unknown length.

    Example:
        >>> layer = ProjectedAttention(num_heads=4, head_dim=8, projected_length=16)
        >>> x = keras.random.normal((2, 50, 32))
        >>> layer(x, *layer.project(x), attention_bias=0.0).shape
        TensorShape([2, 50, 32])

    References:
        - Linformer: Self-Attention with Linear Complexity, equation 7, https://arxiv.org/abs/2006.04768
    """

    has_scores = False
    has_query_bias = False

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        num_key_value_heads: int | None = None,
        rank: int = 8,
        projected_length: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_heads, head_dim, num_key_value_heads, rank, **kwargs)
        check_whole("projected_length", projected_length, 1)
        self.projected_length = projected_length

    def build(self, query_shape: Any, *_: Any) -> None:
        self.source_length = query_shape[1]
        if self.source_length is None:
            raise ConfigError("expected a fixed length to project keys of; got none: give the input's shape a length")
        super().build(query_shape)

    def add_mixing_weights(self, hidden_dim: int) -> None:
        self.length_dense = self._dense(self.projected_length, "length_dense", self.source_length)

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        if keys.shape[2] != self.source_length:
            raise ValueError(f"expected {self.source_length} keys, as the layer was built with; got {keys.shape[2]}")
        keys = self._projected(keys, attention_bias)  # (B, K, rank, P)
        values = self._projected(values, attention_bias)  # (B, K, D, P)
        weights = self.softmax(ops.matmul(rows, keys))  # (B, K, T * G, P)
        return ops.matmul(weights, ops.swapaxes(values, 2, 3)), None

    def _projected(self, x: Any, attention_bias: Any) -> Any:
        return self.length_dense(ops.swapaxes(visible(x, attention_bias), 2, 3))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "projected_length": self.projected_length}
