from __future__ import annotations

import numpy as np
import pytest

from tests import references
from tests.attention_cases import DIM, HEADS, HIDDEN, attend, built, num_parameters, padded_bias
from tests.contracts import convert, layer_contract
from tfedge.errors import ConfigError
from tfedge.layers.cosine_attention import CosineAttention
from tfedge.modelfile.graph import read_graph


@pytest.mark.parametrize("key_value_heads", (2,))
def test_cosine_then_keeps_the_contract(floats, key_value_heads):
    layer_contract(
        CosineAttention(HEADS, DIM, key_value_heads),
        {"query": floats(2, 5, HIDDEN), "source": floats(2, 7, HIDDEN), "attention_bias": padded_bias(4, 6, size=7)},
        num_parameters(key_value_heads) + HEADS,
        call=attend,
        hides={"attention_bias": ("source",)},
    )


def test_cosine_when_new_then_factors_of_ten_or_the_bound_below():
    for bound, first in ((100.0, 10.0), (4.0, 4.0)):
        layer = CosineAttention(HEADS, DIM, max_factor=bound)
        layer.build((None, None, HIDDEN))
        np.testing.assert_allclose(layer.factors(), first, rtol=1e-6)  # a rounding of float32's log and exp


def test_cosine_when_a_weight_runs_away_then_scores_stay_within_the_bound(floats):
    layer, x = built("cosine", 4, floats, max_factor=20.0), floats(1, 4, HIDDEN)
    layer.log_factors.assign([50.0, 3.0, 1.0, -1.0])
    np.testing.assert_allclose(layer.factors(), [20.0, 20.0, np.e, 1 / np.e], rtol=1e-5)  # rounding, as above
    _, weights = layer(x, *layer.project(x), attention_bias=0.0, return_attention_scores=True)
    scores = references.cosine([20.0, 20.0, np.e, 1 / np.e])
    expected = references.attention(layer, x, x, np.zeros((1, 1, 1, 4)), scores)[1]
    np.testing.assert_allclose(weights, expected, atol=1e-5)  # float32


def test_cosine_when_queries_grow_then_the_same_answer(floats):
    layer, x = built("cosine", 2, floats), floats(1, 4, HIDDEN)
    before = attend(layer, x, x, 0.0)
    for dense in (layer.query_dense, layer.key_dense):
        dense.set_weights([7 * weight for weight in dense.get_weights()])
    np.testing.assert_allclose(attend(layer, x, x, 0.0), before, rtol=1e-4, atol=1e-5)  # float32


def test_cosine_when_converted_then_normalising_is_one_op_a_side(floats):
    layer = built("cosine", 2, floats)
    x = floats(1, 4, HIDDEN)
    inputs = {"query": x, "source": x, "attention_bias": np.zeros((1, 1, 1, 4), np.float32)}
    names = [op.name for op in read_graph(convert(layer, inputs, attend)).ops]
    assert names.count("L2_NORMALIZATION") == 2
    assert not {"RSQRT", "SUM", "EXP"} & set(names)


@pytest.mark.parametrize("value", [0.5, -1, float("inf"), float("nan"), "100", None, True])
def test_cosine_when_the_bound_is_no_number_of_one_or_more_then_refused(value):
    with pytest.raises(ConfigError, match="`max_factor` of cosine attention must be a number of 1 or more; got"):
        CosineAttention(HEADS, DIM, max_factor=value)
