"""Token ids to vectors with their position added."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfedge.errors import one_of
from tfedge.layers.positions import POSITION_EMBEDDINGS, rows_of


@keras.saving.register_keras_serializable(package="tfedge")
class TokenAndPositionEmbedding(keras.layers.Layer):
    """A trained vector a token plus an embedding of its position.

    Args:
        vocab_size: int. Number of token ids.
        hidden_dim: int. Features of a vector.
        max_length: int. Longest input.
        position: str. "sinusoidal" or "learned". Defaults to "sinusoidal".

    Call arguments:
        ids: int32 (batch, length).
        start: int32 (1,), optional. The position of a single token; without it, positions 0, 1, 2, …

    Returns:
        float (batch, length, hidden_dim).

    Example:
        >>> TokenAndPositionEmbedding(10, 32, max_length=8)(keras.ops.zeros((2, 5), "int32")).shape
        TensorShape([2, 5, 32])
    """

    def __init__(
        self, vocab_size: int, hidden_dim: int, max_length: int, position: str = "sinusoidal", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if position not in POSITION_EMBEDDINGS:
            raise one_of("`position`", position, POSITION_EMBEDDINGS)
        self.vocab_size = vocab_size
        self.hidden_dim = hidden_dim
        self.max_length = max_length
        self.position = position

    def build(self, ids_shape: Any) -> None:
        # A standard deviation of 1 keeps the token as loud as the sinusoids, whose squares average one half.
        self.token_embedding = keras.layers.Embedding(
            self.vocab_size,
            self.hidden_dim,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
            dtype=self.dtype_policy,
            name="token_embedding",
        )
        self.token_embedding.build(ids_shape)
        self.position_embedding = POSITION_EMBEDDINGS[self.position](
            self.max_length, dtype=self.dtype_policy, name="position_embedding"
        )
        self.position_embedding.build((*ids_shape, self.hidden_dim))
        self.built = True

    def call(self, ids: Any, start: Any = None) -> Any:
        with keras.name_scope(self.token_embedding.name):
            tokens = ops.cast(rows_of(self.token_embedding.embeddings, ids), self.compute_dtype)
        return self.position_embedding(tokens, start=start)

    def compute_output_shape(self, ids_shape: Any, *_: Any) -> Any:
        return (*ids_shape, self.hidden_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "vocab_size": self.vocab_size,
            "hidden_dim": self.hidden_dim,
            "max_length": self.max_length,
            "position": self.position,
        }
