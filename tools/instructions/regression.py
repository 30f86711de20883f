"""A small network whose decodes are counted in every run of the tests: 1 + 1 layers, 128 wide, 16 tokens, random."""

from __future__ import annotations

import pathlib

import numpy as np

from tfedge.conversion import recipes
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.networks.trained_model import TrainedModel
from tfedge.runtime import environments
from tfedge.runtime.targets import RuntimeTarget, installed_versions
from tfedge.text.tokenizer import STOP_ID
from tools.benchmark.endless_network import LETTERS, letters_model
from tools.instructions.counting import Job, count
from tools.instructions.emulator import Emulator

TARGET = "ai-edge-litert==2.3.0@aarch64:cortex-a76"
RECIPES = ("dynamic_wi8_afp32", "static_wi8_ai8_fc")
LENGTH = 16
_SOURCE = (*range(3, 3 + LENGTH - 1), STOP_ID)


def make_network() -> TrainedModel:
    """Returns the network, which never writes the stop token, so that each decode has `LENGTH` steps."""
    return letters_model((LENGTH, LENGTH), hidden_dim=128, num_layers=1, intermediate_dim=256)


def write_files(model: TrainedModel, folder: pathlib.Path, names: tuple[str, ...] = RECIPES) -> list[pathlib.Path]:
    """Writes the model by each recipe, and returns the files.

    Raises:
        ConversionError: the converter refused.
    """
    random = np.random.default_rng(5)
    texts = ["".join(random.choice(LETTERS, 1 + place % (LENGTH - 1))) for place in range(64)]
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
    return {**installed_versions(names), "qemu-user": emulator.versions["qemu-user:amd64"]}
