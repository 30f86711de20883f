from __future__ import annotations

import numpy as np
import pytest

from tests.attention_cases import DIM, HEADS, HIDDEN, attend, built, num_parameters, padded_bias
from tests.contracts import layer_contract
from tfedge.layers import masks
from tfedge.layers.attention import CachedMultiHeadAttention, DotProductAttention


def update(layer, query, attention_bias, cache_key, cache_value, cache_update_index):
    """One position with a cache, as a decoder calls it."""
    keys, values = layer.update((cache_key, cache_value), query, cache_update_index)
    return layer(query, keys, values, attention_bias), keys, values


@pytest.mark.parametrize("key_value_heads", (1, 4))
def test_attention_then_keeps_the_contract(floats, key_value_heads):
    layer_contract(
        CachedMultiHeadAttention(HEADS, DIM, key_value_heads),
        {"query": floats(2, 5, HIDDEN), "source": floats(2, 7, HIDDEN), "attention_bias": padded_bias(4, 6, size=7)},
        num_parameters(key_value_heads),
        call=attend,
        hides={"attention_bias": ("source",)},
    )


def test_attention_when_causal_then_keeps_the_contract(floats):
    layer_contract(
        CachedMultiHeadAttention(HEADS, DIM, 2),
        {
            "query": floats(2, 5, HIDDEN),
            "source": floats(2, 5, HIDDEN),
            "attention_bias": np.asarray(masks.causal_bias(5)),
        },
        num_parameters(2),
        call=attend,
        hides={"attention_bias": ("source",)},
    )


def test_attention_when_cached_then_keeps_the_contract(floats):
    layer_contract(
        CachedMultiHeadAttention(HEADS, DIM, 2),
        {
            "query": floats(2, 1, HIDDEN),
            "attention_bias": np.asarray(masks.cache_bias(6, np.array([3], np.int32))),
            "cache_key": floats(2, 2, 6, DIM),
            "cache_value": floats(2, 2, 6, DIM),
            "cache_update_index": np.array([3], np.int32),
        },
        num_parameters(2),
        call=update,
        hides={"attention_bias": ("cache_key", "cache_value")},
        is_trained=False,
    )


def test_update_then_writes_one_position_and_keeps_the_others(floats):
    layer, cache = built("scaled_dot_product", 2, floats), (floats(2, 2, 4, DIM), floats(2, 2, 4, DIM))
    source = floats(2, 1, HIDDEN)
    updated = layer.update(cache, source, np.array([2], np.int32))
    for before, after, written in zip(cache, updated, layer.project(source), strict=True):
        np.testing.assert_array_equal(np.delete(after, 2, axis=2), np.delete(before, 2, axis=2))
        np.testing.assert_array_equal(after[:, :, 2:3], written)


def test_attention_when_no_number_is_given_then_each_query_head_has_its_own_key_head():
    assert CachedMultiHeadAttention(4, 8).num_key_value_heads == 4


@pytest.mark.parametrize("key_value_heads", [0, -1, 3, 8])
def test_attention_when_heads_do_not_divide_then_refused(key_value_heads):
    with pytest.raises(ValueError, match=f"`num_heads` must be a multiple .*; got 4 and {key_value_heads}"):
        CachedMultiHeadAttention(4, 8, key_value_heads)


def test_plain_dot_product_then_keeps_the_contract(floats):
    layer_contract(
        DotProductAttention(HEADS, DIM, 2),
        {"query": floats(2, 5, HIDDEN), "source": floats(2, 7, HIDDEN), "attention_bias": padded_bias(4, 6, size=7)},
        num_parameters(2),
        call=attend,
        hides={"attention_bias": ("source",)},
    )
