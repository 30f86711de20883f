"""A user's model to `.tflite`: the recipes that make sense for any network, one conversion each."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
from typing import Any

import tensorflow as tf

from tfedge.conversion.converter import (
    Conversion,
    convert_saved_model,
    quantize_scopes,
    quiet,
    save_functions,
)
from tfedge.conversion.layer_blame import layer_of, nodes_of, places_of, refused_kinds
from tfedge.conversion.recipes import ALL_RECIPES, CONVERTER, QUANTIZER, RECIPES, Recipe
from tfedge.conversion.representative import Representative
from tfedge.conversion.scopes import CONVOLUTIONS, DYNAMIC, EVERY, FLOAT, STATIC, TENSOR, Scope
from tfedge.conversion.tensor_network import MAX_UNROLLED_STEPS, TensorNetwork, signature_of
from tfedge.errors import ConversionError, UnsupportedOpError
from tfedge.tasks.tensor_task import TensorSignature

_LOOPS = ("While", "StatelessWhile")
_CONVOLUTION_NODES = ("Conv2D", "DepthwiseConv2dNative")
# TFLiteConverter's own file has one scale a tensor: kernels of DEPTHWISE_CONV_2D read one a channel beside float
# activations, and compute wrong numbers everywhere (rule hybrid_depthwise); of CONV_2D one a channel is right
# everywhere, and far more exact behind batch normalisation. Of products one a tensor is what tflite-runtime 2.14 reads.
_DYNAMIC_CONVOLUTIONS = Recipe(
    "dynamic_wi8_afp32",
    "int8 weights, of convolutions with one scale a channel, activations quantized while running",
    QUANTIZER,
    (Scope(DYNAMIC, granularity=TENSOR), *(Scope(DYNAMIC, op=op) for op in CONVOLUTIONS)),
)
# Float between int8 convolutions and products: in int8, attention's own products and softmax stay outside the delegate.
# A network of convolutions and one attention block is one partition so, and faster than all of it in int8.
_STATIC_CONVOLUTIONS = Recipe(
    "static_wi8_ai8_fc",
    "int8 products and convolutions, float between them, for CPUs",
    QUANTIZER,
    (Scope(STATIC), *(Scope(STATIC, op=op) for op in CONVOLUTIONS)),
)
_OF_CONVOLUTIONS = {recipe.name: recipe for recipe in (_DYNAMIC_CONVOLUTIONS, _STATIC_CONVOLUTIONS)}


class TensorConverter:
    """Converts one model by several recipes, tracing it once.

    Args:
        network: the model.
        data: the user's examples; static recipes are calibrated with their first part.
        input_dtype: what a file with everything in int8 takes: "float32" or "uint8".

    Raises:
        ConversionError: the model cannot be traced, or the converter refused.
        UnsupportedOpError: an op that is not builtin; the Keras layer is named.
    """

    def __init__(self, network: TensorNetwork, data: Representative, input_dtype: str = "float32") -> None:
        self._network, self._data, self._input_dtype = network, data, input_dtype
        self._traced: dict[bool, dict[str, Any]] = {}
        self._converted: dict[tuple[str, bool], bytes] = {}
        self.signatures: dict[str, TensorSignature] = {
            name: signature_of(function, data.forms[name]) for name, function in self._functions(False).items()
        }

    def convert(self, recipe: Recipe) -> Conversion:
        """Returns the model converted by `recipe`.

        Recurrent layers stay loops, which calibration cannot enter: for a recipe that calibrates they are unrolled.

        Raises:
            ConversionError: refused; the message names the layer and what to do.
        """
        recipe = self.fitted(recipe)
        is_unrolled = recipe.needs_calibration and self.loops != ()
        if is_unrolled:
            self._check_unrolled(recipe)
        if recipe.engine == CONVERTER:
            data = self._by_converter(recipe, is_unrolled)
        else:
            float_model = self._by_converter(RECIPES["float32"], is_unrolled)
            data = quantize_scopes(float_model, recipe, self._data if recipe.needs_calibration else None)
        calibration = None
        if recipe.needs_calibration:
            unrolled = list(self._network.recurrent_names if is_unrolled else ())
            calibration = {**self._data.to_json(), "unrolled": unrolled}
        return Conversion(recipe, data, calibration)

    def fitted(self, recipe: Recipe) -> Recipe:
        """Returns how a recipe is carried out for this network: without scopes of other networks' layers, and with
        scopes of convolutions where it has any, as `_OF_CONVOLUTIONS` says and why."""
        recipe = general(recipe)
        has_convolutions = any(
            node.op in _CONVOLUTION_NODES
            for function in self._functions(False).values()
            for node in nodes_of(function.graph)
        )
        if has_convolutions and recipe.name in _OF_CONVOLUTIONS and recipe == RECIPES[recipe.name]:
            return _OF_CONVOLUTIONS[recipe.name]
        return recipe

    @property
    def loops(self) -> tuple[str, ...]:
        """Layers that loop in the graph, by name."""
        names = self._network.layer_names
        found = [
            layer_of(node.name, names)
            for function in self._functions(False).values()
            for node in nodes_of(function.graph)
            if node.op in _LOOPS
        ]
        return tuple(dict.fromkeys(found))

    def _functions(self, is_unrolled: bool) -> dict[str, Any]:
        if is_unrolled not in self._traced:
            self._traced[is_unrolled] = self._network.functions(self._data.forms, is_unrolled)
        return self._traced[is_unrolled]

    def _check_unrolled(self, recipe: Recipe) -> None:
        fitting = self._network.recurrent_names
        others = [name for name in self.loops if name not in fitting]
        shapes = [form.shape for forms in self._data.forms.values() for form in forms.values()]
        steps = max((shape[1] for shape in shapes if len(shape) > 1), default=1)
        if others or steps > MAX_UNROLLED_STEPS:
            where = ", ".join(map(repr, others or self.loops))
            why = f"{steps} steps, of at most {MAX_UNROLLED_STEPS}" if not others else "no Keras recurrent layer"
            raise ConversionError(
                f"expected a network without loops for recipe {recipe.name}, whose calibration cannot enter one; layer "
                f"{where} loops and cannot be unrolled ({why}); choose dynamic_wi8_afp32 or weight_only_wi8_afp32"
            )

    def _by_converter(self, recipe: Recipe, is_unrolled: bool) -> bytes:
        key = (recipe.name, is_unrolled)
        if key in self._converted:
            return self._converted[key]
        functions = self._functions(is_unrolled)
        with tempfile.TemporaryDirectory(prefix="tfedge-convert-") as folder, quiet(pathlib.Path(folder) / "log"):
            save_functions(tf.Module(), folder, functions)  # They hold constants alone.
            calibration = self._data if recipe.needs_calibration else None
            try:
                data = convert_saved_model(folder, tuple(functions), recipe, calibration, self._input_dtype)
            except ConversionError as error:
                raise self._explained(recipe, error) from error
        self._converted[key] = data
        return data

    def _explained(self, recipe: Recipe, error: ConversionError) -> ConversionError:
        """Returns the converter's refusal with the layers that its ops come from."""
        kinds = refused_kinds(str(error.__cause__ or error))
        if not kinds:
            return error
        graphs = [function.graph for function in self._functions(False).values()]
        places = ", ".join(places_of(kinds, graphs, self._network.layer_names)[:6])
        return UnsupportedOpError(
            f"expected builtin ops only by recipe {recipe.name}; {places} has none; write that layer with other "
            "ops, or compute it in the app before or after the model"
        )


def general(recipe: Recipe) -> Recipe:
    """Returns a recipe of tfedge without the scopes of its own networks' layers; a mixed one of a user as it is."""
    if ALL_RECIPES.get(recipe.name) != recipe:
        return recipe
    scopes = tuple(scope for scope in recipe.scopes if scope.layers == EVERY)
    if not any(scope.mode != FLOAT for scope in scopes):
        scopes = recipe.scopes
    # A summary says after its semicolon what the other scopes are for.
    summary = recipe.summary if scopes == recipe.scopes else recipe.summary.partition(";")[0]
    return dataclasses.replace(recipe, scopes=scopes, summary=summary)
