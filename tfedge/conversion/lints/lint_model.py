"""Lints of a Keras model before it is converted: `lint_model` traces it, `lint_functions` takes what is traced."""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfedge.conversion.lints.lint import Lint
from tfedge.conversion.lints.rules import RULES
from tfedge.conversion.lints.traced_graph import TracedGraph
from tfedge.errors import ConversionError


def lint_model(model: keras.Model, specs: Any = None) -> tuple[Lint, ...]:
    """Returns what will go wrong on a device although it converts, in the order of the rules.

    Args:
        model: any Keras 3 model: Functional, Sequential, or subclassed.
        specs: what `call` takes first, with a `tf.TensorSpec` in place of each tensor; left out: the model's own
            inputs, which a subclassed model has only when it was built from symbolic ones.

    Raises:
        ConversionError: the inputs are unknown, or the model cannot be traced with them.
    """
    if keras.config.backend() != "tensorflow":
        raise ConversionError(f"expected Keras on TensorFlow; got {keras.config.backend()}; set KERAS_BACKEND")
    specs = _own_specs(model) if specs is None else specs

    @tf.function(autograph=False)
    def traced(inputs: Any) -> Any:
        return model(inputs, training=False)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns of what it then raises.
            function = traced.get_concrete_function(specs)
    except (TypeError, ValueError, KeyError, AttributeError, NotImplementedError, tf.errors.OpError) as error:
        told = f"expected {model.name} to run on {specs}; {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        raise ConversionError(f"{told}; give the specs of its inputs") from error
    names = {layer.name for layer in model._flatten_layers()}
    lints = lint_functions({model.name: function})
    found = [dataclasses.replace(lint, layer=_keras_path(lint.layer, names)) for lint in lints]
    return tuple(dict.fromkeys(found))


def lint_functions(functions: Mapping[str, Any]) -> tuple[Lint, ...]:
    """Returns the lints of concrete functions, such as `Seq2SeqSignatures.functions()`; one that several have once."""
    graphs = [TracedGraph(function) for function in functions.values()]
    found = [lint for rule in RULES for graph in graphs for lint in rule.check(graph)]
    return tuple(dict.fromkeys(found))


def _keras_path(path: str, names: set[str]) -> str:
    """Returns the path within the model, with the layers' own names.

    Every scope of a trace has one number more than the layer's name ("dense" is "dense_1", "dense_1" is "dense_1_2"),
    so that the name without the last number comes first.
    """
    words = []
    for word in path.split("/"):
        bare = re.sub(r"_\d+$", "", word)
        words.append(bare if bare in names else word)
    return "/".join(words[1:])


def _own_specs(model: keras.Model) -> Any:
    inputs = getattr(model, "_inputs_struct", None)  # Of a Functional model: as `call` takes them, dicts included.
    if inputs is None and getattr(model, "inputs", None):
        inputs = model.inputs[0] if len(model.inputs) == 1 else model.inputs
    if inputs is None:
        raise ConversionError(
            f"expected a model whose inputs are known; {model.name} ({type(model).__name__}) does not tell them; "
            "pass their tf.TensorSpec as `specs`"
        )
    return keras.tree.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name), inputs)
