"""Which weights the kernels of products and look-ups read rightly: each dtype of activation with each form of weight.

Rows and channels differ 100-fold in size, as trained ones do: a kernel that reads one scale for all of them is far off.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.checks.probes.probe import ACTIVATIONS, Probe, Sketch

Array = npt.NDArray[Any]

_BITS = {"int8": 8, "uint8": 8, "int4": 4, "int2": 2}
FLOATS = ("float32", "float16")


@dataclasses.dataclass(frozen=True)
class Weights:
    """Stored weights and what they mean.

    Attributes:
        dtype: of the stored values.
        stored: as the file holds them.
        scales: one, or one a channel; None of floats.
        real: the values they stand for.
        axis: the quantized dimension.
    """

    dtype: str
    stored: Array
    scales: Array | None
    real: Array
    axis: int

    def add_to(self, sketch: Sketch, **facts: Any) -> int:
        """Adds them as a constant."""
        if self.scales is not None:
            points = np.full(len(self.scales), 128 if self.dtype == "uint8" else 0)
            facts = {"scales": self.scales, "zero_points": points, "axis": self.axis, **facts}
        return sketch.constant(self.stored, self.dtype, **facts)


def weights(
    shape: tuple[int, ...], dtype: str, per_channel: bool = False, axis: int = 0, quantized_axis: int | None = None
) -> Weights:
    """Returns seeded weights whose channels along `axis` grow 100-fold; scales follow `quantized_axis` where given."""
    rng = np.random.default_rng(11)
    sizes = np.geomspace(0.01, 1, shape[axis]).reshape([-1 if place == axis else 1 for place in range(len(shape))])
    real = rng.uniform(-1, 1, shape) * sizes
    if dtype in FLOATS:
        return Weights(dtype, real, None, real.astype(dtype).astype(np.float64), 0)
    along = axis if quantized_axis is None else quantized_axis
    others = tuple(place for place in range(len(shape)) if place != along) if per_channel else None
    limit = (1 << _BITS[dtype] - 1) - 1
    scales = np.abs(real).max(axis=others, keepdims=True) / limit
    stored = np.round(real / scales)
    offset = 128 if dtype == "uint8" else 0
    return Weights(dtype, stored + offset, np.float32(scales).ravel(), stored * scales, along if per_channel else 0)


# (activation, weights, whether one scale a channel): what converters and quantizers write, and what they might.
FORMS: tuple[tuple[str, str, bool], ...] = (
    *((activation, weight, False) for activation in FLOATS for weight in FLOATS),
    *(("float32", weight, per) for weight in ("int8", "uint8", "int4", "int2") for per in (False, True)),
    *(("int8", weight, per) for weight in ("int8", "int4", "int2") for per in (False, True)),
    ("uint8", "uint8", False),
    *(("int16", weight, per) for weight in ("int8", "int4") for per in (False, True)),
    *(("float16", "int8", per) for per in (False, True)),
)


def tolerance(activation: str, weight: str) -> float:
    """Returns the largest difference of a right answer, stored units, for products of 16 values up to 4 and 1.

    Hybrid kernels round the activations to 8 bits: 16 products off by 4 / 127 / 2 at random and weights up to 1, twice
    that to be safe. Integers: one step in the output, and one for the bias. float16 adds 11 bits at 10.
    """
    if activation in FLOATS:
        return 0.15 if weight not in FLOATS else 1e-3 if activation == weight == "float32" else 0.05
    return 2.1 if activation != "int16" else 40.0


def activations(dtype: str, shape: tuple[int, ...]) -> Array:
    """Returns real values between -4 and 4 in sixteenths, which every dtype holds."""
    return np.random.default_rng(12).integers(-64, 65, shape) / 16


def add_bias(sketch: Sketch, activation: str, held: Weights, real: Array) -> tuple[int, Array]:
    """Adds a bias in the form that kernels want; returns its tensor and the values it stands for."""
    if activation in FLOATS or held.scales is None:
        return sketch.constant(real, activation if activation in FLOATS else "float32"), real
    scales = held.scales.astype(np.float64) * ACTIVATIONS[activation][0]
    stored = np.round(real / scales)
    dtype = "int64" if activation == "int16" else "int32"
    return sketch.constant(stored, dtype, scales=scales, zero_points=np.zeros(len(scales), int)), stored * scales


def fully_connected(
    activation: str = "float32",
    weight: str = "int8",
    per_channel: bool = False,
    bias: bool = True,
    shape: tuple[int, ...] = (2, 16),
    outputs: int = 8,
    version: int = 1,
    name: str = "kernel",
    **facts: Any,
) -> Probe:
    """x `shape` -> FULLY_CONNECTED -> y: the product of all models here. `facts` replace those of the weights."""
    sketch = Sketch()
    held = weights((outputs, shape[-1]), weight, per_channel)
    real = activations(activation, shape)
    x, inputs, product = sketch.input("x", real, activation), [held.add_to(sketch, **facts)], real @ held.real.T
    if bias:
        tensor, added = add_bias(sketch, activation, held, np.linspace(-1, 1, outputs))
        inputs.append(tensor)
        product = product + added
    y = sketch.output("y", product, activation)
    sketch.builder.op("FULLY_CONNECTED", [x, *inputs], [y], version, {"keepNumDims": len(shape) > 2})
    return sketch.probe(name, tolerance(activation, weight))


def convolution(op: str, activation: str, weight: str, per_channel: bool, bias: bool = True) -> Probe:
    """x (1, 1, 2, 16) -> CONV_2D or DEPTHWISE_CONV_2D of one by one -> y."""
    sketch = Sketch()
    depthwise = op == "DEPTHWISE_CONV_2D"
    held = weights((1, 1, 1, 16) if depthwise else (8, 1, 1, 16), weight, per_channel, axis=3 if depthwise else 0)
    real = activations(activation, (1, 1, 2, 16))
    product = real * held.real[0, 0, 0] if depthwise else real @ held.real[:, 0, 0].T
    x, inputs = sketch.input("x", real, activation), [held.add_to(sketch)]
    if bias:
        tensor, added = add_bias(sketch, activation, held, np.linspace(-1, 1, product.shape[-1]))
        inputs.append(tensor)
        product = product + added
    y = sketch.output("y", product, activation)
    options = {"strideW": 1, "strideH": 1, **({"depthMultiplier": 1} if depthwise else {})}
    sketch.builder.op(op, [x, *inputs], [y], options=options)
    return sketch.probe("kernel", tolerance(activation, weight))


def transposed_convolution(activation: str, weight: str, per_channel: bool) -> Probe:
    """x (1, 1, 2, 16) -> TRANSPOSE_CONV of one by one -> y (1, 1, 2, 8)."""
    sketch = Sketch()
    held = weights((8, 1, 1, 16), weight, per_channel)
    real = activations(activation, (1, 1, 2, 16))
    shape, kernel = sketch.constant([1, 1, 2, 8], "int32"), held.add_to(sketch)
    x = sketch.input("x", real, activation)
    y = sketch.output("y", real @ held.real[:, 0, 0].T, activation)
    sketch.builder.op("TRANSPOSE_CONV", [shape, kernel, x], [y], options={"strideW": 1, "strideH": 1})
    return sketch.probe("kernel", tolerance(activation, weight))


def batch_matmul(
    activation: str,
    weight: str,
    per_channel: bool,
    quantized_axis: int = 2,
    shape: tuple[int, ...] = (2, 3, 16),
    outputs: int = 8,
    name: str = "kernel",
) -> Probe:
    """x `shape` times one matrix of stored weights (1, 16, outputs) -> y (…, outputs)."""
    sketch = Sketch()
    held = weights((1, shape[-1], outputs), weight, per_channel, axis=2, quantized_axis=quantized_axis)
    real = activations(activation, shape)
    x, other = sketch.input("x", real, activation), held.add_to(sketch)
    sketch.builder.op("BATCH_MATMUL", [x, other], [sketch.output("y", real @ held.real, activation)])
    return sketch.probe(name, tolerance(activation, weight))


def computed_matmul(dtype: str) -> Probe:
    """x (2, 3, 8) times z (2, 8, 4), both computed, as attention does -> y (2, 3, 4)."""
    sketch = Sketch()
    left, right = activations(dtype, (2, 3, 8)) / 4, activations(dtype, (2, 8, 4)) / 4
    left, right = np.round(left * 16) / 16, np.round(right * 16) / 16
    x, z = sketch.input("x", left, dtype), sketch.input("z", right, dtype)
    sketch.builder.op("BATCH_MATMUL", [x, z], [sketch.output("y", left @ right, dtype)])
    return sketch.probe("kernel", tolerance(dtype, dtype))


def lookup(weight: str, per_channel: bool) -> Probe:
    """ids (3,) -> EMBEDDING_LOOKUP in stored rows (10, 16) -> y (3, 16)."""
    sketch = Sketch()
    held = weights((10, 16), weight, per_channel)
    ids = np.array([1, 9, 4])
    x, table = sketch.input("x", ids, "int32"), held.add_to(sketch)
    sketch.builder.op("EMBEDDING_LOOKUP", [x, table], [sketch.output("y", held.real[ids])])
    return sketch.probe("kernel", 1e-3)


def product_probes() -> Iterator[Probe]:
    """Every product with every form of weights, with a bias and without."""
    for activation, weight, per_channel in FORMS:
        for bias in (True, False):
            yield fully_connected(activation, weight, per_channel, bias)
            if weight != "int2":  # Met in FULLY_CONNECTED alone.
                yield convolution("CONV_2D", activation, weight, per_channel, bias)
                yield convolution("DEPTHWISE_CONV_2D", activation, weight, per_channel, bias)
        if weight != "int2":
            yield transposed_convolution(activation, weight, per_channel)
            yield batch_matmul(activation, weight, per_channel)
    for dtype in ("float32", "float16", "int8", "int16"):
        yield computed_matmul(dtype)
    for weight in ("float32", "int8", "int4", "int2", "uint8"):
        for per_channel in (False, True) if weight != "float32" else (False,):
            yield lookup(weight, per_channel)


def shape_probes() -> Iterator[Probe]:
    """Shapes for which tflite-runtime 2.14 chooses another kernel.

    One row without a bias on ARM; 4-bit weights; four rows at once on cores with a dot product, and two rows of large
    weights; one matrix for a whole batch.
    """
    for name, shape, outputs in (
        ("one_row", (1, 16), 8),
        ("one_row_narrow", (1, 16), 3),
        ("one_row_shallow", (1, 4), 8),
        ("one_row_3d", (1, 1, 16), 8),
    ):
        yield fully_connected(
            "int8", "int8", True, bias=False, shape=shape, outputs=outputs, name=f"{name} FULLY_CONNECTED"
        )
    yield fully_connected("float32", "int4", True, shape=(2, 32), name="four_bit_kernel FULLY_CONNECTED")
    yield fully_connected("float32", "int4", True, False, (2, 34), 5, name="four_bit_kernel_odd FULLY_CONNECTED")
    for name, shape, outputs in (("dot_product", (4, 16), 8), ("dot_product_padded", (2, 128), 128)):
        yield fully_connected("float32", "int8", False, True, shape, outputs, name=f"{name} FULLY_CONNECTED")
    yield batch_matmul("float32", "int8", False, shape=(1, 4, 16), name="dot_product BATCH_MATMUL")
    yield batch_matmul("float32", "int8", False, shape=(4, 8, 16), outputs=16, name="one_for_batch BATCH_MATMUL")
