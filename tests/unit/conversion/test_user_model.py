from __future__ import annotations

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.unit.conversion import user_models
from tfedge.conversion import user_model
from tfedge.conversion.tensor_network import TensorShape
from tfedge.errors import ArtifactError, ConversionError

layers = keras.layers


@keras.saving.register_keras_serializable("tfedge_tests")
class Doubled(layers.Layer):
    """A class that the tests' user registered."""

    def call(self, x):
        return 2 * x


class Unknown(layers.Layer):
    """A class that nobody registered."""

    def call(self, x):
        return x


def saved(tmp_path, layer, name="m.keras"):
    x = keras.Input((4,), name="x")
    path = tmp_path / name
    keras.Model(x, layers.Dense(2)(layer(x))).save(path)
    return path


def test_load_when_given_a_file_or_the_model_gives_the_same_entry(tmp_path):
    model = user_models.make("attention")
    model.save(tmp_path / "m.keras")
    for given, kind in ((tmp_path / "m.keras", "keras"), (model, "keras")):
        network = user_model.load(given)
        assert list(network.entries) == ["serving_default"]
        assert network.entries["serving_default"].inputs == {
            "signal": TensorShape("float32", (None, 4)),
            "keep": TensorShape("bool", (None,)),
        }
        assert (network.source["kind"], len(network.source["sha256"])) == (kind, 64)
        assert "enter" in network.layer_names


def test_answer_is_what_keras_predicts():
    model = user_models.make("recurrent")
    ids = user_models.data("recurrent", 2)["ids"]
    network = user_model.load(model)
    (answer,) = network.answer("serving_default", [{"ids": ids[:1]}])
    np.testing.assert_allclose(answer["numbers"], model.predict(ids[:1], verbose=0), atol=1e-6)
    assert network.recurrent_names == ("first_memory", "memory")


def test_load_when_a_registered_class_is_in_it_or_given_takes_it(tmp_path):
    assert user_model.load(saved(tmp_path, Doubled()))
    assert user_model.load(saved(tmp_path, Unknown(name="mine"), "u.keras"), {"Unknown": Unknown})


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (lambda: layers.Lambda(lambda x: x * 2, name="twice"), r"'twice' \(Lambda\) would run code from the file"),
        (lambda: Unknown(name="mine"), "Unknown of 'mine'; pass --import MODULE"),
    ],
)
def test_load_when_the_file_needs_code_then_the_layer_is_named(tmp_path, layer, said):
    with pytest.raises(ArtifactError, match=said):
        user_model.load(saved(tmp_path, layer()))


def test_load_when_a_config_hides_code_deep_inside_then_it_is_found(tmp_path):
    path = saved(tmp_path, Doubled())
    with zipfile.ZipFile(path) as file:
        config = json.loads(file.read("config.json"))
    inner = config["config"]["layers"][1]["config"]
    inner["function"] = [{"class_name": "__lambda__", "config": {"code": "4wEA"}}]
    with zipfile.ZipFile(tmp_path / "bad.keras", "w") as file:
        file.writestr("config.json", json.dumps(config))
    with pytest.raises(ArtifactError, match="would run code from the file"):
        user_model.load(tmp_path / "bad.keras")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.h5", b"", "expected a .keras file or a SavedModel folder"),
        ("m.keras", b"no zip", "expected a Keras 3 .keras file"),
        ("none.keras", None, "there is none"),
    ],
)
def test_load_when_it_is_no_model_then_artifact_error(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=said):
        user_model.load(tmp_path / name)


def test_load_when_weights_are_missing_then_artifact_error(tmp_path):
    path = saved(tmp_path, Doubled())
    with zipfile.ZipFile(path) as file, zipfile.ZipFile(tmp_path / "cut.keras", "w") as cut:
        for name in ("config.json", "metadata.json"):
            cut.writestr(name, file.read(name))
    with pytest.raises(ArtifactError, match="expected a model that Keras .* loads"):
        user_model.load(tmp_path / "cut.keras")


class Bare(keras.Model):
    """A subclassed model: Keras does not know its inputs."""

    def call(self, x):
        return x


def text_model():
    text = keras.Input((), dtype="string", name="text")
    return keras.Model(text, layers.Embedding(5, 2)(layers.StringLookup(vocabulary=["a", "b"])(text)))


def nested_model():
    x = keras.Input((4,), name="x")
    return keras.Model(x, {"a": [layers.Dense(2)(x), layers.Dense(2)(x)]})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Bare(name="bare"), "'bare' is a Bare whose inputs Keras does not know"),
        (text_model, "'text' takes string"),
    ],
)
def test_load_when_inputs_are_no_tensors_of_numbers_then_conversion_error(make, said):
    with pytest.raises(ConversionError, match=said):
        user_model.load(make())


def test_answer_when_outputs_are_nested_then_conversion_error():
    with pytest.raises(ConversionError, match="got nested ones"):
        user_model.load(nested_model()).answer("serving_default", [{"x": np.ones((1, 4), np.float32)}])


class Two(tf.Module):
    """A SavedModel with two signatures, one of them of fixed batch."""

    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(np.arange(8, dtype=np.float32).reshape(4, 2) / 8)

    @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32, "x")])
    def product(self, x):
        return {"y": x @ self.weight}

    @tf.function(input_signature=[tf.TensorSpec((3,), tf.float32, "x")])
    def total(self, x):
        return {"sum": tf.reduce_sum(x)}


def test_load_when_a_saved_model_has_several_signatures_gives_them_all(tmp_path):
    module = Two()
    tf.saved_model.save(module, str(tmp_path), signatures={"product": module.product, "total": module.total})
    network = user_model.load(tmp_path)
    assert {name: dict(entry.inputs) for name, entry in network.entries.items()} == {
        "product": {"x": TensorShape("float32", (4,))},
        "total": {"x": TensorShape("float32", (3,), has_batch=False)},
    }
    (answer,) = network.answer("product", [{"x": np.ones((1, 4), np.float32)}])
    np.testing.assert_allclose(answer["y"], [[1.5, 2.0]])


class Reading(tf.Module):
    """A graph that reads a file."""

    @tf.function(input_signature=[tf.TensorSpec((1,), tf.float32, "x")])
    def call(self, x):
        return {"y": x + tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32)}


def test_load_when_a_saved_model_reads_files_then_it_is_not_loaded(tmp_path):
    module = Reading()
    tf.saved_model.save(module, str(tmp_path), signatures={"call": module.call})
    with pytest.raises(ArtifactError, match="ReadFile .* would read or write files"):
        user_model.load(tmp_path)


def test_load_when_a_folder_is_no_saved_model_then_artifact_error(tmp_path):
    with pytest.raises(ArtifactError, match="expected a SavedModel folder"):
        user_model.load(tmp_path)
