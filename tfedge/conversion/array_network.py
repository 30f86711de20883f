"""A trained network of arrays as what the converter takes: its entry points, and examples to calibrate with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.conversion.calibration import Sample
from tfedge.conversion.representative import MAX_CALIBRATION, SEED, Representative
from tfedge.conversion.tensor_network import Entry, TensorNetwork, TensorShape
from tfedge.errors import CalibrationError, MeasurementError
from tfedge.networks.trained_model import TrainedArrayModel
from tfedge.progress import SILENT, Reporter
from tfedge.tasks.array_data import ArrayData, ArraySplit
from tfedge.tasks.tensor_task import TensorForm

INPUT = "inputs"  # The one input of every entry point.
DTYPE = "float32"
_BATCH = 256
# Fewer do not show the ranges of activations.
MIN_CALIBRATION = 8
# Golden cases are chosen of them; what decides and what is reported are asked in batches.
MAX_HELD_OUT = 100


def array_network(model: TrainedArrayModel) -> TensorNetwork:
    """Returns a network's entry points; each takes float32 `inputs`, of an image too, whose bytes are numbers."""
    shape = TensorShape(DTYPE, tuple(model.spec.preprocessing.input_shape))
    entries = {
        name: Entry(name, {INPUT: shape}, _calling(function)) for name, function in model.network.entry_points().items()
    }
    names = tuple(layer.name for layer in model.network._flatten_layers(include_self=False, recursive=True))
    return TensorNetwork(entries, {"kind": "keras", "sha256": model.sha256}, names, owner=model.network)


def array_samples(data: ArrayData, network: TensorNetwork) -> Representative:
    """Returns examples of every entry point: training ones calibrate, dev ones are held out; test ones do neither.

    Raises:
        CalibrationError: too few to train or to choose by.
    """
    parts = {"calibrate with": (data.train, MAX_CALIBRATION), "choose by": (data.dev, MAX_HELD_OUT)}
    for purpose, (split, _) in parts.items():
        if len(split) < MIN_CALIBRATION:
            raise CalibrationError(f"expected {MIN_CALIBRATION} examples or more to {purpose}; got {len(split)}")
    train, dev = (_samples(split, most) for split, most in parts.values())
    (form,) = {entry.inputs[INPUT] for entry in network.entries.values()}
    names = tuple(network.entries)
    forms = {name: {INPUT: TensorForm(DTYPE, (1, *(size or 1 for size in form.sizes)))} for name in names}
    counts = dict.fromkeys(names, len(data.train) + len(data.dev))
    return Representative(forms, dict.fromkeys(names, train), dict.fromkeys(names, dev), counts, SEED)


def chosen(split: ArraySplit, most: int | None) -> ArraySplit:
    """Returns `most` examples at random, in their order, or all; files are often sorted by class or by person."""
    if most is None or most >= len(split):
        return split
    return split[np.sort(np.random.default_rng(SEED).choice(len(split), most, replace=False))]


def answer_arrays(
    network: TensorNetwork, signature: str, output: str, split: ArraySplit, reporter: Reporter = SILENT
) -> npt.NDArray[Any]:
    """Returns the float model's own answers to examples, (N, ...), asked in batches.

    Raises:
        MeasurementError: it answers NaN or infinity.
    """
    answers = []
    with reporter.bar("Keras answers", len(split)) as bar:
        for start in range(0, len(split), _BATCH):
            inputs = split.inputs[start : start + _BATCH].astype(DTYPE)
            (outputs,) = network.answer(signature, [{INPUT: inputs}])
            answers.append(outputs[output])
            bar.advance(len(inputs))
    found = np.concatenate(answers)
    if not np.isfinite(found).all():
        raise MeasurementError(
            f"expected finite answers of the model itself; {output!r} of {signature} is NaN or infinite for a test "
            "example; train it again, perhaps with a lower learning rate"
        )
    return found


def _samples(split: ArraySplit, most: int) -> tuple[Sample, ...]:
    return tuple({INPUT: row[None]} for row in chosen(split, most).inputs.astype(DTYPE))


def _calling(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda tensors: function(tensors[INPUT])
