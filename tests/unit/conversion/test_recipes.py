from __future__ import annotations

import pathlib
import re

import pytest

from tfedge.conversion import recipes
from tfedge.errors import ConfigError


def test_recipes_then_the_four_of_the_main_job():
    assert list(recipes.RECIPES) == ["float32", "dynamic_wi8_afp32", "static_wi8_ai8", "static_wi8_ai8_fc"]


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_recipe_then_its_name_says_what_it_does(name):
    recipe = recipes.get(name)
    assert recipe.name == name
    assert re.fullmatch(r"float32|(dynamic|static)_wi8_(ai8|afp32)(_fc)?", name)
    assert recipe.needs_calibration == name.startswith("static")
    assert recipe.has_greedy != recipe.needs_calibration


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("flot32", "float32"),
        ("float_32", "float32"),
        ("dynamic", "dynamic_wi8_afp32"),
        ("static_wi8_ai8_fcc", "static_wi8_ai8_fc"),
        ("Static_wi8_ai8", "static_wi8_ai8"),
    ],
)
def test_get_when_misspelt_then_all_names_and_the_nearest(name, near):
    with pytest.raises(ConfigError) as caught:
        recipes.get(name)
    assert f"recipe must be one of {', '.join(recipes.RECIPES)}; got {name!r}" in str(caught.value)
    assert str(caught.value).endswith(f"did you mean {near!r}?")


def test_get_when_nothing_is_near_then_no_guess():
    with pytest.raises(ConfigError) as caught:
        recipes.get("bfp")
    assert "did you mean" not in str(caught.value)


def test_recipe_file_then_named_after_model_and_recipe():
    assert recipes.recipe_file(pathlib.Path("out"), "g2p", "float32") == pathlib.Path("out/g2p.float32.tflite")


def test_unnamed_then_says_what_to_pass():
    assert "pass --recipe, one of float32, dynamic_wi8_afp32" in str(recipes.unnamed("x.tflite"))
