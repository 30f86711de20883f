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
    inputs_of_itself,
    num_parameters,
    padded_bias,
    padded_examples,
    trained_like,
)
from tests.contracts import layer_contract
from tests.int8_contract import FEWER_INT8_STEPS, int8_contract
from tfedge.errors import ConfigError
from tfedge.layers.hierarchical_attention import HierarchicalAttention


def test_hierarchical_then_keeps_the_contract(floats):
    layer_contract(
        HierarchicalAttention(HEADS, DIM, 2, segment_size=4),
        inputs_of_itself(floats, 11),
        num_parameters(2) + 2 * DIM,
        call=attend,
        hides={"attention_bias": ("source",)},
    )


@pytest.mark.parametrize("length", [3, 12, 13])
def test_hierarchical_then_equals_the_reference_segment_by_segment(floats, length):
    layer, x = HierarchicalAttention(HEADS, DIM, 2, segment_size=4), floats(2, length, HIDDEN)
    lengths = max(1, length - 5), length  # A segment of padding alone, one that is cut, and none.
    shown = np.arange(length)[None, :] < np.array(lengths)[:, None]
    answer = np.asarray(attend_to_itself(layer, x, padded_bias(*lengths, size=length)))
    expected = references.hierarchical(layer, x, shown)
    np.testing.assert_allclose(answer[shown], expected[shown], rtol=1e-4, atol=1e-5)  # float32 against float64
    whole = references.hierarchical(layer, x, np.ones_like(shown))
    np.testing.assert_allclose(attend_to_itself(layer, x, 0.0), whole, rtol=1e-4, atol=1e-5)


def test_hierarchical_when_int8_then_near_keras_on_both_runtimes():
    layer = trained_like("hierarchical", segment_size=5)
    int8_contract(layer, padded_examples(24), FEWER_INT8_STEPS, attend_to_itself)


def test_hierarchical_when_a_segment_is_empty_then_refused():
    with pytest.raises(ConfigError, match="`segment_size` must be an integer of 1 or more; got 0"):
        HierarchicalAttention(HEADS, DIM, segment_size=0)
