from __future__ import annotations

import numpy as np
import pytest

from tests.attention_cases import DIM, HEADS, HIDDEN, attend, built, num_parameters, padded_bias
from tests.contracts import layer_contract
from tfedge.layers.additive_attention import AdditiveAttention


@pytest.mark.parametrize("key_value_heads", (2,))
def test_additive_then_keeps_the_contract(floats, key_value_heads):
    layer_contract(
        AdditiveAttention(HEADS, DIM, key_value_heads),
        {"query": floats(2, 5, HIDDEN), "source": floats(2, 7, HIDDEN), "attention_bias": padded_bias(4, 6, size=7)},
        num_parameters(key_value_heads) + HEADS * DIM,
        call=attend,
        hides={"attention_bias": ("source",)},
    )


def test_additive_when_a_heads_vector_changes_then_only_that_heads_weights_do(floats):
    layer, x = built("additive", 2, floats), floats(1, 4, HIDDEN)
    call = dict(attention_bias=0.0, return_attention_scores=True)
    _, before = layer(x, *layer.project(x), **call)
    layer.score_vectors.assign(layer.score_vectors + np.eye(HEADS)[:, 2:3])
    _, after = layer(x, *layer.project(x), **call)
    moved = np.abs(np.asarray(after) - before).max(axis=(0, 2, 3))
    assert moved[2] > 0.01 and not moved[[0, 1, 3]].any()
