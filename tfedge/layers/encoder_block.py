"""One pre-norm Transformer encoder block."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras

from tfedge.layers import attention_kinds
from tfedge.layers.conv_stem import MOMENTUM
from tfedge.layers.feed_forward import FeedForward

NORMS = {
    "rms": keras.layers.RMSNormalization,
    "batch": functools.partial(keras.layers.BatchNormalization, momentum=MOMENTUM),
}


@keras.saving.register_keras_serializable(package="tfedge")
class EncoderBlock(keras.layers.Layer):
    """Self-attention, then feed-forward; each normalised and added to what came in.

    Args:
        num_heads: int. Query heads.
        head_dim: int. Features of one head.
        intermediate_dim: int. Features inside the feed-forward part.
        num_key_value_heads: int. Key and value heads. Defaults to `num_heads`.
        dropout: float. Share of each part's output dropped in training. Defaults to 0.
        attention: str. Kind of attention, a key of `tfedge.layers.attention_kinds.KINDS`. Defaults to
            "scaled_dot_product".
        attention_options: dict. What that kind takes beyond heads. Defaults to its own defaults.
        norm: str. "rms": in front of each part. "batch": behind each part, by statistics of training, which a
            converter folds into the part's last product, so that a `.tflite` has no norm. Defaults to "rms".

    Call arguments:
        inputs: float (batch, length, hidden_dim).
        attention_bias: float (batch or 1, 1, length or 1, length); see `tfedge.layers.masks`.

    Returns:
        float (batch, length, hidden_dim).

    Example:
        >>> block = EncoderBlock(num_heads=4, head_dim=8, intermediate_dim=64)
        >>> block(keras.random.normal((2, 5, 32)), keras.ops.zeros((1, 1, 1, 5))).shape
        TensorShape([2, 5, 32])

    References:
        - On Layer Normalization in the Transformer Architecture (pre-norm), https://arxiv.org/abs/2002.04745
        - Root Mean Square Layer Normalization, https://arxiv.org/abs/1910.07467
        - Swin Transformer V2, section 3.2 (norm behind each part), https://arxiv.org/abs/2111.09883
    """

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        intermediate_dim: int,
        num_key_value_heads: int | None = None,
        dropout: float = 0.0,
        attention: str = attention_kinds.DEFAULT,
        attention_options: Mapping[str, Any] | None = None,
        norm: str = "rms",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if norm not in NORMS:
            raise ValueError(f"`norm` must be one of {', '.join(NORMS)}; got {norm!r}")
        attention_kinds.check(attention, attention_options)
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.intermediate_dim = intermediate_dim
        self.num_key_value_heads = num_key_value_heads
        self.dropout = dropout
        self.attention = attention
        self.attention_options = None if attention_options is None else dict(attention_options)
        self.norm = norm

    def build(self, input_shape: Any, *_: Any) -> None:
        policy = self.dtype_policy
        self.self_attention_norm = NORMS[self.norm](dtype=policy, name="self_attention_norm")
        self.self_attention = attention_kinds.make_attention(
            self.attention,
            self.num_heads,
            self.head_dim,
            self.num_key_value_heads,
            self.attention_options,
            dtype=policy,
            name="self_attention",
        )
        self.feed_forward_norm = NORMS[self.norm](dtype=policy, name="feed_forward_norm")
        self.feed_forward = FeedForward(self.intermediate_dim, dtype=policy, name="feed_forward")
        # One mask for all positions of a row (variational dropout): a tenth of the random numbers, which on a CPU
        # cost as much as the block itself. https://arxiv.org/abs/1512.05287
        self.dropout_layer = keras.layers.Dropout(
            self.dropout, noise_shape=(None, 1, None), dtype=policy, name="dropout"
        )
        for layer in (self.self_attention_norm, self.self_attention, self.feed_forward_norm, self.feed_forward):
            layer.build(input_shape)
        self.built = True

    def call(self, inputs: Any, attention_bias: Any, training: bool | None = None) -> Any:
        x = self._before(self.self_attention_norm, inputs)
        with keras.name_scope(self.self_attention.name):  # So that its keys and values are named after it too.
            keys, values = self.self_attention.project(x)
        x = self._behind(self.self_attention_norm, self.self_attention(x, keys, values, attention_bias=attention_bias))
        inputs = inputs + self.dropout_layer(x, training=training)

        x = self.feed_forward(self._before(self.feed_forward_norm, inputs))
        return inputs + self.dropout_layer(self._behind(self.feed_forward_norm, x), training=training)

    def _before(self, norm: Any, x: Any) -> Any:
        return norm(x) if self.norm == "rms" else x

    def _behind(self, norm: Any, x: Any) -> Any:
        return norm(x) if self.norm == "batch" else x

    def compute_output_shape(self, input_shape: Any, *_: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "head_dim": self.head_dim,
            "intermediate_dim": self.intermediate_dim,
            "num_key_value_heads": self.num_key_value_heads,
            "dropout": self.dropout,
            "attention": self.attention,
            "attention_options": self.attention_options,
            "norm": self.norm,
        }
