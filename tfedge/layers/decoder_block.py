"""One pre-norm Transformer decoder block, for whole targets and for one position with a cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tfedge.errors import ConfigError
from tfedge.layers import attention_kinds
from tfedge.layers.attention import CachedMultiHeadAttention
from tfedge.layers.feed_forward import FeedForward


@keras.saving.register_keras_serializable(package="tfedge")
class DecoderBlock(keras.layers.Layer):
    """Causal self-attention, cross-attention, feed-forward; each behind a norm and added to what came in.

    Letters: B batch, T target positions, S source positions, K key/value heads, D head_dim.

    Args:
        num_heads: int. Query heads.
        head_dim: int. Features of one head.
        intermediate_dim: int. Features inside the feed-forward part.
        num_key_value_heads: int. Key and value heads of both attentions. Defaults to `num_heads`.
        dropout: float. Share of each part's output dropped in training. Defaults to 0.
        attention: str. Kind of self-attention, a key of `tfedge.layers.attention_kinds.KINDS` with a cache and a
            causal bias. Defaults to "scaled_dot_product", which cross-attention always is.
        attention_options: dict. What that kind takes beyond heads. Defaults to its own defaults.

    Call arguments:
        inputs: float (B, T, hidden_dim); T is 1 with a cache.
        cross_cache: pair of float (B, K, S, D): `cross_attention.project` of the encoder's output.
        self_bias: float (1, 1, T, T), or (1, 1, 1, cache length) with a cache.
        cross_bias: float (B or 1, 1, 1, S).
        self_cache: pair of float (B, K, cache length, D), optional.
        cache_update_index: int32 (1,), the position of `inputs`; required with `self_cache`.

    Returns:
        float (B, T, hidden_dim); with `self_cache`, a pair of that and the updated cache.

    Example:
        >>> block = DecoderBlock(num_heads=4, head_dim=8, intermediate_dim=64)
        >>> x = keras.random.normal((2, 5, 32))
        >>> block.build(x.shape)
        >>> cross = block.cross_attention.project(keras.random.normal((2, 7, 32)))
        >>> block(x, cross, self_bias=0.0, cross_bias=0.0).shape
        TensorShape([2, 5, 32])

    References:
        - On Layer Normalization in the Transformer Architecture (pre-norm), https://arxiv.org/abs/2002.04745
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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        attention_kinds.check(attention, attention_options)
        if attention not in attention_kinds.decoder_kinds():
            raise ConfigError(
                "expected a kind of attention that a decoder can use, with a cache and a causal bias; "
                f"got {attention!r}: use one of {', '.join(attention_kinds.decoder_kinds())}"
            )
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.intermediate_dim = intermediate_dim
        self.num_key_value_heads = num_key_value_heads
        self.dropout = dropout
        self.attention = attention
        self.attention_options = None if attention_options is None else dict(attention_options)

    def build(self, input_shape: Any, *_: Any) -> None:
        policy, heads = self.dtype_policy, (self.num_heads, self.head_dim, self.num_key_value_heads)
        self.self_attention_norm = keras.layers.RMSNormalization(dtype=policy, name="self_attention_norm")
        self.self_attention = attention_kinds.make_attention(
            self.attention, *heads, self.attention_options, dtype=policy, name="self_attention"
        )
        self.cross_attention_norm = keras.layers.RMSNormalization(dtype=policy, name="cross_attention_norm")
        self.cross_attention = CachedMultiHeadAttention(*heads, dtype=policy, name="cross_attention")
        self.feed_forward_norm = keras.layers.RMSNormalization(dtype=policy, name="feed_forward_norm")
        self.feed_forward = FeedForward(self.intermediate_dim, dtype=policy, name="feed_forward")
        # One mask for all positions of a row (variational dropout): a tenth of the random numbers, which on a CPU
        # cost as much as the block itself. https://arxiv.org/abs/1512.05287
        self.dropout_layer = keras.layers.Dropout(
            self.dropout, noise_shape=(None, 1, None), dtype=policy, name="dropout"
        )
        parts = (self.self_attention_norm, self.self_attention, self.cross_attention_norm, self.cross_attention)
        for layer in (*parts, self.feed_forward_norm, self.feed_forward):
            layer.build(input_shape)
        self.built = True

    def call(
        self,
        inputs: Any,
        cross_cache: Any,
        self_bias: Any,
        cross_bias: Any,
        self_cache: Any = None,
        cache_update_index: Any = None,
        training: bool | None = None,
    ) -> Any:
        x = self.self_attention_norm(inputs)
        with keras.name_scope(self.self_attention.name):  # So that its keys and values are named after it too.
            if self_cache is None:
                keys, values = self.self_attention.project(x)
            else:
                keys, values = self.self_attention.update(self_cache, x, cache_update_index)
        x = self.self_attention(x, keys, values, self_bias)
        inputs = inputs + self.dropout_layer(x, training=training)

        x = self.cross_attention_norm(inputs)
        x = self.cross_attention(x, *cross_cache, cross_bias)
        inputs = inputs + self.dropout_layer(x, training=training)

        x = self.feed_forward(self.feed_forward_norm(inputs))
        outputs = inputs + self.dropout_layer(x, training=training)
        return outputs if self_cache is None else (outputs, (keys, values))

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
        }
