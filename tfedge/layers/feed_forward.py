"""The position-wise feed-forward part of a Transformer block."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="tfedge")
class FeedForward(keras.layers.Layer):
    """Two dense layers, the same at every position: widen, activate, narrow.

    Args:
        intermediate_dim: int. Features between the two layers.
        activation: str. Activation between them. Defaults to "relu", which a `.tflite` fuses into the product.

    Call arguments:
        inputs: float (batch, length, hidden_dim).

    Returns:
        float (batch, length, hidden_dim).

    Example:
        >>> FeedForward(64)(keras.random.normal((2, 5, 32))).shape
        TensorShape([2, 5, 32])

    References:
        - Attention Is All You Need, section 3.3, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, intermediate_dim: int, activation: str = "relu", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.intermediate_dim = intermediate_dim
        self.activation = activation

    def build(self, input_shape: Any) -> None:
        hidden_dim = input_shape[-1]
        self.intermediate_dense = keras.layers.Dense(
            self.intermediate_dim, activation=self.activation, dtype=self.dtype_policy, name="intermediate_dense"
        )
        self.output_dense = keras.layers.Dense(hidden_dim, dtype=self.dtype_policy, name="output_dense")
        self.intermediate_dense.build(input_shape)
        self.output_dense.build((*input_shape[:-1], self.intermediate_dim))
        self.built = True

    def call(self, inputs: Any) -> Any:
        return self.output_dense(self.intermediate_dense(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "intermediate_dim": self.intermediate_dim, "activation": self.activation}
