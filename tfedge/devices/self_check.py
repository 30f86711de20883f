"""Proves that an environment computes: a tiny model with a known answer, in float and in int8, on every core."""

from __future__ import annotations

import pathlib

import numpy as np
import numpy.typing as npt

from tfedge.errors import DeviceError, RuntimeUnavailableError, WorkerError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment

_STEP = 1 / 16  # scale of the int8 output
# Seconds for a start and one tiny run. Emulated ones took 1.3 to 5 on an idle machine.
_TIMEOUT_S = 120.0


def _values() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Returns x (1, 16) and weights (8, 16), both multiples of 1/32 so that int8 holds them exactly."""
    rng = np.random.default_rng(11)
    return rng.integers(-32, 33, (1, 16)) / 32, rng.integers(-127, 128, (8, 16)) / 128


def tiny_model() -> bytes:
    """Returns a file: x float32 (1, 16) -> `float` and `int8`, float32 (1, 8), the same product in both arithmetics."""
    _, weights = _values()
    builder = ModelBuilder("self check")
    x = builder.tensor("x", (1, 16))
    kernel = builder.tensor("kernel", weights.shape, data=weights)
    bias = builder.tensor("bias", (8,), data=np.zeros(8))
    product = builder.tensor("float", (1, 8))
    builder.op("FULLY_CONNECTED", [x, kernel, bias], [product])
    quantized = builder.tensor("x_int8", (1, 16), "int8", scales=1 / 32)
    kernel8 = builder.tensor("kernel_int8", weights.shape, "int8", weights * 128, scales=1 / 128)
    bias32 = builder.tensor("bias_int32", (8,), "int32", np.zeros(8), scales=1 / 32 / 128)
    product8 = builder.tensor("product_int8", (1, 8), "int8", scales=_STEP)
    restored = builder.tensor("int8", (1, 8))
    builder.op("QUANTIZE", [x], [quantized])
    builder.op("FULLY_CONNECTED", [quantized, kernel8, bias32], [product8], version=4)
    builder.op("DEQUANTIZE", [product8], [restored], version=2)
    builder.signature("serving_default", {"x": x}, {"float": product, "int8": restored})
    return builder.build()


def check(environment: Environment, folder: pathlib.Path) -> None:
    """Runs the tiny model once; `folder` is where its file may stand.

    Raises:
        DeviceError: the environment does not start, the model crashes, or an answer is wrong.
    """
    path = folder / "self_check.tflite"
    path.write_bytes(tiny_model())
    x, weights = _values()
    expected = x @ weights.T
    try:
        with Worker(environment, timeout_s=_TIMEOUT_S) as worker:
            worker.load(path)
            outputs = worker.run("serving_default", {"x": x.astype(np.float32)})
    except (RuntimeUnavailableError, WorkerError) as error:
        raise DeviceError(f"expected {environment.target} to run a tiny model; {error}") from error
    # Sixteen float32 products of at most 1 sum to within 1e-5; an int8 answer is rounded to the nearest step, and
    # one more half is left for kernels that round in two stages.
    for name, tolerance in (("float", 1e-5), ("int8", _STEP)):
        distance = float(np.abs(outputs[name] - expected).max())
        if not distance <= tolerance:
            raise DeviceError(
                f"expected {environment.target} to compute {name} within {tolerance}; it is {distance:.3g} away; "
                "the environment is not usable"
            )
