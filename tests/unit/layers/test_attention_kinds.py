from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from tests.attention_cases import DIM, HEADS, HIDDEN, padded_bias
from tfedge.errors import ConfigError
from tfedge.layers import attention_kinds, masks
from tfedge.layers.attention import CachedMultiHeadAttention
from tfedge.layers.attention_kinds import KINDS, decoder_kinds, make_attention, option_names
from tfedge.layers.decoder_block import DecoderBlock
from tfedge.layers.encoder_block import EncoderBlock


@pytest.mark.parametrize("kind", KINDS)
def test_make_then_a_layer_of_the_kind_that_any_block_takes(floats, kind):
    layer = make_attention(kind, HEADS, DIM, 2, name="mine")
    assert type(layer) is KINDS[kind]
    assert (layer.num_heads, layer.head_dim, layer.num_key_value_heads, layer.name) == (HEADS, DIM, 2, "mine")
    block, x = EncoderBlock(HEADS, DIM, 24, attention=kind), floats(2, 8, HIDDEN)
    assert block(x, padded_bias(6, 8, size=8)).shape == x.shape
    assert type(block.self_attention) is KINDS[kind]


def test_make_when_options_are_given_then_the_layer_has_them():
    assert option_names("cosine") == ("max_factor",)
    assert make_attention("cosine", HEADS, DIM, options={"max_factor": 50.0}).max_factor == 50.0


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("cosin", {}, "attention must be one of scaled_dot_product, .*; got 'cosin'; did you mean 'cosine'?"),
        ("cosine", {"max_facto": 1}, "option of attention 'cosine' must be one of max_factor; got 'max_facto'; did"),
        ("additive", {"max_factor": 1}, "attention 'additive' takes no options; got 'max_factor': leave it out"),
    ],
)
def test_make_when_a_name_is_unknown_then_refused_with_the_nearest(kind, options, said):
    with pytest.raises(ConfigError, match=said) as caught:
        make_attention(kind, HEADS, DIM, options=options)
    assert "\n" not in str(caught.value)
    for block in (EncoderBlock, DecoderBlock):
        with pytest.raises(ConfigError, match=said):
            block(HEADS, DIM, 24, attention=kind, attention_options=options)


def test_block_when_it_has_options_then_they_survive_a_config_as_json(floats):
    block, x = EncoderBlock(HEADS, DIM, 24, attention="cosine", attention_options={"max_factor": 7}), floats(1, 4, 16)
    block(x, np.zeros((1, 1, 1, 4), np.float32))
    stored = json.loads(json.dumps(keras.saving.serialize_keras_object(block)))
    clone = keras.saving.deserialize_keras_object(stored)
    clone(x, np.zeros((1, 1, 1, 4), np.float32))
    assert clone.self_attention.max_factor == 7 and clone.get_config() == block.get_config()


def test_block_when_a_config_is_older_than_kinds_then_scaled_dot_product():
    for block in (EncoderBlock(HEADS, DIM, 24), DecoderBlock(HEADS, DIM, 24)):
        config = block.get_config()
        del config["attention"], config["attention_options"]
        clone = type(block).from_config(config)
        clone.build((None, 4, HIDDEN))
        assert type(clone.self_attention) is CachedMultiHeadAttention


@pytest.mark.parametrize("kind", decoder_kinds())
def test_decoder_block_when_cached_then_equals_the_whole_for_every_kind(floats, kind):
    block, x = DecoderBlock(HEADS, DIM, 24, 2, attention=kind), floats(2, 5, HIDDEN)
    block.build(x.shape)
    cross = block.cross_attention.project(floats(2, 3, HIDDEN))
    cross_bias = np.zeros((1, 1, 1, 3), np.float32)
    whole = np.asarray(block(x, cross, masks.causal_bias(5, mask_value=-1e4), cross_bias))
    cache = (np.zeros((2, 2, 5, DIM), np.float32),) * 2
    for position in range(5):
        index, now = np.array([position], np.int32), x[:, position : position + 1]
        bias = masks.cache_bias(5, index, mask_value=-1e4)
        step, cache = block(now, cross, bias, cross_bias, self_cache=cache, cache_update_index=index)
        # float32 sums in another order: measured 1e-6.
        np.testing.assert_allclose(step[:, 0], whole[:, position], rtol=1e-4, atol=1e-5)


def test_decoder_block_when_a_kind_cannot_write_one_position_at_a_time_then_refused(monkeypatch):
    class Lasting(CachedMultiHeadAttention):
        has_cache = False

    monkeypatch.setitem(attention_kinds.KINDS, "lasting", Lasting)
    EncoderBlock(HEADS, DIM, 24, attention="lasting")
    with pytest.raises(ConfigError, match="that a decoder can use, .*; got 'lasting': use one of scaled_dot_product"):
        DecoderBlock(HEADS, DIM, 24, attention="lasting")
