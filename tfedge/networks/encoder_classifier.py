"""The encoder classifier: convolutions, attention blocks, attention pooling, a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfedge.layers.attention_pooling import AttentionPooling
from tfedge.layers.conv_stem import ConvStem
from tfedge.layers.encoder_block import EncoderBlock
from tfedge.layers.positions import LearnedPositionEmbedding


@keras.saving.register_keras_serializable(package="tfedge")
class EncoderClassifier(keras.Model):
    """Sees an image or a window of a signal and says which class it is.

    Args:
        input_shape: sequence of int. Of one example: (length, channels) or (height, width, channels).
        num_classes: int.
        stem: sequence of {"filters", "kernel_size", "strides"}, int each. Convolutions; the last one's filters are
            the features of a position.
        num_blocks: int. Attention blocks.
        num_heads, head_dim, intermediate_dim: int. Of each block.
        num_key_value_heads: int. Of each block. Defaults to `num_heads`.
        attention: str. Kind of attention; see `tfedge.layers.attention_kinds`.
        attention_options: dict. What that kind takes beyond heads.
        block_norm: str. "rms" or "batch"; see `EncoderBlock`.
        position: str. "learned" adds a vector a position; "none" leaves that to the convolutions' padding.
        pooling_heads: int. Learned queries of the pooling.
        dropout: float. Share dropped in training.
        scale: float. What inputs are multiplied with first: 1/255 of the bytes of an image.

    Call arguments:
        inputs: float or uint8 (batch, *input_shape).

    Returns:
        float (batch, num_classes): logits.

    References:
        - Early Convolutions Help Transformers See Better, https://arxiv.org/abs/2106.14881
        - Escaping the Big Data Paradigm with Compact Transformers (convolutions, then attention pooling in place of a
          class token), https://arxiv.org/abs/2104.05704
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        num_classes: int,
        stem: Sequence[Mapping[str, int]],
        num_blocks: int,
        num_heads: int,
        head_dim: int,
        intermediate_dim: int,
        num_key_value_heads: int | None = None,
        attention: str = "scaled_dot_product",
        attention_options: Mapping[str, Any] | None = None,
        block_norm: str = "rms",
        position: str = "learned",
        pooling_heads: int = 1,
        dropout: float = 0.0,
        scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.example_shape = tuple(input_shape)
        self.num_classes = num_classes
        self.stem_stages = [dict(stage) for stage in stem]
        self.num_blocks = num_blocks
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.intermediate_dim = intermediate_dim
        self.num_key_value_heads = num_key_value_heads
        self.attention = attention
        self.attention_options = dict(attention_options or {})
        self.block_norm = block_norm
        self.position = position
        self.pooling_heads = pooling_heads
        self.dropout = dropout
        self.scale = scale
        self._add_parts()

    def _add_parts(self) -> None:
        self.stem = ConvStem(self.stem_stages, name="stem")
        positions = self.stem.compute_output_shape((None, *self.example_shape))[1]
        is_told = self.position == "learned"
        self.position_embedding = LearnedPositionEmbedding(positions, name="position_embedding") if is_told else None
        self.blocks = [
            EncoderBlock(
                self.num_heads,
                self.head_dim,
                self.intermediate_dim,
                self.num_key_value_heads,
                dropout=self.dropout,
                attention=self.attention,
                attention_options=self.attention_options or None,
                norm=self.block_norm,
                name=f"block_{place}",
            )
            for place in range(self.num_blocks)
        ]
        # Of pre-norm blocks alone: what they add up to was never normalised.
        self.final_norm = keras.layers.RMSNormalization(name="final_norm") if self.block_norm == "rms" else None
        self.pooling = AttentionPooling(self.pooling_heads, name="pooling")
        self.features_dropout = keras.layers.Dropout(self.dropout, name="features_dropout")
        self.logits_dense = keras.layers.Dense(self.num_classes, dtype="float32", name="logits_dense")

    def build(self, _: Any = None) -> None:
        hidden = self.stem.compute_output_shape((None, *self.example_shape))
        self.stem.build((None, *self.example_shape))
        for layer in (self.position_embedding, *self.blocks, self.final_norm, self.pooling):
            if layer is not None:
                layer.build(hidden)
        self.logits_dense.build(self.pooling.compute_output_shape(hidden))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        features, _ = self.embed(inputs, training)
        return self.logits_dense(self.features_dropout(features, training=training))

    def embed(self, inputs: Any, training: bool | None = None) -> tuple[Any, Any]:
        """Returns float (batch, features), what the classes are told by, and float (batch, pooling_heads, positions),
        where each learned query looked."""
        x = ops.cast(inputs, self.compute_dtype)
        if self.scale != 1.0:
            x = x * self.scale
        x = self.stem(x, training=training)
        if self.position_embedding is not None:
            x = self.position_embedding(x)
        for block in self.blocks:
            x = block(x, attention_bias=0.0, training=training)
        if self.final_norm is not None:
            x = self.final_norm(x)
        return self.pooling(x, return_attention_scores=True)

    def classify(self, inputs: Any) -> Any:
        """Returns float (batch, num_classes): a probability each."""
        return ops.softmax(self(inputs, training=False), axis=-1)

    def entry_points(self) -> dict[str, Callable[[Any], dict[str, Any]]]:
        """Returns the functions that a file's signatures call, by name: inputs to outputs by name."""

        def classify(inputs: Any) -> dict[str, Any]:
            return {"probabilities": self.classify(inputs)}

        def embed(inputs: Any) -> dict[str, Any]:
            features, weights = self.embed(inputs)
            return {"features": features, "pooling_weights": weights}

        return {"classify": classify, "embed": embed}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_shape": list(self.example_shape),
            "num_classes": self.num_classes,
            "stem": self.stem_stages,
            "num_blocks": self.num_blocks,
            "num_heads": self.num_heads,
            "head_dim": self.head_dim,
            "intermediate_dim": self.intermediate_dim,
            "num_key_value_heads": self.num_key_value_heads,
            "attention": self.attention,
            "attention_options": self.attention_options,
            "block_norm": self.block_norm,
            "position": self.position,
            "pooling_heads": self.pooling_heads,
            "dropout": self.dropout,
            "scale": self.scale,
        }
