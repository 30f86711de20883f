"""Recipes: named ways to quantize, and who carries each one out.

A name reads as `when_wiN_aiM`: `dynamic` quantizes activations while running, `static` beforehand, from ranges
that calibration saw; `wi8` are int8 weights; `ai8` int8 activations, `afp32` float ones; `_fc` limits it to
FULLY_CONNECTED products and keeps float between them.
"""

from __future__ import annotations

import dataclasses
import pathlib

from tfedge.errors import ConfigError, one_of

CONVERTER, QUANTIZER = "TFLiteConverter", "litert-quantizer"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One way to quantize.

    Attributes:
        name: see the module.
        summary: one line for people.
        engine: what carries it out.
        needs_calibration: whether activation ranges must be measured first.
        has_greedy: whether the file can hold the in-graph loop; calibration cannot enter a WHILE loop.
        is_per_channel: whether a weight matrix has one scale a row. Per-tensor dynamic weights run on
            tflite-runtime 2.14, which refuses or misreads per-channel ones.
    """

    name: str
    summary: str
    engine: str
    needs_calibration: bool
    has_greedy: bool
    is_per_channel: bool


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("float32", "no quantization: the reference", CONVERTER, False, True, False),
        Recipe("dynamic_wi8_afp32", "int8 weights, activations quantized while running", CONVERTER, False, True, False),
        Recipe("static_wi8_ai8", "everything int8, for accelerators that need it", CONVERTER, True, False, True),
        Recipe("static_wi8_ai8_fc", "int8 products, float between them, for CPUs", QUANTIZER, True, False, True),
    )
}


def get(name: str) -> Recipe:
    """Returns the recipe `name`.

    Raises:
        ConfigError: unknown; all names are listed and the nearest one is suggested.
    """
    if name not in RECIPES:
        raise one_of("recipe", name, RECIPES)
    return RECIPES[name]


def recipe_file(out: pathlib.Path, name: str, recipe: str) -> pathlib.Path:
    """Returns where the file of model `name` and `recipe` is written."""
    return out / f"{name}.{recipe}.tflite"


def unnamed(path: object) -> ConfigError:
    """Returns the error for a file whose recipe nobody named."""
    return ConfigError(
        f"expected the recipe of {path}; it has no pack that says it; pass --recipe, one of {', '.join(RECIPES)}"
    )
