from __future__ import annotations

import numpy as np
import pytest

from tests.contracts import layer_contract
from tfedge.errors import ConfigError
from tfedge.layers.token_embedding import TokenAndPositionEmbedding

IDS = np.array([[3, 9, 2, 0], [1, 1, 4, 2]], np.int32)


@pytest.mark.parametrize(("position", "table"), [("sinusoidal", 0), ("learned", 6 * 16)])
def test_token_embedding_then_keeps_the_contract(position, table):
    layer = TokenAndPositionEmbedding(10, 16, max_length=6, position=position)
    layer_contract(layer, {"ids": IDS}, num_parameters=10 * 16 + table)


def test_token_embedding_when_it_starts_later_then_keeps_the_contract():
    inputs = {"ids": IDS[:, :1], "start": np.array([5], np.int32)}
    layer_contract(TokenAndPositionEmbedding(10, 16, max_length=6), inputs, num_parameters=10 * 16)


@pytest.mark.parametrize("position", ["sinusoidal", "learned"])
def test_token_embedding_when_stepped_then_as_in_the_whole(position):
    layer = TokenAndPositionEmbedding(10, 16, max_length=4, position=position)
    whole = np.asarray(layer(IDS))
    for index in range(4):
        step = layer(IDS[:, index : index + 1], start=np.array([index], np.int32))
        np.testing.assert_array_equal(step[:, 0], whole[:, index])


def test_token_embedding_then_order_matters():
    layer = TokenAndPositionEmbedding(10, 16, max_length=4)
    one, other = np.asarray(layer(np.array([[3, 4]], np.int32))), np.asarray(layer(np.array([[4, 3]], np.int32)))
    assert np.abs(one[:, ::-1] - other).max() > 0.1


def test_token_embedding_when_the_position_is_unknown_then_the_nearest_is_named():
    with pytest.raises(ConfigError, match="got 'sinusoid'; did you mean 'sinusoidal'"):
        TokenAndPositionEmbedding(10, 16, max_length=4, position="sinusoid")
