"""Files for rules that no probe stands for: masks, weights that are no numbers, signatures, strings, chance."""

from __future__ import annotations

import mmap
import tempfile

import numpy as np

from tests import models
from tests.models.dense import add_dense
from tfedge.modelfile.builder import ModelBuilder

SIGNATURE = "serving_default"


def masked_scores(mask: float, dtype: str = "int8") -> bytes:
    """Scores of -5 to 5 + a mask of 0 or `mask` -> SOFTMAX, quantized over the whole range as a converter does."""
    low, high = {"int8": (-128, 127), "int16": (-32768, 32767)}[dtype]
    scale = (5 - (mask - 5)) / (high - low)
    point = round(high - 5 / scale)
    builder = ModelBuilder("attention")
    scores = builder.tensor("scores", (1, 4, 8), dtype, scales=10 / (high - low), zero_points=0)
    values = np.where(np.arange(8) < 6, 0, mask)
    added = np.clip(np.round(values / scale) + point, low, high).reshape(1, 1, 8)
    padding = builder.tensor("mask", (1, 1, 8), dtype, added, scales=scale, zero_points=point)
    masked = builder.tensor("masked", (1, 4, 8), dtype, scales=scale, zero_points=point)
    fixed = (1 / 256, -128) if dtype == "int8" else (1 / 32768, 0)
    weights = builder.tensor("weights", (1, 4, 8), dtype, scales=fixed[0], zero_points=fixed[1])
    builder.op("ADD", [scores, padding], [masked], version=2)
    builder.op("SOFTMAX", [masked], [weights], version=2, options={"beta": 1.0})
    builder.signature(SIGNATURE, {"scores": scores}, {"weights": weights})
    return builder.build()


def softmax(keys: int) -> bytes:
    """x (1, keys) -> int8 SOFTMAX -> y."""
    builder = ModelBuilder("softmax")
    x = builder.tensor("x", (1, keys), "int8", scales=0.1, zero_points=0)
    y = builder.tensor("y", (1, keys), "int8", scales=1 / 256, zero_points=-128)
    builder.op("SOFTMAX", [x], [y], options={"beta": 1.0})
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def product_of(value: float | None, dtype: str = "float32") -> bytes:
    """x (1, 8) times weights of ones with one `value` among them -> y; None: weights of zeros."""
    weights = np.zeros((8, 8)) if value is None else np.ones((8, 8))
    if value is not None:
        weights[3, 3] = value
    builder = ModelBuilder("product")
    x, y = builder.tensor("x", (1, 8)), builder.tensor("y", (1, 8))
    builder.op("FULLY_CONNECTED", [x, builder.tensor("w", (8, 8), dtype, weights), None], [y])
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def half_weights(value: float) -> bytes:
    """x (1, 8) times float16 weights of ones with one `value` among them, behind a DEQUANTIZE -> y."""
    weights = np.ones((8, 8))
    weights[3, 3] = value
    builder = ModelBuilder("half weights")
    x, y, w = builder.tensor("x", (1, 8)), builder.tensor("y", (1, 8)), builder.tensor("w", (8, 8))
    builder.op("DEQUANTIZE", [builder.tensor("w16", (8, 8), "float16", weights)], [w])
    builder.op("FULLY_CONNECTED", [x, w, None], [y])
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def classifier(lowest: float) -> bytes:
    """x (1, 16) -> int8 FULLY_CONNECTED with logits from `lowest` to 5 -> SOFTMAX."""
    builder = ModelBuilder("classifier")
    x = builder.tensor("x", (1, 16), "int8", scales=1 / 32, zero_points=0)
    scale = (5 - lowest) / 255
    logits = builder.tensor("logits", (1, 8), "int8", scales=scale, zero_points=round(127 - 5 / scale))
    add_dense(builder, "dense", x, logits, "int8_static")
    y = builder.tensor("y", (1, 8), "int8", scales=1 / 256, zero_points=-128)
    builder.op("SOFTMAX", [logits], [y], version=2, options={"beta": 1.0})
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def added(value: float) -> bytes:
    """x (1, 8) + a constant of zeros with one `value` -> y."""
    constant = np.zeros((1, 8))
    constant[0, 3] = value
    builder = ModelBuilder("sum")
    x, y = builder.tensor("x", (1, 8)), builder.tensor("y", (1, 8))
    builder.op("ADD", [x, builder.tensor("c", (1, 8), data=constant)], [y])
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def sub_of_two(names: tuple[str, str] = ("x", "z"), key: str | None = SIGNATURE) -> bytes:
    """y = first - second, whose names in the signature are given; no signature without a key."""
    builder = ModelBuilder("difference")
    first, second = builder.tensor("first", (1, 8)), builder.tensor("second", (1, 8))
    y = builder.tensor("y", (1, 8))
    builder.op("SUB", [first, second], [y])
    if key is not None:
        builder.signature_pairs(key, zip(names, (first, second), strict=True), [("y", y)])
    return builder.build()


def unknown_op() -> bytes:
    """An op of a code that no schema has."""
    return _with_code(9999)


def _with_code(number: int) -> bytes:
    builder = ModelBuilder("unknown op")
    x, y = builder.tensor("x", (1, 8)), builder.tensor("y", (1, 8))
    builder.op("TANH", [x], [y])
    builder.model.operatorCodes[0].builtinCode, builder.model.operatorCodes[0].deprecatedBuiltinCode = number, 127
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def unused_code(name: str = "CUSTOM", custom_code: str | None = "MyOp", version: int = 1) -> bytes:
    """TANH in a file that names another operator code, which no op uses."""
    builder = ModelBuilder("unused code")
    x, y = builder.tensor("x", (1, 8)), builder.tensor("y", (1, 8))
    builder.op("TANH", [x], [y])
    builder.op_code(name, version, custom_code)
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def strings() -> bytes:
    """words string (4,) -> words, reshaped."""
    builder = ModelBuilder("strings")
    x, y = builder.tensor("words", (4,), "string"), builder.tensor("y", (2, 2), "string")
    builder.op("RESHAPE", [x, builder.tensor("shape", (2,), "int32", [2, 2])], [y])
    builder.signature(SIGNATURE, {"words": x}, {"y": y})
    return builder.build()


def chance() -> bytes:
    """x (1, 8) + RANDOM_UNIFORM -> y."""
    builder = ModelBuilder("chance")
    x, drawn, y = (builder.tensor(name, (1, 8)) for name in ("x", "drawn", "y"))
    builder.op("RANDOM_UNIFORM", [builder.tensor("shape", (2,), "int32", [1, 8])], [drawn], options={"seed": 7})
    builder.op("ADD", [x, drawn], [y])
    builder.signature(SIGNATURE, {"x": x}, {"y": y})
    return builder.build()


def huge() -> mmap.mmap:
    """A model in a file of 2 GB and a bit, of which the disk holds a block."""
    with tempfile.TemporaryFile() as file:
        file.write(models.dense())
        file.truncate(2**31 + 4096)
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
