from __future__ import annotations

from tfedge.conversion.recipes import RECIPES
from tfedge.validation.limits import LIMITS, UNKNOWN_RECIPE, limits_of


def test_limits_then_every_recipe_has_its_own():
    assert set(LIMITS) == set(RECIPES)


def test_limits_then_they_are_the_projects_promises():
    assert {name: limits.max_points_lost for name, limits in LIMITS.items()} == {
        "float32": 0.1,
        "dynamic_wi8_afp32": 0.3,
        "static_wi8_ai8": 1.0,
        "static_wi8_ai8_fc": 1.0,
    }
    assert {limits.max_size_ratio for name, limits in LIMITS.items() if name != "float32"} == {0.30}
    assert limits_of("dynamic_wi8_afp32").max_bytes == 2_000_000


def test_limits_of_when_the_recipe_is_unknown_then_the_strictest_of_a_quantized_one():
    quantized = [limits.max_points_lost for name, limits in LIMITS.items() if name != "float32"]
    assert limits_of("beam_wi4") == UNKNOWN_RECIPE
    assert UNKNOWN_RECIPE.max_points_lost == min(quantized)
