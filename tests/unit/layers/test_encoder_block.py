from __future__ import annotations

import numpy as np

from tests.contracts import layer_contract
from tfedge.layers import masks
from tfedge.layers.encoder_block import EncoderBlock

HIDDEN, HEADS, DIM, INTERMEDIATE = 16, 4, 3, 24
IDS = np.array([[5, 6, 2, 0, 0], [5, 5, 5, 5, 2]], np.int32)


ATTENTION = 3 * (HIDDEN * HEADS * DIM + HEADS * DIM) + HEADS * DIM * HIDDEN + HIDDEN
FEED_FORWARD = HIDDEN * INTERMEDIATE + INTERMEDIATE + INTERMEDIATE * HIDDEN + HIDDEN
NUM_PARAMETERS = ATTENTION + FEED_FORWARD + 2 * HIDDEN


def test_encoder_block_then_keeps_the_contract(floats):
    layer_contract(
        EncoderBlock(HEADS, DIM, INTERMEDIATE),
        {"inputs": floats(2, 5, HIDDEN), "attention_bias": np.asarray(masks.padding_bias(IDS))},
        NUM_PARAMETERS,
        hides={"attention_bias": ("inputs",)},
    )


def test_encoder_block_when_padded_more_then_the_same_answers(floats):
    block, x = EncoderBlock(HEADS, DIM, INTERMEDIATE), floats(2, 9, HIDDEN)
    ids = np.pad(IDS, ((0, 0), (0, 4)))
    short = block(x[:, :5], masks.padding_bias(IDS))
    long = block(x, masks.padding_bias(ids))
    tokens = IDS != 0
    np.testing.assert_allclose(np.asarray(long)[:, :5][tokens], np.asarray(short)[tokens], rtol=1e-5, atol=1e-5)


def test_encoder_block_when_training_then_drops_the_same_features_at_all_positions(floats):
    block, x = EncoderBlock(HEADS, DIM, INTERMEDIATE, dropout=0.5), floats(2, 5, HIDDEN)
    bias = np.zeros((1, 1, 1, 5), np.float32)
    still = np.asarray(block(x, bias))
    np.testing.assert_array_equal(block(x, bias, training=False), still)
    first = np.asarray(block(x, bias, training=True))
    assert np.abs(first - still).max() > 0.1
    assert np.abs(first - np.asarray(block(x, bias, training=True))).max() > 0.1
    # A feature that both parts dropped passes unchanged, at every position of its row: a quarter of them.
    dropped = first == x
    assert 0 < dropped.mean() < 0.5
    np.testing.assert_array_equal(dropped, np.broadcast_to(dropped[:, :1], dropped.shape))
