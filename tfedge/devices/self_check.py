"""Proves that an environment computes: a tiny model with a known answer, in float and in int8, on every core."""

from __future__ import annotations

import pathlib

import numpy as np

from tfedge.errors import DeviceError, RuntimeUnavailableError, WorkerError
from tfedge.runtime import tiny_model
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment

# Seconds for a start and one tiny run. Emulated ones took 1.3 to 5 on an idle machine.
_TIMEOUT_S = 120.0


def check(environment: Environment, folder: pathlib.Path) -> None:
    """Runs the tiny model once; `folder` is where its file may stand.

    Raises:
        DeviceError: the environment does not start, the model crashes, or an answer is wrong.
    """
    path = folder / "self_check.tflite"
    path.write_bytes(tiny_model.build())
    expected = tiny_model.product()
    try:
        with Worker(environment, timeout_s=_TIMEOUT_S) as worker:
            worker.load(path)
            outputs = worker.run(tiny_model.SIGNATURE, tiny_model.inputs())
    except (RuntimeUnavailableError, WorkerError) as error:
        raise DeviceError(f"expected {environment.target} to run a tiny model; {error}") from error
    # Sixteen float32 products of at most 1 sum to within 1e-5; an int8 answer is rounded to the nearest step, and
    # one more half is left for kernels that round in two stages.
    for name, tolerance in (("float", 1e-5), ("int8", tiny_model.STEP)):
        distance = float(np.abs(outputs[name] - expected).max())
        if not distance <= tolerance:
            raise DeviceError(
                f"expected {environment.target} to compute {name} within {tolerance}; it is {distance:.3g} away; "
                "the environment is not usable"
            )
