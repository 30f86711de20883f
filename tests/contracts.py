"""What every Keras layer of tfedge must be: one call checks one layer, from its config to its numbers on LiteRT."""

from __future__ import annotations

import inspect
import json
import pathlib
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfedge.conversion.constants import as_constants
from tfedge.modelfile.graph import GraphSummary, read_graph, refused_ops
from tfedge.runtime.client import Worker

Arrays = Mapping[str, np.ndarray]
Call = Callable[..., Any]

_EPS = float(np.finfo(np.float32).eps)


def call_by_name(layer: keras.layers.Layer, **inputs: Any) -> Any:
    """Calls a layer whose call arguments are `inputs`."""
    return layer(**inputs)


def layer_contract(
    layer: keras.layers.Layer,
    inputs: Arrays,
    num_parameters: int,
    call: Call = call_by_name,
    hides: Mapping[str, tuple[str, ...]] | None = None,
    is_trained: bool = True,
) -> None:
    """Fails unless `layer` keeps what every layer promises.

    Config round trip; number of weights, each under a path of its own; the same shape symbolically, by
    `compute_output_shape` and eagerly; what a bias hides stays hidden; one step of gradient descent on all weights
    lowers a loss; a `.tflite` of builtin ops without variables, whose numbers on LiteRT, in a process of its own,
    are Keras'.

    Args:
        layer: with dropout 0.
        inputs: arrays by name; the first is the one whose positions the first output has. An axis of positions is
            the last but one.
        num_parameters: numbers in its weights, computed by hand.
        call: (layer, **inputs) -> tensor or nested tensors; for a layer that is more than one call.
        hides: for each input that ends in `_bias`, the inputs whose last position it hides from some positions.
        is_trained: false for a call that inference alone makes: the update of a cache has no gradient in TensorFlow.
    """
    call(layer, **inputs)
    check_weights(layer, num_parameters)
    _fill_zeros(layer)
    first = _arrays(call(layer, **inputs))
    check_config(layer, inputs, call, first)
    check_shapes(layer, inputs, call, first)
    check_masks(layer, inputs, call, hides or {})
    if is_trained:
        check_training(layer, inputs, call)
    check_conversion(layer, inputs, call)


def check_weights(layer: keras.layers.Layer, num_parameters: int) -> None:
    assert layer.count_params() == num_parameters, f"weights: {layer.count_params()} numbers and not {num_parameters}"
    paths = [variable.path for variable in layer.weights]
    assert len(set(paths)) == len(paths), f"weights: a path twice in {paths}"


def check_config(layer: keras.layers.Layer, inputs: Arrays, call: Call, expected: list[np.ndarray]) -> None:
    config = layer.get_config()
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    arguments = [p.name for p in inspect.signature(type(layer).__init__).parameters.values() if p.kind not in kinds]
    missing = sorted({*arguments, "name", "dtype"} - {"self"} - set(config))
    assert not missing, f"config: lacks {', '.join(missing)}"
    stored = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    clone = keras.saving.deserialize_keras_object(stored)
    assert type(clone) is type(layer) and clone.get_config() == config, "config: a round trip changed it"
    call(clone, **inputs)
    clone.set_weights(layer.get_weights())
    for ours, other in zip(expected, _arrays(call(clone, **inputs)), strict=True):
        np.testing.assert_array_equal(other, ours, err_msg="config: a clone with the same weights answers otherwise")


def check_shapes(layer: keras.layers.Layer, inputs: Arrays, call: Call, expected: list[np.ndarray]) -> None:
    batch = next(iter(inputs.values())).shape[0]
    free = {
        name: (None if array.shape[0] == batch else array.shape[0], *array.shape[1:]) for name, array in inputs.items()
    }
    symbols = {name: keras.Input(batch_shape=free[name], dtype=str(array.dtype)) for name, array in inputs.items()}
    for symbol, array in zip(keras.tree.flatten(call(layer, **symbols)), expected, strict=True):
        assert symbol.shape == (None, *array.shape[1:]), f"shapes: symbolic {symbol.shape}, eager {array.shape}"
        assert symbol.dtype == str(array.dtype), f"shapes: symbolic {symbol.dtype}, eager {array.dtype}"
    if type(layer).compute_output_shape is not keras.layers.Layer.compute_output_shape:
        said = tuple(layer.compute_output_shape(next(iter(inputs.values())).shape))
        assert said == expected[0].shape, f"shapes: compute_output_shape says {said}, eager {expected[0].shape}"


def check_masks(layer: keras.layers.Layer, inputs: Arrays, call: Call, hides: Mapping[str, tuple[str, ...]]) -> None:
    biases = {name for name in inputs if name.endswith("_bias")}
    assert set(hides) == biases, f"masks: biases are {sorted(biases)}; `hides` has {sorted(hides)}"
    for bias, hidden in hides.items():
        plain = _arrays(call(layer, **inputs))[0]
        # Rows of the first output, (batch, positions), from which the last position of `hidden` is hidden.
        rows = np.broadcast_to(inputs[bias][:, 0, :, -1] < 0, plain.shape[:2]).copy()
        if next(iter(inputs)) in hidden:
            rows[:, -1] = False  # A position always passes on what it holds itself.
        assert rows.any(), f"masks: `{bias}` hides nothing; give inputs in which it does"
        changed = dict(inputs)
        for name in hidden:
            changed[name] = inputs[name].copy()
            changed[name][..., -1, :] += 1
        # The mask is finite: exp(-30) = 1e-13 of what is hidden comes through, far below a rounding.
        limit = 16 * _EPS * np.abs(plain).max()
        moved = np.abs(_arrays(call(layer, **changed))[0] - plain)[rows].max()
        assert moved <= limit, f"masks: `{bias}` lets through what it hides: outputs move by {moved}"
        open_bias = {bias: np.zeros_like(inputs[bias])}
        bare = _arrays(call(layer, **{**inputs, **open_bias}))[0]
        moved = np.abs(_arrays(call(layer, **{**changed, **open_bias}))[0] - bare)[rows].max()
        assert moved > limit, f"masks: without `{bias}` nothing comes through either; the check checks nothing"


def check_training(layer: keras.layers.Layer, inputs: Arrays, call: Call) -> None:
    variables = [variable.value for variable in layer.trainable_variables]
    if not variables:
        return
    random = np.random.default_rng(3)
    targets = [random.normal(size=array.shape).astype(np.float32) for array in _arrays(call(layer, **inputs))]

    def loss() -> tf.Tensor:
        outputs = keras.tree.flatten(call(layer, **inputs))
        return tf.add_n(
            [tf.reduce_mean((output - target) ** 2) for output, target in zip(outputs, targets, strict=True)]
        )

    with tf.GradientTape() as tape:
        before = loss()
    gradients = tape.gradient(before, variables)
    without = [v.path for v, gradient in zip(layer.trainable_variables, gradients, strict=True) if gradient is None]
    assert not without, f"training: no gradient reaches {', '.join(without)}"
    gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
    # As long as lowers the loss by a hundredth to first order: short enough for the second order not to matter.
    rate = 0.01 * before / tf.add_n([tf.reduce_sum(gradient**2) for gradient in gradients])
    for variable, gradient in zip(layer.trainable_variables, gradients, strict=True):
        variable.assign_sub(rate * gradient)
    after = loss()
    assert after < before, f"training: a step moved the loss from {before} to {after}"


def check_conversion(layer: keras.layers.Layer, inputs: Arrays, call: Call) -> None:
    model_bytes = convert(layer, inputs, call)
    graph = read_graph(model_bytes)
    refused = [*refused_ops(graph), *graph.resource_variables]
    assert not refused, f"conversion: {', '.join(refused)}"
    actual = run_on_litert(model_bytes, inputs)
    expected = _arrays(call(layer, **inputs))
    assert len(actual) == len(expected)
    for index, array in enumerate(expected):
        limit = tolerance(graph, array)
        difference = np.abs(actual[f"output_{index}"].astype(np.float64) - array).max()
        assert difference <= limit, f"conversion: LiteRT differs from Keras by {difference}; at most {limit}"


def tolerance(graph: GraphSummary, expected: np.ndarray) -> float:
    """Returns how far two float32 runs of one graph may be apart.

    Each op rounds, and a sum of n products rounds n times, each time by `eps` of the numbers it holds; the runs
    differ in the order of their sums. So: ops in a row, times the longest sum, times eps, times the largest number.
    """
    longest = max(size for op in graph.ops for tensor in op.outputs for size in (*tensor.shape, 1))
    return len(graph.ops) * longest * _EPS * max(1.0, float(np.abs(expected).max()))


def convert(layer: keras.layers.Layer, inputs: Arrays, call: Call) -> bytes:
    """Returns a float `.tflite` of builtin ops with one signature, `call`; variables become constants."""
    module = tf.Module()
    module.layer = layer

    @tf.function
    def named(**tensors: Any) -> dict[str, Any]:
        return {f"output_{i}": value for i, value in enumerate(keras.tree.flatten(call(layer, **tensors)))}

    specs = {name: tf.TensorSpec(array.shape, array.dtype, name) for name, array in inputs.items()}
    with as_constants(layer.variables):
        function = named.get_concrete_function(**specs)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={"call": function})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["call"])
        # Flex and custom ops are let through here, so that the contract can name them.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        converter.allow_custom_ops = True
        return bytes(converter.convert())


def run_on_litert(model_bytes: bytes, inputs: Arrays) -> dict[str, np.ndarray]:
    """Runs the signature `call` in a worker process: TensorFlow and an interpreter crash in one."""
    with tempfile.TemporaryDirectory() as folder, Worker("ai-edge-litert") as worker:
        path = pathlib.Path(folder) / "layer.tflite"
        path.write_bytes(model_bytes)
        worker.load(path)
        return worker.run("call", inputs)


def _fill_zeros(layer: keras.layers.Layer) -> None:
    """Gives new biases numbers, as trained ones have: a converter drops zeros, and then another graph is checked."""
    random = np.random.default_rng(4)
    for variable in layer.trainable_variables:
        if not np.any(variable.numpy()):
            variable.assign(random.normal(scale=0.1, size=variable.shape))


def _arrays(outputs: Any) -> list[np.ndarray]:
    return [np.asarray(output) for output in keras.tree.flatten(outputs)]
