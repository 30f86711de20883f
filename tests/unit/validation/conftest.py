"""Workers that several tests share: a file gets a process of its own in each, so that none meets another's."""

from __future__ import annotations

import pathlib

import pytest

from tfedge.modelfile.graph import read_graph
from tfedge.runtime.environments import find_environment
from tfedge.runtime.targets import installed_targets
from tfedge.validation.expectation import CheckedFile
from tfedge.validation.lane import Lane

TARGETS = {target.name: target for target in installed_targets()}
LITERT, TFLITE = TARGETS["ai-edge-litert"], TARGETS["tflite-runtime"]


@pytest.fixture(scope="module")
def litert():
    """LiteRT, beside this Python."""
    with Lane(find_environment(LITERT)) as lane:
        yield lane


@pytest.fixture(scope="module")
def tflite():
    """tflite-runtime 2.14, beside this Python."""
    with Lane(find_environment(TFLITE)) as lane:
        yield lane


@pytest.fixture
def checked(tmp_path):
    """Returns a function: bytes of a model -> the file, written and read."""

    def write(model: bytes, name: str = "model.tflite") -> CheckedFile:
        path = pathlib.Path(tmp_path / name)
        path.write_bytes(model)
        return CheckedFile(path, model, read_graph(model))

    return write
