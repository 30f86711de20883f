from __future__ import annotations

import numpy as np
import pytest

from tests import references
from tests.attention_cases import (
    DIM,
    HEADS,
    HIDDEN,
    attend,
    attend_to_itself,
    num_parameters,
    padded_bias,
    padded_examples,
    trained_like,
)
from tests.contracts import layer_contract
from tests.int8_contract import FEWER_INT8_STEPS, int8_contract
from tfedge.layers.linear_attention import LinearAttention


def test_linear_then_keeps_the_contract(floats):
    layer_contract(
        LinearAttention(HEADS, DIM, 2),
        {"query": floats(2, 5, HIDDEN), "source": floats(2, 7, HIDDEN), "attention_bias": padded_bias(4, 6, size=7)},
        num_parameters(2),
        call=attend,
        hides={"attention_bias": ("source",)},
    )


@pytest.mark.parametrize("key_value_heads", [1, 2, 4])
def test_linear_then_equals_its_weights_times_values(floats, key_value_heads):
    layer, query, source = LinearAttention(HEADS, DIM, key_value_heads), floats(2, 5, HIDDEN), floats(2, 7, HIDDEN)
    shown = np.arange(7)[None, :] < np.array([[4], [7]])
    answer = attend(layer, query, source, padded_bias(4, 7, size=7))
    np.testing.assert_allclose(answer, references.linear(layer, query, source, shown), rtol=1e-4, atol=1e-5)  # float32
    whole = references.linear(layer, query, source, np.ones_like(shown))
    np.testing.assert_allclose(attend(layer, query, source, 0.0), whole, rtol=1e-4, atol=1e-5)


def test_linear_when_everything_is_hidden_then_finite(floats):
    x = floats(1, 3, HIDDEN)
    assert np.isfinite(attend(LinearAttention(HEADS, DIM), x, x, padded_bias(0, size=3))).all()


def test_linear_when_int8_then_near_keras_on_both_runtimes():
    int8_contract(trained_like("linear"), padded_examples(24), FEWER_INT8_STEPS, attend_to_itself)
