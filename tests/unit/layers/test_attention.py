from __future__ import annotations

import numpy as np
import pytest

from tests.contracts import layer_contract
from tfedge.layers import masks
from tfedge.layers.attention import CachedMultiHeadAttention

HIDDEN, HEADS, DIM = 16, 4, 3
# Query heads that share a key/value head: all (multi-query), two (grouped), one (multi-head).
KEY_VALUE_HEADS = (1, 2, 4)


def attend(layer, query, source, attention_bias):
    return layer(query, *layer.project(source), attention_bias)


def update(layer, query, attention_bias, cache_key, cache_value, cache_update_index):
    """One position with a cache, as a decoder calls it."""
    keys, values = layer.update((cache_key, cache_value), query, cache_update_index)
    return layer(query, keys, values, attention_bias), keys, values


def num_parameters(key_value_heads):
    query, key_value = HEADS * DIM, key_value_heads * DIM
    return HIDDEN * query + query + 2 * (HIDDEN * key_value + key_value) + query * HIDDEN + HIDDEN


def reference(layer, query, source, attention_bias):
    """Dense attention, head by head, in float64: query head h looks at key/value head h // group."""
    weights = [np.asarray(value, np.float64) for value in layer.get_weights()]
    query_kernel, query_bias, key_kernel, key_bias, value_kernel, value_bias, out_kernel, out_bias = weights
    group = layer.num_heads // layer.num_key_value_heads
    heads = []
    for head in range(layer.num_heads):
        mine = slice(head * DIM, (head + 1) * DIM)
        shared = slice(head // group * DIM, (head // group + 1) * DIM)
        queries = query @ query_kernel[:, mine] + query_bias[mine]
        keys = source @ key_kernel[:, shared] + key_bias[shared]
        values = source @ value_kernel[:, shared] + value_bias[shared]
        scores = np.einsum("btd,bsd->bts", queries, keys) / np.sqrt(DIM) + attention_bias[:, 0]
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        heads.append(np.einsum("bts,bsd->btd", shares / shares.sum(-1, keepdims=True), values))
    return np.concatenate(heads, -1) @ out_kernel + out_bias


def built(key_value_heads, floats):
    """A layer whose biases are not zero."""
    layer = CachedMultiHeadAttention(HEADS, DIM, key_value_heads)
    layer.build((None, None, HIDDEN))
    layer.set_weights([floats(*weight.shape) / 2 for weight in layer.get_weights()])
    return layer


def padded_bias(*lengths, size):
    ids = np.arange(size)[None, :] < np.array(lengths)[:, None]
    return np.asarray(masks.padding_bias(ids.astype(np.int32)))


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


@pytest.mark.parametrize("bias", ["none", "padding", "causal", "both"])
@pytest.mark.parametrize("key_value_heads", KEY_VALUE_HEADS)
def test_attention_then_equals_dense_attention_head_by_head(floats, key_value_heads, bias):
    layer, query, source = built(key_value_heads, floats), floats(2, 6, HIDDEN), floats(2, 6, HIDDEN)
    padding, causal = padded_bias(4, 6, size=6), np.asarray(masks.causal_bias(6))
    bias = {"none": np.zeros((1, 1, 1, 6), np.float32), "padding": padding, "causal": causal, "both": padding + causal}[
        bias
    ]
    expected = reference(layer, query, source, bias)
    np.testing.assert_allclose(attend(layer, query, source, bias), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("key_value_heads", KEY_VALUE_HEADS)
def test_attention_when_cached_then_equals_the_whole_position_by_position(floats, key_value_heads):
    layer, x = built(key_value_heads, floats), floats(2, 6, HIDDEN)
    whole = np.asarray(attend(layer, x, x, np.asarray(masks.causal_bias(6))))
    # What an earlier use left in the cache must not be seen: it is full of large numbers.
    cache = (100 * floats(2, key_value_heads, 6, DIM), 100 * floats(2, key_value_heads, 6, DIM))
    for position in range(6):
        index = np.array([position], np.int32)
        cache = layer.update(cache, x[:, position : position + 1], index)
        step = layer(x[:, position : position + 1], *cache, masks.cache_bias(6, index, mask_value=-1e4))
        np.testing.assert_allclose(step[:, 0], whole[:, position], rtol=1e-4, atol=1e-5)


def test_update_then_writes_one_position_and_keeps_the_others(floats):
    layer, cache = built(2, floats), (floats(2, 2, 4, DIM), floats(2, 2, 4, DIM))
    source = floats(2, 1, HIDDEN)
    updated = layer.update(cache, source, np.array([2], np.int32))
    for before, after, written in zip(cache, updated, layer.project(source), strict=True):
        np.testing.assert_array_equal(np.delete(after, 2, axis=2), np.delete(before, 2, axis=2))
        np.testing.assert_array_equal(after[:, :, 2:3], written)


def test_attention_when_everything_is_hidden_then_finite(floats):
    layer, x = built(1, floats), floats(1, 3, HIDDEN)
    assert np.isfinite(attend(layer, x, x, padded_bias(0, size=3))).all()


def test_attention_when_no_number_is_given_then_each_query_head_has_its_own_key_head():
    assert CachedMultiHeadAttention(4, 8).num_key_value_heads == 4


@pytest.mark.parametrize("key_value_heads", [0, -1, 3, 8])
def test_attention_when_heads_do_not_divide_then_refused(key_value_heads):
    with pytest.raises(ValueError, match=f"`num_heads` must be a multiple .*; got 4 and {key_value_heads}"):
        CachedMultiHeadAttention(4, 8, key_value_heads)
