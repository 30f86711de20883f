"""Hierarchical attention: within segments, then across one summary of each segment."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfedge.config import check_whole
from tfedge.layers.attention_blocks import attend_in_pattern, hidden_as_zero, padded
from tfedge.layers.attention_layer import AttentionLayer
from tfedge.layers.attention_patterns import BlockPattern


@keras.saving.register_keras_serializable(package="tfedge")
class HierarchicalAttention(AttentionLayer):
    """Each position sees its own segment in full, and of every segment a summary; both are added.

    For position i in segment s, with d = sqrt(head_dim) and sums over positions that are no padding:

        within_i = softmax(q_i K_sᵀ / d) V_s                              K_s, V_s of the segment
        a_m      = softmax(K_m w)                                         what segment m is about, w learned
        across_i = softmax(q_i (a_mᵀ K_m)ᵀ / d over m) (a_mᵀ V_m)         one key and one value a segment
        output_i = within_i + across_i

    Work grows with T * (segment_size + T / segment_size). A segment of padding alone is hidden.

    For self-attention: as many keys as queries. Arguments, call arguments and what is returned:
    `tfedge.layers.attention_layer.AttentionLayer`, and

    Args:
        segment_size: int. Positions of a segment; the last one may be shorter. Defaults to 16.

    Example:
        >>> layer = HierarchicalAttention(num_heads=4, head_dim=8, segment_size=16)
        >>> x = keras.random.normal((2, 50, 32))
        >>> layer(x, *layer.project(x), attention_bias=0.0).shape
        TensorShape([2, 50, 32])

    References:
        - Hierarchical Attention Networks (weighted summaries by a learned vector), https://aclanthology.org/N16-1174
        - An Exploration of Hierarchical Attention Transformers (within segments, then across), which lets segments
          see one another where here each position sees the segments, https://arxiv.org/abs/2210.05529
    """

    has_cache = False
    has_scores = False
    has_query_bias = False

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        num_key_value_heads: int | None = None,
        segment_size: int = 16,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_heads, head_dim, num_key_value_heads, **kwargs)
        check_whole("segment_size", segment_size, 1)
        self.segment_size = segment_size

    def add_mixing_weights(self, hidden_dim: int) -> None:
        self.summary_vectors = self.add_weight(
            shape=(1, self.num_key_value_heads, 1, self.head_dim), initializer="glorot_uniform", name="summary_vectors"
        )

    def mix(self, rows: Any, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any]:
        pattern = BlockPattern(self.segment_size, (0,))
        within = attend_in_pattern(pattern, rows, keys, values, attention_bias, self.softmax)
        summary_keys, summary_values, summary_bias = self._summaries(keys, values, attention_bias)
        if summary_keys.shape[2] == 1:  # A softmax of one score is 1.
            return within + summary_values, None
        scores = ops.matmul(rows, ops.swapaxes(summary_keys, 2, 3)) + summary_bias  # (B, K, T * G, M)
        return within + ops.matmul(self.softmax(scores), summary_values), None

    def _summaries(self, keys: Any, values: Any, attention_bias: Any) -> tuple[Any, Any, Any]:
        """Returns a key and a value a segment, (B, K, M, D), and which segments are hidden, (B or 1, 1, 1, M)."""
        size = min(self.segment_size, keys.shape[2])
        missing = -keys.shape[2] % size
        num_segments = (keys.shape[2] + missing) // size
        shown = padded(hidden_as_zero(attention_bias, keys), 3, 0, missing)  # (B, 1, 1, M * size)
        shown = ops.reshape(shown, (-1, 1, num_segments, size))
        keys, values = (padded(x, 2, 0, missing) for x in (keys, values))
        scores = ops.sum(keys * self.summary_vectors, axis=-1)  # (B, K, M * size)
        scores = ops.reshape(scores, (-1, self.num_key_value_heads, num_segments, size)) + shown
        shares = ops.reshape(self.softmax(scores), (-1, num_segments, 1, size))
        segments = (ops.reshape(x, (-1, num_segments, size, self.head_dim)) for x in (keys, values))
        summaries = (ops.matmul(shares, x) for x in segments)  # (B * K, M, 1, D)
        shape = (-1, self.num_key_value_heads, num_segments, self.head_dim)
        bias = ops.reshape(ops.max(shown, axis=3), (-1, 1, 1, num_segments))
        summary_keys, summary_values = (ops.reshape(x, shape) for x in summaries)
        return summary_keys, summary_values, bias

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "segment_size": self.segment_size}
