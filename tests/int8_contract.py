"""What an attention layer loses in int8: its numbers on both runtimes against Keras' own, in steps of its output."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.contracts import Call
from tfedge.conversion import recipes, representative
from tfedge.conversion.tensor_converter import TensorConverter
from tfedge.conversion.tensor_network import Entry, TensorNetwork, TensorShape
from tfedge.modelfile.graph import read_graph, refused_ops
from tfedge.runtime.client import Worker

RUNTIMES = ("ai-edge-litert", "tflite-runtime")
RECIPES = ("dynamic_wi8_afp32", "static_wi8_ai8")

# Root mean square, in steps. Measured with seeds 0 to 2, the same on both runtimes within 0.02: dynamic 0.30 to 0.59,
# static 1.27 to 2.20, the most of plain products, whose scores are the largest. Half as much again for CPUs that round
# otherwise; a mask of -1e4 costs 18 steps.
INT8_STEPS = {"dynamic_wi8_afp32": 0.9, "static_wi8_ai8": 3.3}
# Kinds that do less than all pairs, in the same way: dynamic 0.26 to 0.37, static 0.85 to 1.56.
FEWER_INT8_STEPS = {"dynamic_wi8_afp32": 0.6, "static_wi8_ai8": 2.4}


def int8_contract(layer: Any, examples: Mapping[str, np.ndarray], limits: Mapping[str, float], call: Call) -> None:
    """Fails unless `layer` converts by both int8 recipes and stays within `limits` of Keras on both runtimes.

    Args:
        layer: built; its biases are not zero.
        examples: float32 (32 or more, ...) by name of an argument of `call`, without the axis of a batch of 1. A
            quarter is held out, and is what is compared.
        limits: recipe -> how far outputs may be from Keras' in the root mean square, in steps: a 255th of the range of
            all outputs. Not the largest difference: it belongs to one position whose softmax nearly ties, and differs
            three times between seeds.
        call: (layer, **inputs) -> tensor.
    """
    found = int8_steps(layer, examples, call)
    over = {place: steps for place, steps in found.items() if not steps <= limits[place[0]]}
    assert not over, f"int8: at most {dict(limits)} steps from Keras; {over}"


def int8_steps(layer: Any, examples: Mapping[str, np.ndarray], call: Call) -> dict[tuple[str, str], float]:
    """Returns the root mean square difference of held-out examples, in steps, by recipe and runtime."""
    shapes = {name: TensorShape("float32", array.shape[1:]) for name, array in examples.items()}
    entry = Entry("call", shapes, lambda tensors: {"outputs": call(layer, **tensors)})
    network = TensorNetwork({"call": entry}, {}, owner=layer)
    data = representative.fit(examples, {"call": shapes}, "examples")
    expected = np.stack([answer["outputs"] for answer in network.answer("call", list(data.held_out["call"]))])
    step = (expected.max() - expected.min()) / 255
    converter, found = TensorConverter(network, data), {}
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: pathlib.Path(folder) / f"{name}.tflite" for name in RECIPES}
        for name, path in paths.items():
            path.write_bytes(converter.convert(recipes.get(name)).model_bytes)
            refused = refused_ops(read_graph(path.read_bytes()))
            assert not refused, f"conversion: {', '.join(refused)}"
        for runtime in RUNTIMES:
            with Worker(runtime) as worker:
                for name, path in paths.items():
                    worker.load(path)
                    actual = np.stack([worker.run("call", sample)["outputs"] for sample in data.held_out["call"]])
                    found[name, runtime] = float(np.sqrt(np.mean((actual - expected) ** 2)) / step)
    return found
