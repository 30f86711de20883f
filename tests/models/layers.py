"""Layers as converters write them out: normalizations, GELU, dense layers without a bias, indexing with None."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfedge.modelfile.builder import ModelBuilder

ROWS, WIDTH = 6, 8
SHAPE, ONE_EACH = (1, ROWS, WIDTH), (1, ROWS, 1)
SIGNATURE = "serving_default"
# StableHLO's erfc for small arguments, x * polynomial of x * x, as TensorFlow 2.21 writes it into a file.
ERFC = (7.853861e-05, -8.010194e-04, 5.188327e-03, -2.6853813e-02, 1.12835854e-01, -3.7612623e-01, 1.1283791)


def _built(builder: ModelBuilder, x: int, y: int) -> bytes:
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def normalization(epsilon: float | None, stored: str = "float32") -> bytes:
    """RMS normalization, x (1, 6, 8) -> y; an epsilon `stored` in float16 stands behind a DEQUANTIZE; None: none."""
    builder = ModelBuilder("normalization")
    x, squares, y = (builder.tensor(name, SHAPE) for name in ("x", "norm/square", "norm/y"))
    mean, total, root = (builder.tensor(f"norm/{name}", ONE_EACH) for name in ("mean", "total", "root"))
    builder.op("SQUARE", [x], [squares])
    builder.op("MEAN", [squares, builder.tensor("axis", (1,), "int32", [2])], [mean], options={"keepDims": True})
    if epsilon is None:
        total = mean
    else:
        added = builder.tensor("epsilon", (), stored, epsilon)
        if stored == "float16":
            added, half = builder.tensor("epsilon32", ()), added
            builder.op("DEQUANTIZE", [half], [added])
        builder.op("ADD", [mean, added], [total])
    builder.op("RSQRT", [total], [root])
    builder.op("MUL", [x, root], [y])
    return _built(builder, x, y)


def int8_normalization(smallest: float, largest: float, float_root: bool = False) -> bytes:
    """An int8 RMS normalization as calibrated on rows whose mean squares are between two numbers; epsilon 1e-3.

    float_root: the root is taken in float, behind a DEQUANTIZE.
    """
    builder = ModelBuilder("int8 normalization")
    step = largest / 255

    def quantized(name: str, shape: tuple[int, ...], high: float) -> int:
        return builder.tensor(name, shape, "int8", scales=high / 255, zero_points=-128)

    x, squares = quantized("x", SHAPE, largest), quantized("norm/square", SHAPE, largest)
    mean, total = quantized("norm/mean", ONE_EACH, largest), quantized("norm/total", ONE_EACH, largest)
    epsilon = builder.tensor("epsilon", (), "int8", 127, scales=1e-3 / 127, zero_points=0)
    builder.op("MUL", [x, x], [squares], version=2)
    builder.op("MEAN", [squares, builder.tensor("axis", (1,), "int32", [2])], [mean], 2, {"keepDims": True})
    builder.op("ADD", [mean, epsilon], [total], version=2)
    if float_root:
        read, y = builder.tensor("norm/read", ONE_EACH), builder.tensor("y", ONE_EACH)
        builder.op("DEQUANTIZE", [total], [read], version=2)
        builder.op("RSQRT", [read], [y])
    else:
        y = quantized("norm/root", ONE_EACH, (smallest + step / 255) ** -0.5)
        builder.op("RSQRT", [total], [y], version=2)
    return _built(builder, x, y)


def gelu(approximate: bool = False, dtype: str = "float32") -> bytes:
    """x (1, 6, 8) -> the op GELU -> y."""
    builder = ModelBuilder("gelu")
    facts: dict[str, Any] = {"scales": 0.05, "zero_points": 0} if dtype == "int8" else {}
    x, y = (builder.tensor(name, SHAPE, dtype, **facts) for name in ("x", "act/y"))
    builder.op("GELU", [x], [y], 2 if facts else 1, {"approximate": approximate})
    return _built(builder, x, y)


def polynomial(coefficients: tuple[float, ...]) -> bytes:
    """x (1, 6, 8) -> a polynomial of x by Horner's rule, the highest coefficient first -> y."""
    builder = ModelBuilder("polynomial")
    x = value = builder.tensor("x", SHAPE)
    for place, number in enumerate(coefficients):
        constant = builder.tensor(f"c{place}", (), data=number)
        if place == 0:
            value = constant
            continue
        product, total = builder.tensor(f"act/mul_{place}", SHAPE), builder.tensor(f"act/add_{place}", SHAPE)
        builder.op("MUL", [value, x], [product])
        builder.op("ADD", [product, constant], [total])
        value = total
    return _built(builder, x, value)


def dense(bias: bool = False, rows: int = ROWS) -> bytes:
    """x (1, rows, 8) -> float FULLY_CONNECTED -> y, with a bias or without."""
    builder = ModelBuilder("dense")
    x, y = (builder.tensor(name, (1, rows, WIDTH)) for name in ("x", "dense/y"))
    weights = builder.tensor("w", (WIDTH, WIDTH), data=np.eye(WIDTH))
    added = builder.tensor("b", (WIDTH,), data=np.ones(WIDTH)) if bias else None
    builder.op("FULLY_CONNECTED", [x, weights, added], [y], options={"keepNumDims": True})
    return _built(builder, x, y)


def dense_open(computed_shape: bool = True) -> bytes:
    """x (1, 6, 8) -> FULLY_CONNECTED -> RESHAPE to a shape that is computed, or stored -> ADD of the bias -> y."""
    builder = ModelBuilder("open dense")
    x, flat, product = builder.tensor("x", SHAPE), builder.tensor("flat", (ROWS, WIDTH)), None
    shape = builder.tensor("shape", (3,), "int32", None if computed_shape else SHAPE)
    if computed_shape:
        builder.op("SHAPE", [x], [shape], options={"outType": 2})  # int32.
    rows = builder.tensor("rows", (2,), "int32", [ROWS, WIDTH])
    builder.op("RESHAPE", [x, rows], [flat])
    product = builder.tensor("dense/product", (ROWS, WIDTH))
    builder.op("FULLY_CONNECTED", [flat, builder.tensor("w", (WIDTH, WIDTH), data=np.eye(WIDTH)), None], [product])
    shaped, y = builder.tensor("dense/shaped", SHAPE), builder.tensor("dense/y", SHAPE)
    builder.op("RESHAPE", [product, shape], [shaped])
    builder.op("ADD", [shaped, builder.tensor("b", (WIDTH,), data=np.ones(WIDTH))], [y])
    return _built(builder, x, y)


def sliced(flex: bool = True, more_axes: bool = True) -> bytes:
    """x (1, 8) -> a strided slice, with an axis more or as it was -> y; `flex`: as an op of TensorFlow."""
    builder = ModelBuilder("sliced")
    x, y = builder.tensor("x", (1, WIDTH)), builder.tensor("y", (1, 1, WIDTH) if more_axes else (1, WIDTH))
    rank = 3 if more_axes else 2
    zeros, ones = (builder.tensor(name, (rank,), "int32", [value] * rank) for name, value in (("0", 0), ("1", 1)))
    inputs = [x, zeros, zeros, ones]
    if flex:
        builder.op("CUSTOM", inputs, [y], custom_code="FlexStridedSlice")
    else:
        masks = {"beginMask": 7, "endMask": 7, "newAxisMask": 2 if more_axes else 0}
        builder.op("STRIDED_SLICE", inputs, [y], 1, masks)
    return _built(builder, x, y)
