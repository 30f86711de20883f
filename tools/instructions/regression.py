"""A small network whose decodes are counted in every run of the tests: 1 + 1 layers, 128 wide, 16 tokens, random."""

from __future__ import annotations

import importlib.metadata
import pathlib

import keras
import numpy as np

from tfedge.conversion import recipes
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.networks.trained_model import TrainedModel
from tfedge.runtime import environments
from tfedge.runtime.targets import RuntimeTarget
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import STOP_ID, SymbolTokenizer
from tools.instructions.counting import Job, count
from tools.instructions.emulator import Emulator

TARGET = "ai-edge-litert==2.3.0@aarch64:cortex-a76"
RECIPES = ("dynamic_wi8_afp32", "static_wi8_ai8_fc")
LENGTH = 16
_SYMBOLS = tuple("abcdefghijklmnopqrstuvwxyz")
_SOURCE = (*range(3, 3 + LENGTH - 1), STOP_ID)


def make_network() -> TrainedModel:
    """Returns the network, which never writes the stop token, so that each decode has `LENGTH` steps."""
    keras.utils.set_random_seed(7)
    sides = SymbolTokenizer(_SYMBOLS, separator="", lowercase=True)
    spec = TaskSpec("g2p", sides, sides, max_source_length=LENGTH, max_target_length=LENGTH)
    vocab_size = len(_SYMBOLS) + 3
    network = Seq2SeqTransformer(
        vocab_size,
        vocab_size,
        max_source_length=LENGTH,
        max_target_length=LENGTH,
        hidden_dim=128,
        num_heads=4,
        head_dim=32,
        intermediate_dim=256,
        num_encoder_layers=1,
        num_decoder_layers=1,
    )
    network.build()
    random = np.random.default_rng(7)
    for variable in network.trainable_variables:  # Biases are zero at first, and a converter drops those.
        if len(variable.shape) == 1 and "scale" not in variable.name:
            variable.assign(0.1 * random.standard_normal(variable.shape))
    bias = network.logits_dense.bias
    bias.assign(bias.numpy() - 1000.0 * np.eye(vocab_size)[STOP_ID])
    return TrainedModel(network, spec, {})


def write_files(model: TrainedModel, folder: pathlib.Path, names: tuple[str, ...] = RECIPES) -> list[pathlib.Path]:
    """Writes the model by each recipe, and returns the files.

    Raises:
        ConversionError: the converter refused.
    """
    random = np.random.default_rng(5)
    texts = ["".join(random.choice(_SYMBOLS, 1 + place % (LENGTH - 1))) for place in range(64)]
    converter = Seq2SeqConverter(model, texts)
    files = []
    for name in names:
        files.append(folder / f"{name}.tflite")
        files[-1].write_bytes(converter.convert(recipes.get(name)).model_bytes)
    return files


def measure(emulator: Emulator, files: list[pathlib.Path]) -> dict[str, float]:
    """Returns instructions a greedy decode of each file, by recipe and target; the runtime must be installed.

    Raises:
        RuntimeUnavailableError: it is not.
        MeasurementError: a decode failed.
    """
    environment = environments.find_environment(RuntimeTarget.parse(TARGET))
    counts = count(emulator, environment, [Job(path, "greedy", (_SOURCE,)) for path in files])
    return {f"{path.stem}, greedy, {TARGET}": each.mean for path, each in zip(files, counts, strict=True)}


def versions(emulator: Emulator) -> dict[str, str]:
    """Returns what counts depend on."""
    names = ("tensorflow", "tensorflow-cpu", "keras", "litert-quantizer", "numpy")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {**found, "qemu-user": emulator.versions["qemu-user:amd64"]}
