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
    inputs_of_itself,
    num_parameters,
    padded_examples,
    trained_like,
)
from tests.contracts import layer_contract
from tests.int8_contract import FEWER_INT8_STEPS, int8_contract
from tfedge.errors import ConfigError
from tfedge.layers.local_attention import LocalAttention


def test_local_then_keeps_the_contract(floats):
    layer_contract(
        LocalAttention(HEADS, DIM, 2, window=2, block_size=2),
        inputs_of_itself(floats, 11),
        num_parameters(2),
        call=attend,
        hides={"attention_bias": ("source",)},
    )


@pytest.mark.parametrize("is_causal", [False, True])
def test_local_then_equals_dense_attention_in_a_window(floats, is_causal):
    layer, x = LocalAttention(HEADS, DIM, 2, window=3, is_causal=is_causal, block_size=2), floats(2, 21, HIDDEN)
    distance = np.arange(21)[None, :] - np.arange(21)[:, None]
    window = references.pattern_bias((np.abs(distance) <= 3) & (distance <= (0 if is_causal else 3)))
    answer = attend_to_itself(layer, x, 0.0)
    expected, _ = references.attention(layer, x, x, window[None, None], references.scaled_dot)
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)  # float32 against float64


def test_local_when_causal_then_later_positions_change_nothing(floats):
    for is_causal in (True, False):
        layer, x = LocalAttention(HEADS, DIM, window=3, is_causal=is_causal, block_size=4), floats(1, 20, HIDDEN)
        before = np.asarray(attend_to_itself(layer, x, 0.0))
        x[:, 13:] += 1
        moved = np.abs(attend_to_itself(layer, x, 0.0) - before)[0].max(-1) > 1e-4
        assert list(np.flatnonzero(moved)) == list(range(13 if is_causal else 10, 20))


def test_local_when_int8_then_near_keras_on_both_runtimes():
    layer = trained_like("local", window=3, is_causal=True, block_size=4)
    int8_contract(layer, padded_examples(24), FEWER_INT8_STEPS, attend_to_itself)


@pytest.mark.parametrize("value", [0, -1, 2.0, "8", True, None])
def test_local_when_the_window_is_no_whole_number_then_refused(value):
    with pytest.raises(ConfigError, match="`window` must be an integer of 1 or more; got"):
        LocalAttention(HEADS, DIM, window=value)
