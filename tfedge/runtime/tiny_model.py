"""A tiny .tflite of known answer: it checks an environment, and warms up an emulator before a stranger's file comes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfedge.modelfile.builder import ModelBuilder

SIGNATURE = "serving_default"
STEP = 1 / 16  # scale of the int8 output


def _values() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Returns x (1, 16) and weights (8, 16), multiples of 1/32 and 1/128 that int8 holds exactly."""
    rng = np.random.default_rng(11)
    return rng.integers(-32, 33, (1, 16)) / 32, rng.integers(-127, 128, (8, 16)) / 128


def inputs() -> dict[str, npt.NDArray[np.float32]]:
    """Returns the input that `product` is the answer to."""
    return {"x": _values()[0].astype(np.float32)}


def product() -> npt.NDArray[np.float64]:
    """Returns the right answer of both outputs, float64 (1, 8), within -8 and 8."""
    x, weights = _values()
    return x @ weights.T


def build() -> bytes:
    """Returns a file: x float32 (1, 16) -> `float` and `int8`, float32 (1, 8), the same product in both arithmetics."""
    _, weights = _values()
    builder = ModelBuilder("tiny model of tfedge")
    x = builder.tensor("x", (1, 16))
    kernel = builder.tensor("kernel", weights.shape, data=weights)
    bias = builder.tensor("bias", (8,), data=np.zeros(8))
    exact = builder.tensor("float", (1, 8))
    builder.op("FULLY_CONNECTED", [x, kernel, bias], [exact])
    x8 = builder.tensor("x_int8", (1, 16), "int8", scales=1 / 32)
    kernel8 = builder.tensor("kernel_int8", weights.shape, "int8", weights * 128, scales=1 / 128)
    bias32 = builder.tensor("bias_int32", (8,), "int32", np.zeros(8), scales=1 / 32 / 128)
    rounded = builder.tensor("product_int8", (1, 8), "int8", scales=STEP)
    restored = builder.tensor("int8", (1, 8))
    builder.op("QUANTIZE", [x], [x8])
    builder.op("FULLY_CONNECTED", [x8, kernel8, bias32], [rounded], version=4)
    builder.op("DEQUANTIZE", [rounded], [restored], version=2)
    builder.signature(SIGNATURE, {"x": x}, {"float": exact, "int8": restored})
    return builder.build()
