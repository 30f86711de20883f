"""A network of normal behaviour: how unlikely the newest reading of each sensor is, given the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from tfedge.layers.conv_stem import ConvStem
from tfedge.layers.encoder_block import EncoderBlock
from tfedge.layers.masks import causal_bias
from tfedge.layers.positions import LearnedPositionEmbedding

# Degrees of freedom of Student's t distribution: tails heavy enough that one wild reading neither steers the training
# nor takes the whole range of the score. https://doi.org/10.1080/01621459.1989.10478852
FREEDOM = 3.0


@keras.saving.register_keras_serializable(package="tfedge")
class AnomalyScorer(keras.Model):
    """Says how unusual the last row of a window is: its negative log-likelihood, and each sensor's part of it.

    Sensors are the positions. Sensor i is predicted from the newest readings of the sensors before it (causal
    attention) and, of a window longer than one row, from the earlier rows of all sensors: convolutions over time give
    each sensor a vector, and a block without a mask mixes them. By the chain rule the parts add up to the
    log-likelihood of the whole row, `log p(x_0) + log p(x_1 | x_0) + ...`, so that readings which fit each other but
    stand at an unusual place are found as well as readings that contradict each other. Each part is the negative
    logarithm of Student's t density at the reading, with a mean and a scale that the network gives, less a constant:
    0 is the best there is, a reading met exactly by the most certain prediction.

    Letters: B batch, W rows of a window, C sensors, D hidden_dim.

    Args:
        input_shape: sequence of int. Of one window: (W, C).
        hidden_dim: int. Features of a position.
        value_dim: int. Features of the layer that reads a reading.
        num_blocks: int. Causal attention blocks.
        num_heads, head_dim, intermediate_dim: int. Of each block.
        kernel_size: int. Rows that a convolution over earlier rows sees; no more than there are.
        max_deviation: float. Scaled readings are cut to this many deviations from 0: beyond it nothing is learned, and
            int8 would give the steps of all readings to a few wild ones.
        min_scale: float. Least scale of a prediction, in deviations: what int8 may blur without an alarm.

    Call arguments:
        inputs: float (B, W, C), scaled by the task's preprocessing.

    Returns:
        float (B, C): of each sensor how unlikely its newest reading is, 0 or more, in nats.

    References:
        - MADE (a density as a product of conditionals behind masks), https://arxiv.org/abs/1502.03509
        - Robust Statistical Modeling Using the t Distribution, https://doi.org/10.1080/01621459.1989.10478852
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        hidden_dim: int,
        value_dim: int,
        num_blocks: int,
        num_heads: int,
        head_dim: int,
        intermediate_dim: int,
        kernel_size: int,
        max_deviation: float,
        min_scale: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.example_shape = tuple(input_shape)
        self.hidden_dim = hidden_dim
        self.value_dim = value_dim
        self.num_blocks = num_blocks
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.intermediate_dim = intermediate_dim
        self.kernel_size = kernel_size
        self.max_deviation = max_deviation
        self.min_scale = min_scale
        self._add_parts()

    def _add_parts(self) -> None:
        rows, sensors = self.example_shape
        sizes = (self.num_heads, self.head_dim, self.intermediate_dim)
        self.value_dense = keras.layers.Dense(self.value_dim, activation="relu", name="value_dense")
        self.value_output_dense = keras.layers.Dense(self.hidden_dim, name="value_output_dense")
        self.sensor_embedding = LearnedPositionEmbedding(sensors, name="sensor_embedding")
        self.history_stem: Any = None  # None, as the two after it, where there are no earlier rows.
        self.history_dense: Any = None
        self.history_block: Any = None
        if rows > 1:
            kernel = min(self.kernel_size, rows - 1)
            stage = {"filters": self.hidden_dim, "kernel_size": kernel, "strides": min(2, kernel)}
            self.history_stem = ConvStem([stage], name="history_stem")
            self.history_dense = keras.layers.Dense(self.hidden_dim, name="history_dense")
            self.history_block = EncoderBlock(*sizes, name="history_block")
        self.blocks = [EncoderBlock(*sizes, name=f"block_{place}") for place in range(self.num_blocks)]
        self.final_norm = keras.layers.RMSNormalization(name="final_norm")
        # Mean and log-scale are small differences of large things: they are what int8 would hurt first.
        self.prediction_dense = keras.layers.Dense(2, dtype="float32", name="prediction_dense")

    def build(self, _: Any = None) -> None:
        rows, sensors = self.example_shape
        hidden = (None, sensors, self.hidden_dim)
        self.value_dense.build((None, sensors, 1))
        self.value_output_dense.build((None, sensors, self.value_dim))
        for layer in (self.sensor_embedding, *self.blocks, self.final_norm, self.prediction_dense):
            layer.build(hidden)
        if self.history_stem is not None:
            shape = (None, rows - 1, 1)
            self.history_stem.build(shape)
            _, positions, features = self.history_stem.compute_output_shape(shape)
            self.history_dense.build((None, sensors, positions * features))
            self.history_block.build(hidden)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        x = ops.clip(ops.cast(inputs, self.compute_dtype), -self.max_deviation, self.max_deviation)
        newest = x[:, -1, :]  # (B, C)
        mean, log_scale = self._predict(newest, x, training)
        deviation = (ops.cast(newest, "float32") - mean) * ops.exp(-log_scale) * (1 / self.min_scale)
        tail = ops.log(1.0 + ops.square(deviation) * (1 / FREEDOM)) * ((FREEDOM + 1) / 2)
        return log_scale + tail

    def _predict(self, newest: Any, window: Any, training: bool | None) -> tuple[Any, Any]:
        """Returns float32 (B, C) each: of every sensor, told without its own newest reading, the mean, and the
        logarithm of its scale over `min_scale`, 0 or more."""
        x = self.value_output_dense(self.value_dense(ops.expand_dims(newest, -1)))  # (B, C, D)
        # One sensor on: position i holds the reading of sensor i - 1, the first one nothing.
        x = ops.pad(x[:, :-1, :], ((0, 0), (1, 0), (0, 0)))
        x = self.sensor_embedding(x)
        if self.history_stem is not None:
            x = x + self._remember(window[:, :-1, :], training)
        for block in self.blocks:
            x = block(x, attention_bias=causal_bias(x.shape[1]), training=training)
        predicted = self.prediction_dense(self.final_norm(x))
        return predicted[:, :, 0], ops.relu(predicted[:, :, 1])

    def _remember(self, earlier: Any, training: bool | None) -> Any:
        """Returns float (B, C, D) of the earlier rows, (B, W - 1, C): each sensor's own, mixed by attention."""
        rows, sensors = earlier.shape[1], earlier.shape[2]
        signals = ops.reshape(ops.transpose(earlier, (0, 2, 1)), (-1, rows, 1))
        x = self.history_stem(signals, training=training)
        x = self.history_dense(ops.reshape(x, (-1, sensors, x.shape[1] * x.shape[2])))
        return self.history_block(self.sensor_embedding(x), attention_bias=0.0, training=training)

    def entry_points(self) -> dict[str, Callable[[Any], dict[str, Any]]]:
        """Returns the functions that a file's signatures call, by name: inputs to outputs by name."""

        def score(inputs: Any) -> dict[str, Any]:
            contributions = self(inputs, training=False)
            return {"score": ops.sum(contributions, axis=-1), "contributions": contributions}

        return {"score": score}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_shape": list(self.example_shape),
            "hidden_dim": self.hidden_dim,
            "value_dim": self.value_dim,
            "num_blocks": self.num_blocks,
            "num_heads": self.num_heads,
            "head_dim": self.head_dim,
            "intermediate_dim": self.intermediate_dim,
            "kernel_size": self.kernel_size,
            "max_deviation": self.max_deviation,
            "min_scale": self.min_scale,
        }
