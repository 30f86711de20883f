from __future__ import annotations

import numpy as np
import pytest

from tests.attention_cases import padded_bias, padded_examples
from tests.contracts import layer_contract
from tests.int8_contract import int8_contract
from tests.references import softmax
from tfedge.layers.attention_pooling import AttentionPooling


@pytest.fixture
def layer(floats):
    layer = AttentionPooling(3)
    layer.build((None, None, 8))
    layer.set_weights([floats(*weight.shape) for weight in layer.get_weights()])
    return layer


def test_pooling_then_keeps_the_contract(floats):
    layer_contract(AttentionPooling(2), {"inputs": floats(2, 5, 8)}, 8 * 2 + 2)


def test_pooling_then_equals_numpy(layer, floats):
    inputs = floats(2, 5, 8)
    weights = softmax(np.swapaxes(inputs @ np.asarray(layer.score_dense.kernel), 1, 2))  # Biases change nothing.
    pooled, scores = layer(inputs, return_attention_scores=True)
    np.testing.assert_allclose(scores, weights, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pooled, (weights @ inputs).reshape(2, -1), rtol=1e-4, atol=1e-5)


def test_pooling_when_positions_are_padding_then_as_if_they_were_not_there(layer, floats):
    inputs = floats(2, 6, 8)
    padded = layer(inputs, attention_bias=padded_bias(4, 6, size=6))
    # exp(-30) = 1e-13 of what is hidden comes through.
    np.testing.assert_allclose(padded[0], layer(inputs[:1, :4])[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(padded[1], layer(inputs[1:])[0], rtol=1e-5, atol=1e-5)
    assert np.abs(padded[0] - layer(inputs)[0]).max() > 1e-3


def test_pooling_when_int8_then_near_keras_on_both_runtimes(floats):
    layer = AttentionPooling(4)
    layer.build((None, None, 64))
    layer.score_dense.set_weights([floats(64, 4) / 4, floats(4)])
    examples = padded_examples(24)
    examples["inputs"] = examples.pop("query")
    # Root mean square, measured 2.2 in static: half as much again. 256 weights stay float in dynamic: 1e-5, rounding.
    limits = {"dynamic_wi8_afp32": 1e-3, "static_wi8_ai8": 3.3}
    int8_contract(layer, examples, limits, lambda layer, inputs, attention_bias: layer(inputs, attention_bias))
