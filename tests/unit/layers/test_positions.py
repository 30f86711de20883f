from __future__ import annotations

import numpy as np
import pytest

from tests.contracts import layer_contract
from tfedge import config
from tfedge.layers.positions import (
    POSITION_EMBEDDINGS,
    LearnedPositionEmbedding,
    SinusoidalPositionEmbedding,
    sinusoids,
)

START = np.array([3], np.int32)


def test_sinusoidal_then_keeps_the_contract(floats):
    layer_contract(SinusoidalPositionEmbedding(6), {"inputs": floats(2, 5, 8)}, num_parameters=0)


def test_sinusoidal_when_it_starts_later_then_keeps_the_contract(floats):
    layer_contract(SinusoidalPositionEmbedding(6), {"inputs": floats(2, 1, 8), "start": START}, num_parameters=0)


def test_learned_then_keeps_the_contract(floats):
    layer_contract(LearnedPositionEmbedding(6), {"inputs": floats(2, 5, 8)}, num_parameters=6 * 8)


def test_learned_when_it_starts_later_then_keeps_the_contract(floats):
    layer_contract(LearnedPositionEmbedding(6), {"inputs": floats(2, 1, 8), "start": START}, num_parameters=6 * 8)


def test_sinusoids_then_known_values():
    table = sinusoids(3, 4)
    # Feature i of position p: angle p / 10000^(i / 2), sines first.
    angles = [[0, 0], [1, 0.01], [2, 0.02]]
    np.testing.assert_allclose(table, np.concatenate([np.sin(angles), np.cos(angles)], axis=1), rtol=1e-6)
    assert table.dtype == np.float32
    np.testing.assert_array_equal(table[0], [0, 0, 1, 1])


def test_sinusoids_when_features_are_odd_then_the_last_is_zero():
    np.testing.assert_array_equal(sinusoids(5, 7)[:, 6], 0)


def test_sinusoids_then_every_position_differs():
    assert len(np.unique(sinusoids(512, 16), axis=0)) == 512


@pytest.mark.parametrize("kind", POSITION_EMBEDDINGS)
def test_position_embedding_when_stepped_then_as_in_the_whole(floats, kind):
    layer, x = POSITION_EMBEDDINGS[kind](6), floats(2, 6, 8)
    whole = np.asarray(layer(x))
    assert np.abs(whole - x).max() > 0.01
    for position in range(6):
        step = layer(x[:, position : position + 1], start=np.array([position], np.int32))
        np.testing.assert_array_equal(step[:, 0], whole[:, position])


@pytest.mark.parametrize("kind", POSITION_EMBEDDINGS)
def test_position_embedding_when_the_input_is_too_long_then_refused(floats, kind):
    with pytest.raises(ValueError, match="`inputs` must be at most 4 long; got 5"):
        POSITION_EMBEDDINGS[kind](4)(floats(1, 5, 8))


def test_position_embeddings_then_the_config_knows_the_same():
    assert tuple(POSITION_EMBEDDINGS) == config.POSITIONS
