from __future__ import annotations

import numpy as np
import pytest

from tests import references
from tests.attention_cases import (
    DIM,
    HEADS,
    HIDDEN,
    KEY_VALUE_HEADS,
    attend,
    attend_to_itself,
    biases,
    built,
    padded_bias,
    padded_examples,
    trained_like,
)
from tests.int8_contract import INT8_STEPS, int8_contract
from tfedge.errors import ConfigError
from tfedge.layers import masks
from tfedge.layers.attention_layer import AttentionLayer

# Kinds that look at every pair of positions: their score in NumPy, from the layer's own weights.
SCORES = {
    "scaled_dot_product": lambda layer: references.scaled_dot,
    "dot_product": lambda layer: references.dot,
    "additive": lambda layer: references.additive(layer.score_vectors),
    "cosine": lambda layer: references.cosine(np.minimum(np.exp(layer.log_factors), layer.max_factor)),
}


class Mean(AttentionLayer):
    """Weighs all positions alike: nothing to cache, to return or to hide by query."""

    has_cache = has_scores = has_query_bias = False

    def mix(self, rows, keys, values, attention_bias):
        return rows * 0 + values.numpy().mean(2, keepdims=True), None


@pytest.mark.parametrize("key_value_heads", KEY_VALUE_HEADS)
@pytest.mark.parametrize("kind", SCORES)
def test_attention_when_masked_then_equals_the_dense_reference_head_by_head(floats, kind, key_value_heads):
    layer, query, source = built(kind, key_value_heads, floats), floats(2, 5, HIDDEN), floats(2, 6, HIDDEN)
    query = np.concatenate([query, source[:, :1]], axis=1)
    for bias in biases(6).values():
        expected, weights = references.attention(layer, query, source, bias, SCORES[kind](layer))
        found, scores = layer(query, *layer.project(source), bias, return_attention_scores=True)
        # float32 sums of at most 16 products, of numbers below 30: measured 2e-5.
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(scores, weights, atol=1e-5)
        np.testing.assert_array_equal(attend(layer, query, source, bias), found)


@pytest.mark.parametrize("kind", SCORES)
def test_attention_when_lengths_differ_then_each_row_as_if_it_were_alone(floats, kind):
    layer, x, lengths = built(kind, 2, floats), floats(3, 7, HIDDEN), (3, 7, 2)
    together = attend(layer, x, x, padded_bias(*lengths, size=7))
    for row, length in enumerate(lengths):
        part = x[row : row + 1, :length]
        alone = attend(layer, part, part, np.zeros((1, 1, 1, length), np.float32))
        # What is hidden still weighs exp(-30 and what scores differ by): measured 8e-6 with random weights.
        np.testing.assert_allclose(together[row : row + 1, :length], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("key_value_heads", KEY_VALUE_HEADS)
@pytest.mark.parametrize("kind", SCORES)
def test_attention_when_cached_then_equals_the_whole_position_by_position(floats, kind, key_value_heads):
    layer, x = built(kind, key_value_heads, floats), floats(2, 6, HIDDEN)
    whole = np.asarray(attend(layer, x, x, masks.causal_bias(6, mask_value=-1e4)))
    # What an earlier use left in the cache must not be seen: it is full of large numbers.
    cache = (100 * floats(2, key_value_heads, 6, DIM), 100 * floats(2, key_value_heads, 6, DIM))
    for position in range(6):
        index = np.array([position], np.int32)
        cache = layer.update(cache, x[:, position : position + 1], index)
        step = layer(x[:, position : position + 1], *cache, masks.cache_bias(6, index, mask_value=-1e4))
        # Rounding of float32, as above.
        np.testing.assert_allclose(step[:, 0], whole[:, position], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", SCORES)
def test_attention_when_everything_is_hidden_then_finite(floats, kind):
    layer, x = built(kind, 1, floats), floats(1, 3, HIDDEN)
    assert np.isfinite(attend(layer, x, x, padded_bias(0, size=3))).all()


@pytest.mark.parametrize("kind", SCORES)
def test_attention_when_int8_then_near_keras_on_both_runtimes(kind):
    int8_contract(trained_like(kind), padded_examples(24), INT8_STEPS, attend_to_itself)


@pytest.mark.parametrize("kind", ("local", "sparse", "hierarchical"))
def test_attention_when_int8_and_nothing_is_ever_hidden_then_both_runtimes_load_it(kind):
    # A bias that is 0 throughout calibration once made an int8 ADD that both die of at load, by SIGABRT.
    def unmasked(layer, query):
        return attend_to_itself(layer, query, 0.0)

    int8_contract(trained_like(kind), {"query": padded_examples(16)["query"]}, INT8_STEPS, unmasked)


def test_attention_when_int8_and_the_mask_is_huge_then_the_contract_fails():
    examples = padded_examples(24, mask_value=-1e4)
    with pytest.raises(AssertionError, match="int8: at most .* steps from Keras; .*static_wi8_ai8"):
        int8_contract(trained_like("scaled_dot_product"), examples, INT8_STEPS, attend_to_itself)


def test_layer_when_a_kind_says_what_it_has_not_then_that_is_refused(floats):
    layer, x = Mean(HEADS, DIM, 2), floats(2, 4, HIDDEN)
    layer.build(x.shape)
    keys, values = layer.project(x)
    assert layer(x, keys, values, padded_bias(2, 4, size=4)).shape == x.shape
    with pytest.raises(ConfigError, match="expected an attention kind with attention scores; Mean has none"):
        layer(x, keys, values, attention_bias=0.0, return_attention_scores=True)
    with pytest.raises(ConfigError, match="with a bias for each query position; Mean has none: use another"):
        layer(x, keys, values, masks.causal_bias(4))
    with pytest.raises(ConfigError, match="with a cache of keys and values; Mean has none"):
        layer.update((keys, values), x[:, :1], np.array([1], np.int32))


def test_layer_when_no_kind_says_how_to_mix_then_refused(floats):
    layer, x = AttentionLayer(HEADS, DIM), floats(1, 2, HIDDEN)
    with pytest.raises(NotImplementedError, match="AttentionLayer must say how it mixes values"):
        attend(layer, x, x, padded_bias(2, size=2))
