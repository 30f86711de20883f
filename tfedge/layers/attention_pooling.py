"""Attention pooling: many positions become one vector, and the weights say where it looked."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tfedge")
class AttentionPooling(keras.layers.Layer):
    """Each head's learned query weighs the positions: `softmax(q Kᵀ + bias) X`, heads side by side.

    Queries and the keys' product are both weights, and so one: position features to a score a head. What is weighed
    are the positions themselves; a product of values after it would only be merged with the one that reads the result.

    Letters: B batch, S positions, H heads.

    Args:
        num_heads: int. Learned queries.

    Call arguments:
        inputs: float (B, S, hidden_dim).
        attention_bias: float (B or 1, 1, 1, S), added to the scores; see `tfedge.layers.masks`. Defaults to none.
        return_attention_scores: bool. Whether the weights are returned too.

    Returns:
        float (B, H * hidden_dim), and where asked for float (B, H, S): the weights, whose sum over S is 1.

    Example:
        >>> AttentionPooling(num_heads=4)(keras.random.normal((2, 5, 32))).shape
        TensorShape([2, 128])

    References:
        - Set Transformer, section 3.2 (pooling by multihead attention), https://arxiv.org/abs/1810.00825
    """

    def __init__(self, num_heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_heads = num_heads

    def build(self, input_shape: Any, *_: Any) -> None:
        # A softmax does not see its bias. Of zeros the converter would drop it, and tflite-runtime 2.14 on ARM dies on
        # int8 products of per-channel weights without one.
        self.score_dense = keras.layers.Dense(
            self.num_heads, bias_initializer="ones", dtype=self.dtype_policy, name="score_dense"
        )
        self.score_dense.build(input_shape)
        self.softmax = keras.layers.Softmax(dtype=self.dtype_policy, name="softmax")
        self.built = True

    def call(self, inputs: Any, attention_bias: Any = None, return_attention_scores: bool = False) -> Any:
        scores = ops.transpose(self.score_dense(inputs), (0, 2, 1))  # (B, H, S)
        if attention_bias is not None:
            scores = scores + ops.reshape(attention_bias, (-1, 1, inputs.shape[1]))
        weights = self.softmax(scores)
        pooled = ops.reshape(ops.matmul(weights, inputs), (-1, self.num_heads * inputs.shape[2]))
        return (pooled, weights) if return_attention_scores else pooled

    def compute_output_shape(self, input_shape: Any, *_: Any) -> Any:
        return (input_shape[0], self.num_heads * input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_heads": self.num_heads}
