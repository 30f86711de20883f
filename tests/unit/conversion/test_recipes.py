from __future__ import annotations

import json
import pathlib
import re

import pytest

from tfedge.conversion import recipes
from tfedge.conversion.recipes import ALL_RECIPES, CONVERTER, QUANTIZER, Recipe
from tfedge.conversion.scopes import DYNAMIC, EVERY, FLOAT, STATIC, Scope
from tfedge.errors import ArtifactError, ConfigError

MIXED = {
    "name": "mixed_encoder8_decoder4",
    "summary": "static int8 in the encoder, dynamic int4 in the decoder",
    "engine": "litert-quantizer",
    "scopes": [
        {"mode": "static", "layers": "encoder_block_*"},
        {"mode": "dynamic", "layers": "decoder_block_*", "weight_bits": 4, "algorithm": "mse"},
        {"mode": "float", "layers": "logits_dense"},
    ],
}


def test_recipes_then_the_four_of_a_run():
    assert list(recipes.RECIPES) == ["float32", "dynamic_wi8_afp32", "static_wi8_ai8", "static_wi8_ai8_fc"]
    assert list(ALL_RECIPES)[:4] == list(recipes.RECIPES)


@pytest.mark.parametrize("name", ALL_RECIPES)
def test_recipe_then_its_name_says_what_it_does(name):
    recipe = recipes.get(name)
    assert recipe.name == name
    said = re.fullmatch(
        r"float32|float16_weights|(dynamic|static|weight_only)_wi(4|8)_(ai8|ai16|afp32)(_fc|_channel)?", name
    )
    assert said
    assert recipe.needs_calibration == (name.startswith("static") or name == "dynamic_wi4_afp32")
    assert recipe.has_greedy == (name not in ("static_wi8_ai8", "static_wi8_ai16"))
    modes = {scope.mode for scope in recipe.scopes}
    assert modes == ({said[1]} if recipe.engine == QUANTIZER else set())
    if recipe.scopes:
        first = recipe.scopes[0]  # The rule; the others are exceptions.
        assert (first.weight_bits, first.layers) == (int(said[2]), EVERY)
        assert said[3] == (f"ai{first.activation_bits}" if first.mode == STATIC else "afp32")


@pytest.mark.parametrize("name", ALL_RECIPES)
def test_from_json_then_as_written(name):
    recipe = recipes.get(name)
    if recipe.scopes:
        assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_get_when_a_json_file_then_the_mixed_recipe(tmp_path):
    path = tmp_path / "mixed.json"
    path.write_text(json.dumps(MIXED))
    recipe = recipes.get(str(path))
    assert (recipe.name, recipe.engine, len(recipe.scopes)) == (MIXED["name"], QUANTIZER, 3)
    assert recipe.scopes[1] == Scope(DYNAMIC, "decoder_block_*", weight_bits=4, algorithm="mse")
    assert (recipe.needs_calibration, recipe.has_greedy) == (True, True)


def test_get_when_a_json_file_is_missing_or_no_json_then_one_line(tmp_path):
    with pytest.raises(ArtifactError, match="none.json"):
        recipes.get(str(tmp_path / "none.json"))
    path = tmp_path / "half.json"
    path.write_text('{"name": ')
    with pytest.raises(ConfigError, match=r"expected JSON in .*half.json; .*; correct the file") as caught:
        recipes.get(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scope": []}, "a key of a recipe must be one of name, summary, engine, scopes; got 'scope'"),
        ({"scopes": [{"mode": "static", "bits": 4}]}, "a key of `scope` must be one of"),
        ({"scopes": []}, "must hold at least one that quantizes"),
        ({"scopes": [{"mode": "float"}]}, "must hold at least one that quantizes"),
        ({"scopes": {"mode": "static"}}, "a list of scopes"),
        ({"engine": CONVERTER}, "`scopes` of recipe mixed_encoder8_decoder4 by TFLiteConverter must hold none"),
        ({"engine": "litert-quantiser"}, "did you mean 'litert-quantizer'?"),
        ({"name": "static_wi8_ai8_fc"}, "is a recipe of tfedge, and another one"),
        ({"name": "../x"}, "`name` of a recipe must be small letters, digits and _"),
        ({"summary": ""}, "`summary` of recipe mixed_encoder8_decoder4 must say"),
        ({"scopes": [{"mode": "static"}, {"mode": "dynamic"}]}, "must name layers and op once"),
    ],
)
def test_from_json_when_illegal_then_refused(change, said):
    with pytest.raises(ConfigError) as caught:
        Recipe.from_json({**MIXED, **change})
    assert said in str(caught.value)


@pytest.mark.parametrize("key", ["name", "summary", "scopes"])
def test_from_json_when_a_key_is_missing_then_named(key):
    with pytest.raises(ConfigError, match=f"got one without {key}"):
        Recipe.from_json({name: value for name, value in MIXED.items() if name != key})


def test_has_greedy_when_a_static_scope_goes_beyond_products_then_not():
    assert Recipe("a", "b", QUANTIZER, (Scope(STATIC), Scope(FLOAT, "logits_dense"))).has_greedy
    assert not Recipe("a", "b", QUANTIZER, (Scope(STATIC), Scope(STATIC, op="ADD"))).has_greedy


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("flot32", "float32"),
        ("float_32", "float32"),
        ("dynamic_wi8", "dynamic_wi8_afp32"),
        ("static_wi8_ai8_fcc", "static_wi8_ai8_fc"),
        ("Static_wi8_ai8", "static_wi8_ai8"),
        ("weight_only_wi8", "weight_only_wi8_afp32"),
    ],
)
def test_get_when_misspelt_then_all_names_and_the_nearest(name, near):
    with pytest.raises(ConfigError) as caught:
        recipes.get(name)
    assert f"recipe must be one of {', '.join(ALL_RECIPES)}; got {name!r}" in str(caught.value)
    assert str(caught.value).endswith(f"did you mean {near!r}?")


def test_get_when_nothing_is_near_then_no_guess():
    with pytest.raises(ConfigError) as caught:
        recipes.get("bfp")
    assert "did you mean" not in str(caught.value)


def test_recipe_file_then_named_after_model_and_recipe():
    assert recipes.recipe_file(pathlib.Path("out"), "g2p", "float32") == pathlib.Path("out/g2p.float32.tflite")


def test_unnamed_then_says_what_to_pass():
    assert "pass --recipe, one of float32, dynamic_wi8_afp32" in str(recipes.unnamed("x.tflite"))
