"""Convolutions in front of attention: neighbours are seen cheaply, and attention sees fewer positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

# Of batch normalisation's running statistics: a run of some hundred steps has forgotten where they began. What is left
# of a batch's noise goes where the weights' does, into their average.
MOMENTUM = 0.9


@keras.saving.register_keras_serializable(package="tfedge")
class ConvStem(keras.layers.Layer):
    """Convolution, batch normalisation and ReLU, stage after stage; then every place becomes one position.

    A converter folds the normalisation into the convolution and the ReLU into its output.

    Args:
        stages: sequence of {"filters", "kernel_size", "strides"}, int each; padding is "same".

    Call arguments:
        inputs: float (batch, length, channels) of a signal, or (batch, height, width, channels) of an image.

    Returns:
        float (batch, positions, filters of the last stage); positions of an image row by row.

    Example:
        >>> stem = ConvStem([{"filters": 8, "kernel_size": 3, "strides": 2}])
        >>> stem(keras.random.normal((2, 10, 10, 3))).shape
        TensorShape([2, 25, 8])

    References:
        - Early Convolutions Help Transformers See Better, https://arxiv.org/abs/2106.14881
    """

    def __init__(self, stages: Sequence[Mapping[str, int]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stages = [dict(stage) for stage in stages]

    def build(self, input_shape: Any) -> None:
        if len(input_shape) not in (3, 4):
            raise ValueError(
                f"`inputs` must be (batch, length, channels) or (batch, height, width, channels); got {input_shape}"
            )
        kind = keras.layers.Conv1D if len(input_shape) == 3 else keras.layers.Conv2D
        policy, shape = self.dtype_policy, tuple(input_shape)
        self.convolutions, self.norms = [], []
        for place, stage in enumerate(self.stages):
            convolution = kind(**stage, padding="same", use_bias=False, dtype=policy, name=f"convolution_{place}")
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)
            norm = keras.layers.BatchNormalization(momentum=MOMENTUM, dtype=policy, name=f"norm_{place}")
            norm.build(shape)
            self.convolutions.append(convolution)
            self.norms.append(norm)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        x = inputs
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = ops.relu(norm(convolution(x), training=training))
        if len(x.shape) == 3:
            return x
        return ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        positions = 1
        for size in input_shape[1:-1]:
            for stage in self.stages:
                size = -(-size // stage["strides"])
            positions *= size
        return (input_shape[0], positions, self.stages[-1]["filters"])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stages": self.stages}
