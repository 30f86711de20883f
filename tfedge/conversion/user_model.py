"""Loads a user's model: a `.keras` file, a SavedModel folder, or a Keras model that is in memory."""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfedge.artifacts import read_bytes, sha256_hex
from tfedge.conversion.safe_loading import check_keras_file, check_saved_model
from tfedge.conversion.tensor_network import Entry, TensorNetwork, TensorShape
from tfedge.errors import ArtifactError, ConversionError

SIGNATURE = "serving_default"  # What Keras' own export calls it.
# What Keras and HDF5 say of a file that they cannot build.
_UNLOADABLE = (KeyError, ValueError, TypeError, OSError, AttributeError, ImportError, NotImplementedError)


def load(model: str | os.PathLike[str] | keras.Model, custom_objects: Mapping[str, Any] | None = None) -> TensorNetwork:
    """Returns the entry points of a model; runs no code from a file.

    Args:
        model: a `.keras` file, a SavedModel folder, or a Keras model.
        custom_objects: classes that the file names and that the user gives.

    Raises:
        ArtifactError: no such file, not a model, or one that carries code or needs classes that nobody gave.
        ConversionError: inputs that are no tensors of numbers.
    """
    if isinstance(model, keras.Model):
        return from_keras(model, {"kind": "keras", "sha256": _weights_sha256(model)})
    path = pathlib.Path(model)
    if path.is_dir():
        return _from_saved_model(path)
    if path.suffix != ".keras":
        raise ArtifactError(
            f"expected a .keras file or a SavedModel folder; got {path}; write one with model.save('NAME.keras')"
        )
    digest = sha256_hex(read_bytes(path, "model"))
    check_keras_file(path, custom_objects or {})
    try:
        loaded = keras.saving.load_model(path, custom_objects=dict(custom_objects or {}), compile=False, safe_mode=True)
    except _UNLOADABLE as error:
        first = str(error).strip().split("\n")[0][:300]
        raise ArtifactError(
            f"expected a model that Keras {keras.__version__} loads in {path}; {first}; if a class of yours is "
            "missing, pass --import MODULE of the module that registers it"
        ) from None
    return from_keras(loaded, {"kind": "keras", "sha256": digest})


def from_keras(model: keras.Model, source: Mapping[str, Any]) -> TensorNetwork:
    """Returns a Keras model's one entry point, "serving_default".

    Raises:
        ConversionError: a model that was never built, or inputs that are no tensors of numbers.
    """
    layers = [layer for layer in model._flatten_layers(include_self=False, recursive=True)]
    tensors = _input_tensors(model)
    inputs = {name: _shape(name, tensor.shape, tensor.dtype) for name, tensor in tensors.items()}
    uneven = [name for name, each in tensors.items() if getattr(each, "sparse", 0) or getattr(each, "ragged", 0)]
    if uneven:
        raise ConversionError(f"expected dense inputs; {', '.join(uneven)} is sparse or ragged; make it a plain tensor")
    given = model.input if isinstance(getattr(model, "input", None), dict) else None

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        return _named_outputs(model, model(_arguments(given, list(inputs), tensors), training=False))

    recurrent = tuple(layer for layer in layers if isinstance(layer, keras.layers.RNN))
    names = tuple(layer.name for layer in layers)
    return TensorNetwork({SIGNATURE: Entry(SIGNATURE, inputs, call)}, source, names, recurrent)


def _arguments(given: Mapping[str, Any] | None, names: list[str], tensors: Mapping[str, Any]) -> Any:
    """Returns what the model is called with: its own dict, a list, or one tensor."""
    if given is not None:
        return {key: tensors[_identifier(key)] for key in given}
    return tensors[names[0]] if len(names) == 1 else [tensors[name] for name in names]


def _input_tensors(model: keras.Model) -> dict[str, Any]:
    """Returns the symbolic inputs by name: keys of a dict, else the names of the Input layers."""
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ConversionError(
            f"expected a model with Input layers; {model.name!r} is a {type(model).__name__} whose inputs Keras does "
            "not know; give it Input layers, or wrap it: keras.Model(inputs, model(inputs))"
        )
    structure = model.input
    if isinstance(structure, dict):
        if not all(hasattr(each, "dtype") for each in structure.values()):
            raise ConversionError("expected a plain dict of inputs; got nested ones; wrap the model in a flat one")
        return {_identifier(key): each for key, each in structure.items()}
    names = [_identifier(each.name) for each in inputs]
    if len(set(names)) < len(names):
        raise ConversionError(f"expected inputs with names of their own; got {', '.join(names)}; name each Input layer")
    return dict(zip(names, inputs, strict=True))


def _named_outputs(model: keras.Model, outputs: Any) -> dict[str, Any]:
    if isinstance(outputs, dict):
        flat = {_identifier(key): value for key, value in outputs.items()}
    else:
        values = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        names = [_identifier(name) for name in getattr(model, "output_names", None) or []]
        if len(names) != len(values) or len(set(names)) < len(names):
            names = [f"output_{place}" for place in range(len(values))]
        flat = dict(zip(names, values, strict=True))
    if not all(hasattr(value, "dtype") for value in flat.values()):
        raise ConversionError("expected tensors, a dict or a list of them as outputs; got nested ones; flatten them")
    return flat


def _from_saved_model(path: pathlib.Path) -> TensorNetwork:
    check_saved_model(path)
    try:
        loaded = tf.saved_model.load(str(path))
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        first = str(error).strip().split("\n")[0][:300]
        raise ArtifactError(f"expected a SavedModel that TensorFlow loads in {path}; {first}") from None
    entries = {}
    for name, function in loaded.signatures.items():
        specs = function.structured_input_signature[1]
        inputs = {}
        for key, spec in specs.items():
            if not isinstance(spec, tf.TensorSpec) or spec.shape.rank is None:
                raise ConversionError(f"expected tensors of known rank; {key!r} of {name!r} is {spec}; give it a shape")
            inputs[key] = _shape(key, spec.shape.as_list(), spec.dtype.name)
        if inputs:
            entries[name] = Entry(name, inputs, _calling(function))
    if not entries:
        raise ConversionError(f"expected signatures with inputs in {path}; there is none; export it with signatures=")
    return TensorNetwork(entries, {"kind": "saved_model", "sha256": _folder_sha256(path)}, owner=loaded)


def _calling(function: Any) -> Any:
    return lambda tensors: function(**tensors)


def _shape(name: str, sizes: Any, dtype: Any) -> TensorShape:
    """Returns what an input takes; its first axis counts examples where its size is free or 1."""
    kind = str(dtype)
    if kind not in ("float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"):
        raise ConversionError(
            f"expected inputs of numbers; {name!r} takes {kind}; compute numbers from it outside the model (a "
            "preprocessing step of your app)"
        )
    sizes = list(sizes)
    if not sizes or sizes[0] not in (None, 1):
        return TensorShape(kind, tuple(sizes), has_batch=False)
    return TensorShape(kind, tuple(sizes[1:]))


def _identifier(name: str) -> str:
    """Returns a name that TensorFlow keeps as it is."""
    return re.sub(r"\W", "_", str(name))


def _weights_sha256(model: keras.Model) -> str:
    """sha256 over names and values of all weights of a model that is in memory."""
    digest = hashlib.sha256()
    for variable in model.variables:
        digest.update(f"{variable.path}/{variable.shape}/{variable.dtype}".encode())
        digest.update(keras.ops.convert_to_numpy(variable.value).tobytes())
    return digest.hexdigest()


def _folder_sha256(path: pathlib.Path) -> str:
    """sha256 over names and contents of all files of a folder, in order."""
    digest = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        digest.update(f"{file.relative_to(path)}/{file.stat().st_size}/".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
