"""Position embeddings: what tells a layer without recurrence where each token stands."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops


def rows_of(table: Any, indices: Any) -> Any:
    """Returns the rows of float `table`, (rows, features), at int32 `indices`, none of them negative.

    `ops.take` would count negative indices from the end: four more ops, of which a decode loop runs each at every step.
    """
    return tf.gather(table, indices)


def sinusoids(length: int, hidden_dim: int, max_wavelength: float = 10_000.0) -> np.ndarray:
    """Returns float32 (length, hidden_dim): sines in the first half of the features, cosines in the second.

    Feature i of position p is sin(p / max_wavelength^(i / (hidden_dim / 2))), its twin the cosine
    (Attention Is All You Need, section 3.5; the halves are not interleaved, which changes nothing but the order).
    """
    half = hidden_dim // 2
    angles = np.arange(length)[:, None] / max_wavelength ** (np.arange(half)[None, :] / half)
    table = np.zeros((length, hidden_dim), np.float32)
    table[:, :half], table[:, half : 2 * half] = np.sin(angles), np.cos(angles)
    return table


class _PositionEmbedding(keras.layers.Layer):
    """What both kinds share: a table (max_length, hidden_dim) added to the inputs, from position `start` on."""

    def __init__(self, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length

    def call(self, inputs: Any, start: Any = None) -> Any:
        table = ops.cast(self.table, inputs.dtype)
        if start is not None:
            return inputs + ops.expand_dims(rows_of(table, start), 0)
        if inputs.shape[1] > self.max_length:
            raise ValueError(f"`inputs` must be at most {self.max_length} long; got {inputs.shape[1]}")
        return inputs + ops.expand_dims(table[: inputs.shape[1]], 0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "max_length": self.max_length}


@keras.saving.register_keras_serializable(package="tfedge")
class SinusoidalPositionEmbedding(_PositionEmbedding):
    """Adds fixed sines and cosines of the position.

    Args:
        max_length: int. Longest input.

    Call arguments:
        inputs: float (batch, length, hidden_dim).
        start: int32 (1,), optional. The position of a single token; without it, positions 0, 1, 2, …

    Returns:
        float (batch, length, hidden_dim).

    Example:
        >>> SinusoidalPositionEmbedding(8)(ops.zeros((1, 1, 4)), start=ops.zeros((1,), "int32")).shape
        TensorShape([1, 1, 4])

    References:
        - Attention Is All You Need, section 3.5, https://arxiv.org/abs/1706.03762
    """

    def build(self, input_shape: Any) -> None:
        self.table = sinusoids(self.max_length, input_shape[-1])
        self.built = True


@keras.saving.register_keras_serializable(package="tfedge")
class LearnedPositionEmbedding(_PositionEmbedding):
    """Adds a trained vector a position.

    Args:
        max_length: int. Longest input.

    Call arguments:
        inputs: float (batch, length, hidden_dim).
        start: int32 (1,), optional. The position of a single token; without it, positions 0, 1, 2, …

    Returns:
        float (batch, length, hidden_dim).

    Example:
        >>> LearnedPositionEmbedding(8)(ops.zeros((1, 5, 4))).shape
        TensorShape([1, 5, 4])

    References:
        - Convolutional Sequence to Sequence Learning, section 3.1, https://arxiv.org/abs/1705.03122
    """

    def build(self, input_shape: Any) -> None:
        self.table = self.add_weight(
            shape=(self.max_length, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="table",
        )
        self.built = True


POSITION_EMBEDDINGS = {"sinusoidal": SinusoidalPositionEmbedding, "learned": LearnedPositionEmbedding}
