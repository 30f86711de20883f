from __future__ import annotations

import numpy as np
import pytest

from tests import references
from tests.attention_cases import (
    DIM,
    HEADS,
    HIDDEN,
    attend,
    attend_to_itself,
    padded_bias,
    padded_examples,
    trained_like,
)
from tests.contracts import layer_contract
from tests.int8_contract import FEWER_INT8_STEPS, int8_contract
from tfedge.errors import ConfigError
from tfedge.layers.low_rank_attention import LowRankAttention, ProjectedAttention

RANK, LENGTH = 2, 7
# Dense layers of queries, keys, values and output with 2 key/value heads.
NUM_PARAMETERS = (HIDDEN + 1) * (HEADS * RANK + 2 * RANK + 2 * DIM) + (HEADS * DIM + 1) * HIDDEN


def inputs(floats):
    query, source = floats(2, 5, HIDDEN), floats(2, LENGTH, HIDDEN)
    return {"query": query, "source": source, "attention_bias": padded_bias(4, 6, size=LENGTH)}


def test_low_rank_then_keeps_the_contract(floats):
    layer = LowRankAttention(HEADS, DIM, 2, rank=RANK)
    layer_contract(layer, inputs(floats), NUM_PARAMETERS, attend, hides={"attention_bias": ("source",)})


def test_projected_then_keeps_the_contract(floats):
    layer = ProjectedAttention(HEADS, DIM, 2, rank=RANK, projected_length=3)
    given = inputs(floats)
    attend(layer, **given)  # E belongs to the length of the source.
    layer_contract(layer, given, NUM_PARAMETERS + (LENGTH + 1) * 3, attend, hides={"attention_bias": ("source",)})


def test_low_rank_then_scores_are_a_bilinear_form_of_that_rank(floats):
    layer, x = LowRankAttention(HEADS, DIM, HEADS, rank=RANK), floats(2, LENGTH, HIDDEN)
    bias = padded_bias(4, 6, size=LENGTH)
    answer, weights = layer(x, *layer.project(x), attention_bias=bias, return_attention_scores=True)
    for head in range(HEADS):  # New layers have no biases: the form is Q W Kᵀ and nothing else.
        mine = slice(head * RANK, (head + 1) * RANK)
        form = np.asarray(layer.query_dense.kernel)[:, mine] @ np.asarray(layer.key_dense.kernel)[:, mine].T
        assert np.linalg.matrix_rank(form) == RANK
        scores = x.astype(np.float64) @ form @ x.swapaxes(1, 2) / np.sqrt(RANK)
        np.testing.assert_allclose(weights[:, head], references.softmax(scores + bias[:, 0]), atol=1e-5)  # float32
    expected, _ = references.attention(layer, x, x, bias, references.scaled_dot)
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)  # float32 against float64


@pytest.mark.parametrize("key_value_heads", [1, 2])
def test_projected_then_equals_attention_to_mixtures_of_positions(floats, key_value_heads):
    layer, given = ProjectedAttention(HEADS, DIM, key_value_heads, rank=RANK, projected_length=3), inputs(floats)
    answer = attend(layer, **given)
    shown = given["attention_bias"][:, 0, 0] == 0
    expected = references.projected(layer, given["query"], given["source"], shown)
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)  # float32 against float64


def test_projected_when_the_length_is_another_or_unknown_then_refused(floats):
    layer = ProjectedAttention(HEADS, DIM, projected_length=3)
    layer.build((None, 7, HIDDEN))
    x = floats(1, 6, HIDDEN)
    with pytest.raises(ValueError, match="expected 7 keys, as the layer was built with; got 6"):
        attend(layer, x, x, 0.0)
    with pytest.raises(ConfigError, match="expected a fixed length to project keys of; got none: give the input's"):
        ProjectedAttention(HEADS, DIM).build((None, None, HIDDEN))


def test_low_rank_when_int8_then_near_keras_on_both_runtimes():
    int8_contract(trained_like("low_rank"), padded_examples(24), FEWER_INT8_STEPS, attend_to_itself)


def test_projected_when_int8_then_near_keras_on_both_runtimes():
    int8_contract(
        trained_like("projected", projected_length=8), padded_examples(24), FEWER_INT8_STEPS, attend_to_itself
    )


@pytest.mark.parametrize("kind", [LowRankAttention, ProjectedAttention])
def test_low_rank_when_the_rank_is_no_whole_number_then_refused(kind):
    with pytest.raises(ConfigError, match="`rank` must be an integer of 1 or more; got 0"):
        kind(HEADS, DIM, rank=0)
