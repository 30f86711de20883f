from __future__ import annotations

import collections

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.unit.conversion import user_models
from tfedge.conversion import recipes, representative, user_model
from tfedge.conversion.recipes import ALL_RECIPES, Recipe
from tfedge.conversion.scopes import Scope
from tfedge.conversion.tensor_converter import TensorConverter, general
from tfedge.errors import ConversionError, UnsupportedOpError
from tfedge.modelfile.graph import read_graph
from tfedge.tasks.tensor_task import TensorForm

layers = keras.layers
DATA = {"x": np.random.default_rng(6).normal(size=(40, 5, 4)).astype(np.float32)}


def converter_of(model: keras.Model, arrays=None) -> TensorConverter:
    network = user_model.load(model)
    inputs = {name: entry.inputs for name, entry in network.entries.items()}
    return TensorConverter(network, representative.fit(arrays or DATA, inputs, "the data"))


def model_of(*chain) -> keras.Model:
    x = value = keras.Input((5, 4), name="x")
    for layer in chain:
        value = layer(value)
    return keras.Model(x, value, name="chain")


@keras.saving.register_keras_serializable("tfedge_tests")
class Spectrum(layers.Layer):
    """A layer without a builtin op."""

    def call(self, x):
        return tf.math.real(tf.signal.ifft(tf.cast(x, tf.complex64)))


@keras.saving.register_keras_serializable("tfedge_tests")
class Nonzero(layers.Layer):
    """A layer whose output has as many rows as its values say."""

    def call(self, x):
        return tf.cast(tf.where(x > 0), tf.float32)


@pytest.fixture(scope="module")
def recurrent():
    """A converter of the recurrent model."""
    return converter_of(user_models.make("recurrent"), user_models.data("recurrent"))


def ops_of(conversion) -> collections.Counter[str]:
    return collections.Counter(op.name for op in read_graph(conversion.model_bytes).ops)


def test_convert_when_there_are_convolutions_then_products_in_int8_take_them_in():
    converter = converter_of(user_models.make("convolutional"), user_models.data("convolutional"))
    graph = read_graph(converter.convert(ALL_RECIPES["static_wi8_ai8_fc"]).model_bytes)
    inputs = {op.name: op.inputs[0].dtype for op in graph.ops}
    assert [inputs[op] for op in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")] == ["int8"] * 3
    assert inputs["SOFTMAX"] == "float32"


def test_convert_when_a_layer_loops_keeps_the_loop_where_nothing_is_calibrated(recurrent):
    assert recurrent.loops == ("first_memory", "memory")
    ops = ops_of(recurrent.convert(ALL_RECIPES["float32"]))
    assert ops["WHILE"] == 2 and not ops["READ_VARIABLE"]


def test_convert_when_a_layer_loops_unrolls_it_for_a_recipe_that_calibrates(recurrent):
    conversion = recurrent.convert(ALL_RECIPES["static_wi8_ai8_fc"])
    ops = ops_of(conversion)
    assert not ops["WHILE"] and ops["FULLY_CONNECTED"] > 8
    assert conversion.calibration["unrolled"] == ["first_memory", "memory"]
    assert conversion.calibration["num_samples"] == {"serving_default": 30}


def test_convert_when_there_are_too_many_steps_to_unroll_says_which_recipe_can(monkeypatch, recurrent):
    monkeypatch.setattr("tfedge.conversion.tensor_converter.MAX_UNROLLED_STEPS", 3)
    with pytest.raises(ConversionError, match="layer 'first_memory', 'memory' loops .* choose dynamic_wi8_afp32"):
        recurrent.convert(ALL_RECIPES["static_wi8_ai8"])


def test_convert_when_an_op_is_not_builtin_names_the_layer():
    converter = converter_of(model_of(layers.Dense(4), Spectrum(name="spectrum")))
    with pytest.raises(UnsupportedOpError, match="IFFT of layer 'spectrum' has none; write that layer"):
        converter.convert(ALL_RECIPES["float32"])


def test_converter_when_a_layer_keeps_state_names_it():
    x = keras.Input(batch_shape=(1, 5, 4), name="x")
    model = keras.Model(x, layers.GRU(3, stateful=True, name="remembers")(x))
    with pytest.raises(ConversionError, match="layer 'remembers' writes one while it answers"):
        converter_of(model)


def test_converter_when_an_outputs_shape_depends_on_values_says_so():
    with pytest.raises(ConversionError, match="which depends on values"):
        converter_of(model_of(Nonzero()))


def test_signatures_are_fixed_at_batch_1_and_the_lengths_of_the_data():
    converter = converter_of(user_models.make("attention"), user_models.data("attention"))
    signature = converter.signatures["serving_default"]
    assert signature.inputs == {"signal": TensorForm("float32", (1, 7, 4)), "keep": TensorForm("bool", (1, 7))}
    assert signature.outputs == {"label": TensorForm("float32", (1, 4)), "number": TensorForm("float32", (1, 1))}


def test_convert_when_a_scope_holds_no_op_of_the_network_then_conversion_error():
    mixed = Recipe("mine", "one layer", recipes.QUANTIZER, (Scope("dynamic", layers="no_such_layer"),))
    with pytest.raises(ConversionError, match="no op of the network is in these scopes"):
        converter_of(model_of(layers.Dense(4))).convert(mixed)


def test_general_drops_scopes_of_layers_that_only_our_networks_have():
    int4 = general(ALL_RECIPES["dynamic_wi4_afp32"])
    assert [scope.layers for scope in int4.scopes] == ["*"]
    assert int4.summary == "int4 weights, activations quantized while running"
    for name in ("float32", "static_wi8_ai8_fc"):
        assert general(ALL_RECIPES[name]) == ALL_RECIPES[name]
    mixed = Recipe("mine", "one layer; the head", recipes.QUANTIZER, (Scope("dynamic", layers="head"),))
    assert general(mixed) is mixed


@pytest.mark.parametrize(
    ("recipe", "versions"),
    [
        # One scale a channel in convolutions, which every runtime reads; one for all in products, as 2.14 needs.
        ("dynamic_wi8_afp32", {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "FULLY_CONNECTED": 3}),
        ("dynamic_wi8_afp32_channel", {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "FULLY_CONNECTED": 12}),
    ],
)
def test_convert_when_there_are_convolutions_then_dynamic_weights_have_a_scale_a_channel(recipe, versions):
    converter = converter_of(user_models.make("convolutional"), user_models.data("convolutional"))
    graph = read_graph(converter.convert(ALL_RECIPES[recipe]).model_bytes)
    weights = {op.name: op.inputs[1] for op in graph.ops if op.name in versions}
    assert {op.name: op.version for op in graph.ops if op.name in versions} == versions
    kinds = {name: weight.quantization for name, weight in weights.items()}
    assert kinds == {
        **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), "per_channel"),
        "FULLY_CONNECTED": "per_channel" if recipe.endswith("_channel") else "per_tensor",
    }
    assert graph.min_runtime_version == ("2.17.0" if recipe.endswith("_channel") else "2.4.0")


def test_convert_when_weights_alone_are_stored_small_then_those_of_convolutions_too():
    converter = converter_of(user_models.make("convolutional"), user_models.data("convolutional"))
    graph = read_graph(converter.convert(ALL_RECIPES["weight_only_wi8_afp32"]).model_bytes)
    stored = {op.outputs[0].index: op.inputs[0].dtype for op in graph.ops if op.name == "DEQUANTIZE"}
    for op in graph.ops:
        if op.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            assert stored[op.inputs[1].index] == "int8", op.name


def test_fitted_when_there_is_no_convolution_then_the_recipe_as_it_is(recurrent):
    assert recurrent.fitted(ALL_RECIPES["dynamic_wi8_afp32"]) == ALL_RECIPES["dynamic_wi8_afp32"]
