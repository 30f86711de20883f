from __future__ import annotations

import numpy as np
import pytest

from tfedge.conversion.recipes import QUANTIZER, RECIPES, Recipe, get
from tfedge.conversion.scopes import DYNAMIC, EVERY, FLOAT, GPTQ, STATIC, Scope
from tfedge.errors import ConfigError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.pipeline.rescue_places import (
    FLOAT_PLACES,
    INT8_WEIGHTS,
    choose_places,
    in_scopes,
    keras_path,
    mixed,
    parts,
    precisions,
    quantized_ops,
)

NAMES = frozenset({"block_0", "block_1", "attention", "dense", "norm", "softmax", "logits"})


def product(builder, name, source, weights=None):
    weights = builder.tensor(f"{name}/w", (4, 4), data=np.eye(4, dtype=np.float32)) if weights is None else weights
    out = builder.tensor(f"{name}/BiasAdd", (1, 4))
    builder.op("FULLY_CONNECTED", [source, weights, -1], [out])
    return out, weights


@pytest.fixture
def graph():
    """Two blocks of a product, a mask's ADD, a softmax and a norm's ADD; logits; and an ADD between layers."""
    builder = ModelBuilder()
    x = builder.tensor("x", (1, 4))
    for block in ("block_0_1", "block_1_1"):
        x, _ = product(builder, f"{block}/attention_2/dense_1", x)
        for name, op in (
            ("attention_2/add", "ADD"),
            ("attention_2/softmax_1/Softmax", "SOFTMAX"),
            ("norm_1/add", "ADD"),
        ):
            out = builder.tensor(f"{block}/{name}", (1, 4))
            builder.op(op, [x, x] if op == "ADD" else [x], [out])
            x = out
    between = builder.tensor("add", (1, 4))
    builder.op("ADD", [x, x], [between])
    product(builder, "logits_1", between)
    return read_graph(builder.build())


def everywhere(mode=STATIC):
    return Recipe("r", "s", QUANTIZER, (Scope(mode, op=EVERY),))


def named(places):
    return {(place.layers, place.op): place.num_ops for place in places}


def test_choose_places_when_everything_is_quantized_then_kinds_and_outer_layers(graph):
    places = choose_places(quantized_ops(graph, everywhere(), NAMES))
    assert named(places) == {
        ("*", "ADD"): 5,
        ("*", "SOFTMAX"): 2,
        ("block_0", "FULLY_CONNECTED"): 1,
        ("block_1", "FULLY_CONNECTED"): 1,
        ("logits", "FULLY_CONNECTED"): 1,
    }
    assert {place.op: place.weight_bytes for place in places} == {"ADD": 0, "SOFTMAX": 0, "FULLY_CONNECTED": 64}


def test_choose_places_when_products_alone_then_each_layer(graph):
    places = choose_places(quantized_ops(graph, Recipe("r", "s", QUANTIZER, (Scope(DYNAMIC),)), NAMES))
    layers = {"block_0/attention/dense", "block_1/attention/dense", "logits"}
    assert {place.layers for place in places} == layers


def test_quantized_ops_when_a_scope_leaves_a_layer_in_float_then_it_is_no_place(graph):
    recipe = Recipe("r", "s", QUANTIZER, (Scope(DYNAMIC), Scope(FLOAT, "block_0")))
    assert {op.path for op in quantized_ops(graph, recipe, NAMES)} == {"block_1/attention/dense", "logits"}
    # The near twin: a later scope quantizes it again.
    again = Recipe("r", "s", QUANTIZER, (Scope(DYNAMIC), Scope(FLOAT, "block_0"), Scope(DYNAMIC, "block_0/attention")))
    assert "block_0/attention/dense" in {op.path for op in quantized_ops(graph, again, NAMES)}


def test_choose_places_when_layers_share_a_matrix_then_it_is_counted_once():
    builder = ModelBuilder()
    out, weights = product(builder, "block_0/dense", builder.tensor("x", (1, 4)))
    product(builder, "block_0/dense_1", out, weights)
    (place,) = choose_places(quantized_ops(read_graph(builder.build()), everywhere(), frozenset({"block_0", "dense"})))
    assert (place.num_ops, place.weight_bytes) == (2, 64)


def test_parts_then_roles_of_all_blocks_and_layers_of_products(graph):
    ops = quantized_ops(graph, everywhere(), NAMES)
    places = {place.title: place for place in choose_places(ops)}
    assert named(parts(places["ADD everywhere"], ops)) == {
        ("block_*/attention", "ADD"): 2,
        ("block_*/norm", "ADD"): 2,
    }
    one = places["SOFTMAX everywhere"]
    assert parts(one, ops) == (one,)  # All in attention: nothing to split.
    assert parts(places["FULLY_CONNECTED in logits"], ops) == (places["FULLY_CONNECTED in logits"],)


@pytest.mark.parametrize(
    ("layer", "path"),
    [
        ("while/block_0_1/attention_2/dense/dense_1", "block_0/attention/dense"),
        ("block_1/attention", "block_1/attention"),
        ("somewhere/else_1", ""),
        ("", ""),
    ],
)
def test_keras_path_then_keras_own_names(layer, path):
    assert keras_path(layer, NAMES) == path


def test_mixed_then_kept_scopes_come_last_and_the_rest_stays(graph):
    recipe = everywhere()
    softmax = next(p for p in choose_places(quantized_ops(graph, recipe, NAMES)) if p.op == "SOFTMAX")
    made = mixed(recipe, [softmax], FLOAT_PLACES, "made")
    assert made.scopes == (*recipe.scopes, Scope(FLOAT, op="SOFTMAX"))
    assert made.name == "made" and Recipe.from_json(made.to_json()) == made
    assert mixed(recipe, [], FLOAT_PLACES, "made").scopes == recipe.scopes


def test_mixed_when_four_bits_then_eight_bits_first_and_layers_of_eight_bits_stay(graph):
    four = Scope(DYNAMIC, weight_bits=4, algorithm=GPTQ)
    recipe = Recipe("r", "s", QUANTIZER, (four, Scope(DYNAMIC, "logits")))
    places = choose_places(quantized_ops(graph, recipe, NAMES))
    made = mixed(recipe, places, INT8_WEIGHTS, "made")
    assert [scope.weight_bits for scope in made.scopes] == [4, 8, 8, 8]
    assert [scope.layers for scope in made.scopes].count("logits") == 1
    in_float = mixed(recipe, places, FLOAT_PLACES, "made")
    assert [scope.mode for scope in in_float.scopes] == [DYNAMIC, FLOAT, FLOAT, FLOAT]
    assert precisions(recipe) == (INT8_WEIGHTS, FLOAT_PLACES)
    assert precisions(everywhere()) == (FLOAT_PLACES,)


@pytest.mark.parametrize("name", ["static_wi8_ai8", "dynamic_wi8_afp32", "static_wi8_ai8_fc", "dynamic_wi4_afp32"])
def test_in_scopes_then_a_recipe_of_the_quantizer(name):
    scoped = in_scopes(get(name))
    assert scoped.engine == QUANTIZER
    assert scoped.has_greedy == get(name).has_greedy


@pytest.mark.parametrize("name", ["float32", "float16_weights"])
def test_in_scopes_when_nothing_is_quantized_to_integers_then_config_error(name):
    with pytest.raises(ConfigError, match=f"got {name}; choose another"):
        in_scopes(get(name))
    assert RECIPES["static_wi8_ai8"] == get("static_wi8_ai8")
