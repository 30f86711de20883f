"""Which dtypes the elementwise, comparing and reducing kernels take, and whether they compute what the op means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.checks.forms import FIXED_OUTPUTS
from tfedge.checks.probes.probe import ACTIVATIONS, Probe, Sketch

Array = npt.NDArray[Any]

DTYPES = ("float32", "float16", "float64", "int8", "uint8", "int16", "int32", "int64", "bool")
QUANTIZED = tuple(ACTIVATIONS)
WHOLE = ("int32", "int64")  # Not quantized: whole numbers.
WHOLE_UNARY = ("ABS", "NEG", "SQUARE", "RELU", "RELU6", "SIGN", "ZEROS_LIKE", "FLOOR")

# Stored units of a right answer. Floats: kernels that approximate (XNNPACK's exp and erf are within 1e-5 of values
# below 10); float16 has 11 bits, and results reach 55. int8: one step of rounding in and half a step out. int16: lookup
# tables are interpolated.
_TOLERANCE = {"float32": 2e-3, "float64": 1e-4, "float16": 0.06, "int8": 1.6, "uint8": 1.6, "int16": 40.0}


def _softmax(x: Array) -> Array:
    exponents: Array = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Array = exponents / exponents.sum(axis=-1, keepdims=True)
    return shares


def _gelu(x: Array) -> Array:
    approximated: Array = x * 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return approximated


UNARY: dict[str, Callable[[Array], Array]] = {
    "ABS": np.abs,
    "NEG": np.negative,
    "EXP": np.exp,
    "SIN": np.sin,
    "COS": np.cos,
    "SQUARE": np.square,
    "TANH": np.tanh,
    "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "RELU": lambda x: np.maximum(x, 0),
    "RELU6": lambda x: np.clip(x, 0, 6),
    "RELU_N1_TO_1": lambda x: np.clip(x, -1, 1),
    "LEAKY_RELU": lambda x: np.where(x > 0, x, x / 4),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(x)),
    "HARD_SWISH": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "GELU": _gelu,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND": np.round,
    "SIGN": np.sign,
    "SOFTMAX": _softmax,
    "LOG_SOFTMAX": lambda x: np.log(_softmax(x)),
    "L2_NORMALIZATION": lambda x: x / np.sqrt((x * x).sum(axis=-1, keepdims=True)),
    "ZEROS_LIKE": np.zeros_like,
    "LOGICAL_NOT": lambda x: 1 - x,
}
POSITIVE: dict[str, Callable[[Array], Array]] = {  # Of inputs above 0.
    "SQRT": np.sqrt,
    "RSQRT": lambda x: 1 / np.sqrt(x),
    "LOG": np.log,
}
BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "DIV": np.divide,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "SQUARED_DIFFERENCE": lambda x, y: (x - y) ** 2,
    "POW": np.power,
    "FLOOR_DIV": np.floor_divide,
    "FLOOR_MOD": np.mod,
    "ATAN2": np.arctan2,
    "LOGICAL_AND": np.logical_and,
    "LOGICAL_OR": np.logical_or,
}
COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "EQUAL": np.equal,
    "NOT_EQUAL": np.not_equal,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
}
REDUCTIONS: dict[str, Callable[..., Array]] = {
    "SUM": np.sum,
    "MEAN": np.mean,
    "REDUCE_MAX": np.max,
    "REDUCE_MIN": np.min,
    "REDUCE_PROD": np.prod,
    "REDUCE_ANY": np.any,
    "REDUCE_ALL": np.all,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "SOFTMAX": {"beta": 1.0},
    "LEAKY_RELU": {"alpha": 0.25},
    "GELU": {"approximate": True},
}
_LOGICAL = ("LOGICAL_NOT", "LOGICAL_AND", "LOGICAL_OR", "REDUCE_ANY", "REDUCE_ALL")


def values(dtype: str, shape: tuple[int, ...] = (2, 8), positive: bool = False, seed: int = 0) -> Array:
    """Returns real values that `dtype` holds exactly, between -4 and 4."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(np.float64)
    if dtype in WHOLE:
        low = 1 if positive else -4
        whole = rng.integers(low, 5, shape).astype(np.float64)
        return np.where(whole == 0, 3, whole)  # Nothing is divided by zero.
    sixteenths = rng.integers(8 if positive else -64, 65, shape) / 16
    return np.where(sixteenths == 0, 0.5, sixteenths)


def tolerance(dtype: str) -> float:
    """Returns the largest difference of a right answer in stored units."""
    return _TOLERANCE.get(dtype, 0.5)  # Integers and booleans are exact.


def _fits(op: str, dtype: str) -> bool:
    return (op in _LOGICAL) == (dtype == "bool") or (op in COMPARISONS and dtype == "bool")


def unary_probes() -> Iterator[Probe]:
    """One op with one input: every dtype."""
    for op, function in {**UNARY, **POSITIVE}.items():
        for dtype in DTYPES:
            if not _fits(op, dtype) or (dtype in WHOLE and op not in WHOLE_UNARY):
                continue
            sketch = Sketch()
            real = values(dtype, positive=op in POSITIVE)
            scale, point = FIXED_OUTPUTS.get(op, {}).get(dtype, (None, 0))
            x = sketch.input("x", real, dtype)
            y = sketch.output("y", function(real), dtype, scale=scale, zero_point=point)
            sketch.builder.op(op, [x], [y], options=OPTIONS.get(op))
            yield sketch.probe("kernel", 4 * tolerance(dtype) if scale and dtype == "int16" else tolerance(dtype))


def binary_probes() -> Iterator[Probe]:
    """Two inputs of one dtype, both computed; of comparisons the output is bool."""
    for op, function in {**BINARY, **COMPARISONS}.items():
        for dtype in DTYPES:
            if not _fits(op, dtype):
                continue
            sketch = Sketch()
            left, right = _operands(op, dtype)
            x, z = sketch.input("x", left, dtype), sketch.input("z", right, dtype)
            out = "bool" if op in COMPARISONS else dtype
            real = function(left, right)
            y = sketch.output("y", np.trunc(real) if op == "DIV" and dtype in WHOLE else real, out)
            sketch.builder.op(op, [x, z], [y])
            yield sketch.probe("kernel", tolerance(out))


def _operands(op: str, dtype: str) -> tuple[Array, Array]:
    """Returns two inputs for which the op is defined and its result fits."""
    left, right = values(dtype), values(dtype, seed=1, positive=op in ("POW", "DIV", "FLOOR_DIV", "FLOOR_MOD"))
    if op == "POW":
        return np.abs(left), np.minimum(right, 2)
    return left, right


def reduction_probes() -> Iterator[Probe]:
    """Reduction over the last axis: every dtype."""
    for op, function in REDUCTIONS.items():
        for dtype in DTYPES:
            if not _fits(op, dtype):
                continue
            sketch = Sketch()
            real = values(dtype, (2, 4), positive=True)
            if op == "REDUCE_PROD":
                real = np.minimum(real, 2)
            reduced = function(real, axis=1)
            if op == "MEAN" and dtype in WHOLE:
                reduced = np.trunc(reduced)
            x, axis = sketch.input("x", real, dtype), sketch.constant([1], "int32")
            scale, point = ACTIVATIONS.get(dtype, (None, 0))
            if op == "SUM" and scale:
                scale *= 4  # Four values of up to 4: inside the range, as a calibrated file is.
            y = sketch.output("y", reduced, dtype, scale=scale, zero_point=point)
            sketch.builder.op(op, [x, axis], [y])
            yield sketch.probe("kernel", tolerance(dtype))
