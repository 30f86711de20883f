"""Recipes: named ways to quantize, and who carries each one out.

A name reads as `when_wiN_aiM`: `dynamic` quantizes activations while running, `static` beforehand, from ranges
that calibration saw; `wi8` are int8 weights; `ai8` int8 activations, `afp32` float ones; `_fc` limits it to
FULLY_CONNECTED products and keeps float between them; `_channel` gives every output channel of weights a scale of its
own, where the same name without it has one a tensor. `weight_only` stores weights small and computes in float.
A mixed recipe has a name of its own and says in a JSON file which layers are quantized how.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
from typing import Any

from tfedge.artifacts import read_bytes
from tfedge.conversion.scopes import DYNAMIC, EVERY, FLOAT, GPTQ, STATIC, TENSOR, WEIGHT_ONLY, WEIGHTED, Scope
from tfedge.errors import ConfigError, one_of

CONVERTER, QUANTIZER = "TFLiteConverter", "litert-quantizer"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One way to quantize.

    Attributes:
        name: see the module.
        summary: one line for people.
        engine: what carries it out. litert-quantizer quantizes a float file by `scopes`; TFLiteConverter knows three
            ways, told by the recipe's name.
        scopes: layers and ops, and how they are quantized; of litert-quantizer's recipes only.
    """

    name: str
    summary: str
    engine: str
    scopes: tuple[Scope, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ConfigError(f"`name` of a recipe must be small letters, digits and _; got {self.name!r}")
        if not isinstance(self.summary, str) or not self.summary:
            raise ConfigError(f"`summary` of recipe {self.name} must say in a line what it does; got {self.summary!r}")
        if self.engine not in (CONVERTER, QUANTIZER):
            raise one_of(f"`engine` of recipe {self.name}", self.engine, (CONVERTER, QUANTIZER))
        if (self.engine == QUANTIZER) != any(scope.mode != FLOAT for scope in self.scopes):
            wanted = "at least one that quantizes" if self.engine == QUANTIZER else "none"
            raise ConfigError(f"`scopes` of recipe {self.name} by {self.engine} must hold {wanted}; {self.scopes}")
        places = [(scope.layers, scope.op) for scope in self.scopes]
        twice = sorted({place for place in places if places.count(place) > 1})
        if twice:
            raise ConfigError(f"`scopes` of recipe {self.name} must name layers and op once; got {twice} again")

    @property
    def needs_calibration(self) -> bool:
        """Whether activations must be seen first."""
        return self == STATIC_EVERYTHING or any(scope.needs_calibration for scope in self.scopes)

    @property
    def has_greedy(self) -> bool:
        """Whether the file can hold the in-graph loop, which calibration cannot enter."""
        return self != STATIC_EVERYTHING and all(scope.fits_a_loop for scope in self.scopes)

    @property
    def is_hybrid(self) -> bool:
        """Whether products take float rows and int8 weights of one scale a tensor: what older runtimes compute by
        kernels of their own, chosen by the number of rows."""
        by_scopes = any((scope.mode, scope.granularity) == (DYNAMIC, TENSOR) for scope in self.scopes)
        return by_scopes or self == ALL_RECIPES["dynamic_wi8_afp32"]

    def to_json(self) -> dict[str, Any]:
        """Returns the recipe as JSON values; `from_json` of it is equal to this recipe."""
        fields = {"name": self.name, "summary": self.summary, "engine": self.engine}
        return {**fields, "scopes": [scope.to_json() for scope in self.scopes]}

    @classmethod
    def from_json(cls, values: Any) -> Recipe:
        """Reads a mixed recipe.

        Raises:
            ConfigError: an unknown or missing key, an illegal value, or the name of a recipe that is another.
        """
        keys = ("name", "summary", "engine", "scopes")
        if not isinstance(values, dict):
            raise ConfigError(f"a recipe must be a JSON object; got {type(values).__name__}")
        for key in values:
            if key not in keys:
                raise one_of("a key of a recipe", key, keys)
        missing = [key for key in ("name", "summary", "scopes") if key not in values]
        if missing or not isinstance(values["scopes"], list):
            what = f"without {', '.join(missing)}" if missing else f"whose scopes are {values['scopes']!r}"
            raise ConfigError(f"a recipe must have name, summary and a list of scopes; got one {what}")
        scopes = tuple(Scope.from_json(scope) for scope in values["scopes"])
        recipe = cls(values["name"], values["summary"], values.get("engine", QUANTIZER), scopes)
        if ALL_RECIPES.get(recipe.name, recipe) != recipe:
            raise ConfigError(f"`name` {recipe.name!r} is a recipe of tfedge, and another one; give yours its own name")
        return recipe

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Recipe:
        """Reads a mixed recipe from a JSON file.

        Raises:
            ArtifactError: the file cannot be read.
            ConfigError: not JSON, or as `from_json`.
        """
        try:
            values = json.loads(read_bytes(path, "recipe file"))
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"expected JSON in {path}; {error}; correct the file") from None
        return cls.from_json(values)


STATIC_EVERYTHING = Recipe("static_wi8_ai8", "everything int8, for accelerators that need it", CONVERTER)
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("float32", "no quantization: the reference", CONVERTER),
        Recipe("dynamic_wi8_afp32", "int8 weights, activations quantized while running", CONVERTER),
        STATIC_EVERYTHING,
        Recipe("static_wi8_ai8_fc", "int8 products, float between them, for CPUs", QUANTIZER, (Scope(STATIC),)),
    )
}
# The others are no part of `tfedge run`: each is asked for by name.
ALL_RECIPES = RECIPES | {
    recipe.name: recipe
    for recipe in (
        # tflite-runtime 2.14 dies of SIGSEGV or answers wrongly: `tfedge check` finds it by running the file.
        Recipe("float16_weights", "weights stored in 16 bits, computed in float", CONVERTER),
        Recipe(
            "weight_only_wi8_afp32",
            "weights stored in int8, computed in float: as small as int8 and as fast as float",
            QUANTIZER,
            tuple(Scope(WEIGHT_ONLY, op=op) for op in WEIGHTED),
        ),
        Recipe(
            "dynamic_wi8_afp32_channel",
            "int8 weights with one scale a channel, convolutions too, activations quantized while running",
            QUANTIZER,
            tuple(Scope(DYNAMIC, op=op) for op in WEIGHTED),
        ),
        Recipe(
            "dynamic_wi4_afp32",
            "int4 weights, activations quantized while running; logits and cross-attention's keys and values of 8 bits",
            QUANTIZER,
            (
                Scope(DYNAMIC, weight_bits=4, algorithm=GPTQ),
                Scope(DYNAMIC, layers="cross_attention/key_dense"),
                Scope(DYNAMIC, layers="cross_attention/value_dense"),
                Scope(DYNAMIC, layers="logits_dense"),
            ),
        ),
        Recipe(
            "static_wi8_ai16",
            "int16 activations, int8 weights, for accelerators; LiteRT on a CPU is many times slower than float",
            QUANTIZER,
            (Scope(STATIC, op=EVERY, activation_bits=16),),
        ),
    )
}


def get(name: str) -> Recipe:
    """Returns the recipe `name`, or the one in the file `name` where that ends in .json.

    Raises:
        ArtifactError: there is no such file.
        ConfigError: unknown; all names are listed and the nearest one is suggested. Or the file holds no recipe.
    """
    if name.endswith(".json"):
        return Recipe.read(name)
    if name not in ALL_RECIPES:
        raise one_of("recipe", name, ALL_RECIPES)
    return ALL_RECIPES[name]


def recipe_file(out: pathlib.Path, name: str, recipe: str) -> pathlib.Path:
    """Returns where the file of model `name` and `recipe` is written."""
    return out / f"{name}.{recipe}.tflite"


def unnamed(path: object) -> ConfigError:
    """Returns the error for a file whose recipe nobody named."""
    return ConfigError(
        f"expected the recipe of {path}; it has no pack that says it; pass --recipe, one of {', '.join(ALL_RECIPES)}"
    )
