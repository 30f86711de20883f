from __future__ import annotations

import numpy as np
import pytest

from tests.contracts import layer_contract
from tfedge.layers import masks
from tfedge.layers.decoder_block import DecoderBlock

HIDDEN, HEADS, DIM, INTERMEDIATE = 16, 4, 3, 24
SOURCE_IDS = np.array([[5, 6, 2, 0, 0], [5, 5, 5, 2, 0]], np.int32)


def decode(block, inputs, encoded, self_bias, cross_bias):
    if not block.built:
        block.build(inputs.shape)
    return block(inputs, block.cross_attention.project(encoded), self_bias, cross_bias)


def step(block, inputs, encoded, self_bias, cross_bias, cache_key, cache_value, cache_update_index):
    if not block.built:
        block.build(inputs.shape)
    cross_cache, cache = block.cross_attention.project(encoded), (cache_key, cache_value)
    return block(inputs, cross_cache, self_bias, cross_bias, cache, cache_update_index)


def num_parameters(key_value_heads):
    query, key_value = HEADS * DIM, key_value_heads * DIM
    attention = HIDDEN * query + query + 2 * (HIDDEN * key_value + key_value) + query * HIDDEN + HIDDEN
    feed_forward = HIDDEN * INTERMEDIATE + INTERMEDIATE + INTERMEDIATE * HIDDEN + HIDDEN
    return 2 * attention + feed_forward + 3 * HIDDEN


def test_decoder_block_then_keeps_the_contract(floats):
    layer_contract(
        DecoderBlock(HEADS, DIM, INTERMEDIATE, 2),
        {
            "inputs": floats(2, 4, HIDDEN),
            "encoded": floats(2, 5, HIDDEN),
            "self_bias": np.asarray(masks.causal_bias(4)),
            "cross_bias": np.asarray(masks.padding_bias(SOURCE_IDS)),
        },
        num_parameters(2),
        call=decode,
        hides={"self_bias": ("inputs",), "cross_bias": ("encoded",)},
    )


def test_decoder_block_when_cached_then_keeps_the_contract(floats):
    layer_contract(
        DecoderBlock(HEADS, DIM, INTERMEDIATE, 1),
        {
            "inputs": floats(2, 1, HIDDEN),
            "encoded": floats(2, 5, HIDDEN),
            "self_bias": np.asarray(masks.cache_bias(6, np.array([3], np.int32))),
            "cross_bias": np.asarray(masks.padding_bias(SOURCE_IDS)),
            "cache_key": floats(2, 1, 6, DIM),
            "cache_value": floats(2, 1, 6, DIM),
            "cache_update_index": np.array([3], np.int32),
        },
        num_parameters(1),
        call=step,
        hides={"self_bias": ("cache_key", "cache_value"), "cross_bias": ("encoded",)},
        is_trained=False,
    )


@pytest.mark.parametrize("key_value_heads", [1, 2, 4])
def test_decoder_block_when_cached_then_equals_the_whole_position_by_position(floats, key_value_heads):
    block, x = DecoderBlock(HEADS, DIM, INTERMEDIATE, key_value_heads), floats(2, 6, HIDDEN)
    encoded, cross_bias = floats(2, 5, HIDDEN), masks.padding_bias(SOURCE_IDS)
    whole = np.asarray(decode(block, x, encoded, masks.causal_bias(6), cross_bias))
    cache = (np.zeros((2, key_value_heads, 6, DIM), np.float32),) * 2
    for position in range(6):
        index = np.array([position], np.int32)
        here = x[:, position : position + 1]
        output, cache = step(block, here, encoded, masks.cache_bias(6, index), cross_bias, *cache, index)
        np.testing.assert_allclose(output[:, 0], whole[:, position], rtol=1e-5, atol=1e-5)


def test_decoder_block_when_the_source_changes_then_every_output_changes(floats):
    block, x, encoded = DecoderBlock(HEADS, DIM, INTERMEDIATE), floats(2, 4, HIDDEN), floats(2, 5, HIDDEN)
    biases = (masks.causal_bias(4), masks.padding_bias(SOURCE_IDS))
    one = np.asarray(decode(block, x, encoded, *biases))
    other = np.asarray(decode(block, x, encoded[:, ::-1], *biases))
    assert np.abs(one - other).max(axis=-1).min() > 1e-3
