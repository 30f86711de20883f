from __future__ import annotations

import numpy as np

from tests.contracts import layer_contract
from tfedge.layers.feed_forward import FeedForward


def test_feed_forward_then_keeps_the_contract(floats):
    layer_contract(FeedForward(24), {"inputs": floats(2, 5, 16)}, num_parameters=16 * 24 + 24 + 24 * 16 + 16)


def test_feed_forward_when_another_activation_then_that(floats):
    layer, x = FeedForward(8, activation="linear"), floats(2, 5, 4)
    np.testing.assert_allclose(layer(2 * x), 2 * layer(x), rtol=1e-4, atol=1e-5)  # Biases are still zero.


def test_feed_forward_then_two_products_with_relu_between(floats):
    layer, x = FeedForward(24), floats(2, 5, 16)
    layer.build(x.shape)
    weights = [floats(*weight.shape) for weight in layer.get_weights()]
    layer.set_weights(weights)
    widen, widen_bias, narrow, narrow_bias = weights
    expected = np.maximum(x @ widen + widen_bias, 0) @ narrow + narrow_bias
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-4)


def test_feed_forward_then_each_position_alone(floats):
    layer, x = FeedForward(24), floats(2, 5, 16)
    whole = layer(x)
    np.testing.assert_allclose(layer(x[:, 2:3]), whole[:, 2:3], rtol=1e-5, atol=1e-6)
