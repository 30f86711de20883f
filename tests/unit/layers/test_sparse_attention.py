from __future__ import annotations

from tests.attention_cases import (
    DIM,
    HEADS,
    attend,
    attend_to_itself,
    inputs_of_itself,
    num_parameters,
    padded_examples,
    trained_like,
)
from tests.contracts import layer_contract
from tests.int8_contract import FEWER_INT8_STEPS, int8_contract
from tfedge.layers.attention_patterns import StridedPattern
from tfedge.layers.sparse_attention import SparseAttention

# All that a pattern can have: lanes, blocks around, global positions.
PATTERN = StridedPattern(3, 2, num_global=2, block_size=2)


def test_sparse_then_keeps_the_contract(floats):
    layer_contract(
        SparseAttention(HEADS, DIM, 2, pattern=PATTERN),
        inputs_of_itself(floats, 26),
        num_parameters(2),
        call=attend,
        hides={"attention_bias": ("source",)},
    )


def test_sparse_when_the_pattern_is_json_then_the_same_layer():
    layer = SparseAttention(HEADS, DIM, pattern=PATTERN.to_json())
    assert layer.pattern == PATTERN
    assert layer.get_config()["pattern"] == PATTERN.to_json()


def test_sparse_when_int8_then_near_keras_on_both_runtimes():
    int8_contract(trained_like("sparse", pattern=PATTERN), padded_examples(24), FEWER_INT8_STEPS, attend_to_itself)
