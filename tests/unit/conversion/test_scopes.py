from __future__ import annotations

import re

import pytest

from tfedge.conversion.scopes import DYNAMIC, EVERY, FLOAT, GPTQ, STATIC, WEIGHT_ONLY, Scope
from tfedge.errors import ConfigError

NAME = "while/decoder_block_0_1/cross_attention_1/query_dense/query_dense_1/BiasAdd;while/decoder_block_0_1/mul"


@pytest.mark.parametrize(
    "layers",
    [
        "*",
        "decoder_block_0",
        "decoder_block_*",
        "cross_attention",
        "*_attention/query_dense",
        "decoder_block_0/cross_attention/query_dense",
    ],
)
def test_pattern_when_the_layer_is_in_the_name_then_found(layers):
    assert re.search(Scope(DYNAMIC, layers).pattern, NAME)


@pytest.mark.parametrize(
    "layers",
    [
        "decoder_block",
        "block_0",
        "decoder_block_1",
        "self_attention",
        "attention",
        "query",
        "decoder_block_0/query_dense",
    ],
)
def test_pattern_when_it_is_another_layer_then_not_found(layers):
    assert not re.search(Scope(DYNAMIC, layers).pattern, NAME)


def test_pattern_when_block_1_then_neither_block_10_nor_11():
    pattern = Scope(DYNAMIC, "block_1").pattern
    found = [bool(re.search(pattern, f"a/{name}/dense")) for name in ("block_1", "block_1_1", "block_10", "block_11_1")]
    assert found == [True, True, False, False]


def test_from_json_then_as_written_and_defaults_where_left_out():
    scope = Scope(STATIC, "encoder_block_*", "BATCH_MATMUL", activation_bits=16)
    assert Scope.from_json(scope.to_json()) == scope
    assert Scope.from_json({"mode": "dynamic"}) == Scope(DYNAMIC)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mode": "dinamic"}, "did you mean 'dynamic'?"),
        ({"mode": DYNAMIC, "layer": "x"}, "did you mean 'layers'?"),
        ({"mode": DYNAMIC, "weight_bits": 3}, "`weight_bits` of a scope must be one of 4, 8; got 3"),
        ({"mode": DYNAMIC, "weight_bits": 8.0}, "`weight_bits` of a scope must be one of 4, 8; got 8.0"),
        ({"mode": STATIC, "activation_bits": True}, "`activation_bits` of a scope must be one of 8, 16; got True"),
        ({"mode": DYNAMIC, "op": ["MUL"]}, "`op` of a scope must be one of"),
        ({"mode": DYNAMIC, "layers": "a|b"}, "`layers` of a scope must be a path of layer names"),
        ({"mode": DYNAMIC, "layers": ""}, "`layers` of a scope must be a path of layer names"),
        ({"mode": DYNAMIC, "activation_bits": 16}, "only static scopes"),
        ({"mode": DYNAMIC, "op": EVERY}, "`op` of a dynamic scope must be one of FULLY_CONNECTED"),
        ({"mode": WEIGHT_ONLY, "op": "ADD"}, "`op` of a weight_only scope must be one of FULLY_CONNECTED"),
        ({"mode": DYNAMIC, "op": "CONV_2D", "weight_bits": 4}, "`weight_bits` of CONV_2D must be 8"),
        ({"mode": STATIC, "algorithm": GPTQ}, "gptq is for dynamic scopes of 4 bits"),
        ({"mode": DYNAMIC, "algorithm": GPTQ}, "gptq is for dynamic scopes of 4 bits; got mode 'dynamic' and 8 bits"),
        ({}, "missing"),
        ([], "`scope` must be a JSON object; got list"),
    ],
)
def test_from_json_when_illegal_then_one_line_says_what(values, said):
    with pytest.raises(ConfigError) as caught:
        Scope.from_json(values)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_needs_calibration_then_static_and_gptq():
    scopes = [Scope(STATIC), Scope(DYNAMIC, weight_bits=4, algorithm=GPTQ), Scope(DYNAMIC), Scope(WEIGHT_ONLY)]
    assert [scope.needs_calibration for scope in scopes] == [True, True, False, False]


def test_fits_a_loop_then_all_but_static_beyond_products():
    scopes = [Scope(STATIC), Scope(STATIC, op=EVERY), Scope(STATIC, op="ADD"), Scope(DYNAMIC), Scope(FLOAT, op=EVERY)]
    assert [scope.fits_a_loop for scope in scopes] == [True, False, False, True, True]
