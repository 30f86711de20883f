"""The networks that are compared, and their files in every form that a contender takes."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfedge.conversion import recipes
from tfedge.conversion import scopes as scopes_module
from tfedge.conversion.constants import as_constants
from tfedge.conversion.converter import Seq2SeqConverter, convert_saved_model, save_functions
from tfedge.networks.beam_config import BeamConfig
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.networks.trained_model import TrainedModel
from tools.benchmark import ctranslate2_model, onnx_model
from tools.benchmark.endless_network import make_network

RECIPES = ("float32", "dynamic_wi8_afp32", "static_wi8_ai8_fc", "dynamic_wi4_afp32")
BEAM_WIDTH = 4


@dataclasses.dataclass(frozen=True)
class Shape:
    """A network to decode with.

    Attributes:
        name: for tables.
        model: the network with its task.
        texts: that calibrate static recipes.
    """

    name: str
    model: TrainedModel
    texts: Sequence[str]


def wide(shipped: TrainedModel, texts: Sequence[str], hidden_dim: int = 256, num_layers: int = 3) -> Shape:
    """Returns a network of random weights, 256 wide, which always writes 32 tokens."""
    vocab_sizes = (shipped.network.source_vocab_size, shipped.network.target_vocab_size)
    network = make_network(vocab_sizes, (32, 32), hidden_dim, num_layers, intermediate_dim=4 * hidden_dim)
    spec = dataclasses.replace(shipped.spec, max_source_length=32, max_target_length=32)
    return Shape(f"{hidden_dim} wide, {num_layers} + {num_layers} layers", TrainedModel(network, spec, {}), texts)


def write_files(
    shape: Shape,
    folder: pathlib.Path,
    recipe_names: Sequence[str] = RECIPES,
    peers: Sequence[str] = ("ctranslate2", "onnxruntime"),
) -> dict[str, pathlib.Path]:
    """Writes each recipe's file with `greedy` and `beam`, the naive files, and those of the peers, by name.

    Raises:
        ConversionError, CalibrationError: a recipe failed.
        ImportError: a peer is not installed.
    """
    files = {}
    converter = Seq2SeqConverter(shape.model, list(shape.texts), BeamConfig(BEAM_WIDTH, 1))
    for name in recipe_names:
        recipe = recipes.get(name) if shape.model.sha256 else plain(recipes.get(name))
        files[name] = folder / f"{name}.tflite"
        files[name].write_bytes(converter.convert(recipe).model_bytes)
    for name in ("float32", "dynamic_wi8_afp32"):
        files[f"naive {name}"] = folder / f"naive_{name}.tflite"
        files[f"naive {name}"].write_bytes(naive(shape.model.network, name))
    if "ctranslate2" in peers:
        files["ctranslate2"] = folder / "ctranslate2"
        ctranslate2_model.write_model(shape.model.network, files["ctranslate2"])
    if "onnxruntime" in peers:
        names = ("onnxruntime float32", "onnxruntime int8")
        files |= {name: folder / f"{name.replace(' ', '_')}.onnx" for name in names}
        onnx_model.write_model(shape.model.network, *(files[name] for name in names))
    return files


def plain(recipe: recipes.Recipe) -> recipes.Recipe:
    """Returns the recipe with scales by extremes: for random weights the minutes of GPTQ would buy nothing."""
    scopes = tuple(dataclasses.replace(scope, algorithm=scopes_module.MIN_MAX) for scope in recipe.scopes)
    return (
        recipe if scopes == recipe.scopes else dataclasses.replace(recipe, name=f"{recipe.name}_plain", scopes=scopes)
    )


def naive(network: Seq2SeqTransformer, recipe: str) -> bytes:
    """Returns a file of one signature, `score`: source_ids (1, S), target_ids (1, T) -> logits (1, T, V)."""
    specs = {
        "source_ids": tf.TensorSpec((1, network.max_source_length), tf.int32, "source_ids"),
        "target_ids": tf.TensorSpec((1, network.max_target_length), tf.int32, "target_ids"),
    }
    with as_constants(network.variables):

        @tf.function
        def score(source_ids: Any, target_ids: Any) -> dict[str, Any]:
            return {"logits": network((source_ids, target_ids), training=False)}

        function = score.get_concrete_function(**specs)
    module = tf.Module()
    with tempfile.TemporaryDirectory(prefix="tfedge-benchmark-") as folder:
        save_functions(module, folder, {"score": function})
        return convert_saved_model(folder, ("score",), recipes.get(recipe), None)
