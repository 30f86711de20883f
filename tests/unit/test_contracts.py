"""The layer contract fires: each layer here breaks one promise."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tests.contracts import layer_contract

X = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)
# Hides the last position from all.
BIAS = np.array([0, 0, -30], np.float32).reshape(1, 1, 1, 3) * np.ones((2, 1, 1, 1), np.float32)


@keras.saving.register_keras_serializable(package="tests")
class Scale(keras.layers.Layer):
    """Keeps the contract: multiplies by a weight."""

    def __init__(self, size: int = 4, **kwargs) -> None:
        super().__init__(**kwargs)
        self.size = size

    def build(self, input_shape) -> None:
        self.kernel = self.add_weight(shape=(self.size,), initializer="ones", name="kernel")
        self.built = True

    def call(self, inputs):
        return inputs * self.kernel

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable(package="tests")
class ForgetsKey(Scale):
    def get_config(self):
        return super(Scale, self).get_config()


@keras.saving.register_keras_serializable(package="tests")
class ForgetsValue(Scale):
    """Names its argument in the config, with another value."""

    def call(self, inputs):
        return inputs * self.kernel * self.size

    def build(self, input_shape) -> None:
        self.kernel = self.add_weight(shape=(4,), initializer="ones", name="kernel")
        self.built = True

    def get_config(self):
        return {**super().get_config(), "size": 5}


@keras.saving.register_keras_serializable(package="tests")
class SaysOtherShape(Scale):
    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])


@keras.saving.register_keras_serializable(package="tests")
class LeavesAWeightOut(Scale):
    def build(self, input_shape) -> None:
        self.idle = self.add_weight(shape=(1,), name="idle")
        super().build(input_shape)


@keras.saving.register_keras_serializable(package="tests")
class LosesGradient(Scale):
    def call(self, inputs):
        return inputs * ops.stop_gradient(self.kernel) + 0 * self.kernel


@keras.saving.register_keras_serializable(package="tests")
class NeedsFlex(Scale):
    """No builtin op computes a determinant."""

    def call(self, inputs):
        return inputs * self.kernel + ops.reshape(ops.det(inputs[:, :2, :2]), (-1, 1, 1))


@keras.saving.register_keras_serializable(package="tests")
class KeepsState(Scale):
    """Its variable is no weight of Keras, so that no scope makes it a constant."""

    def build(self, input_shape) -> None:
        self.offset = tf.Variable([0.5])
        super().build(input_shape)

    def call(self, inputs):
        self.offset.assign_add([0.0])
        return inputs * self.kernel + self.offset


@keras.saving.register_keras_serializable(package="tests")
class TracesOtherwise(Scale):
    """A thousandth more in a graph than in Python."""

    def call(self, inputs):
        return inputs * self.kernel + (0.0 if tf.executing_eagerly() else 0.001)


@keras.saving.register_keras_serializable(package="tests")
class Pools(Scale):
    """Sums positions; adds the bias to them, which hides nothing, or weighs them with it."""

    def __init__(self, masked: bool, **kwargs) -> None:
        super().__init__(**kwargs)
        self.masked = masked

    def call(self, inputs, pool_bias):
        weights = ops.exp(pool_bias[:, 0, 0]) if self.masked else ops.ones_like(pool_bias[:, 0, 0])
        pooled = ops.matmul(ops.expand_dims(weights, 1), inputs)
        return ops.concatenate([pooled * self.kernel, inputs * self.kernel], axis=1)[:, :3]

    def get_config(self):
        return {**super().get_config(), "masked": self.masked}


def test_contract_when_kept_then_passes():
    layer_contract(Scale(), {"inputs": X}, num_parameters=4)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ForgetsKey, "config: lacks size"),
        (ForgetsValue, "config: a clone with the same weights answers otherwise"),
        (SaysOtherShape, "shapes: symbolic"),
        (LosesGradient, "training: a step moved the loss"),
        (NeedsFlex, "conversion: FlexMatrixDeterminant"),
        (KeepsState, "conversion: .*VARIABLE"),
        (TracesOtherwise, "conversion: LiteRT differs from Keras by 0.00"),
    ],
)
def test_contract_when_broken_then_fails_and_says_where(kind, said):
    with pytest.raises(AssertionError, match=said):
        layer_contract(kind(), {"inputs": X}, num_parameters=4)


def test_contract_when_a_weight_takes_no_part_then_fails():
    with pytest.raises(AssertionError, match="training: no gradient reaches .*idle"):
        layer_contract(LeavesAWeightOut(), {"inputs": X}, num_parameters=5)


def test_contract_when_the_number_of_weights_is_wrong_then_fails():
    with pytest.raises(AssertionError, match="weights: 4 numbers and not 5"):
        layer_contract(Scale(), {"inputs": X}, num_parameters=5)


def test_contract_when_a_mask_hides_then_passes():
    inputs = {"inputs": X, "pool_bias": BIAS}
    layer_contract(Pools(masked=True), inputs, num_parameters=4, hides={"pool_bias": ("inputs",)})


@pytest.mark.parametrize(
    ("masked", "bias", "hides", "said"),
    [
        (False, BIAS, {"pool_bias": ("inputs",)}, "`pool_bias` lets through what it hides"),
        (True, 0 * BIAS, {"pool_bias": ("inputs",)}, "`pool_bias` hides nothing"),
        (True, BIAS, None, "biases are"),
    ],
)
def test_contract_when_a_mask_does_not_hide_then_fails(masked, bias, hides, said):
    with pytest.raises(AssertionError, match=said):
        layer_contract(Pools(masked), {"inputs": X, "pool_bias": bias}, num_parameters=4, hides=hides)
