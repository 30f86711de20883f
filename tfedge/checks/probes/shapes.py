"""Which dtypes the kernels take that move values and compute nothing, and whether they keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.checks.probes.elementwise import DTYPES, values
from tfedge.checks.probes.probe import Probe, Sketch

Array = npt.NDArray[Any]

# op -> shape in, other inputs (int32 constants; None is the data), options, what it does.
Move = tuple[tuple[int, ...], list[Any], dict[str, Any], Callable[[Array], Array]]
MOVES: dict[str, Move] = {
    "RESHAPE": ((2, 4), [None, [4, 2]], {}, lambda x: x.reshape(4, 2)),
    "TRANSPOSE": ((2, 4), [None, [1, 0]], {}, lambda x: x.T),
    "SQUEEZE": ((1, 4), [None], {"squeezeDims": [0]}, lambda x: x[0]),
    "EXPAND_DIMS": ((2, 4), [None, [0]], {}, lambda x: x[None]),
    "GATHER": ((2, 4), [None, [1, 0]], {}, lambda x: x[[1, 0]]),
    "GATHER_ND": ((2, 4), [None, [[1], [0]]], {}, lambda x: x[[1, 0]]),
    "SLICE": ((2, 4), [None, [0, 1], [2, 3]], {}, lambda x: x[:, 1:]),
    "STRIDED_SLICE": ((2, 4), [None, [0, 0], [2, 4], [1, 2]], {}, lambda x: x[:, ::2]),
    "PAD": ((2, 4), [None, [[0, 0], [0, 1]]], {}, lambda x: np.pad(x, ((0, 0), (0, 1)))),
    "MIRROR_PAD": ((2, 4), [None, [[0, 0], [1, 1]]], {"mode": 0}, lambda x: np.pad(x, ((0, 0), (1, 1)), "reflect")),
    "TILE": ((2, 4), [None, [1, 2]], {}, lambda x: np.tile(x, (1, 2))),
    "BROADCAST_TO": ((2, 4), [None, [3, 2, 4]], {}, lambda x: np.broadcast_to(x, (3, 2, 4))),
    "REVERSE_V2": ((2, 4), [None, [1]], {}, lambda x: x[:, ::-1]),
    "SPACE_TO_DEPTH": ((1, 2, 2, 2), [None], {"blockSize": 2}, lambda x: x.reshape(1, 1, 1, 8)),
    "DEPTH_TO_SPACE": ((1, 1, 1, 8), [None], {"blockSize": 2}, lambda x: x.reshape(1, 2, 2, 2)),
    "BATCH_TO_SPACE_ND": ((1, 2, 2, 2), [None, [1, 1], [[0, 0], [0, 0]]], {}, lambda x: x),
    "SPACE_TO_BATCH_ND": ((1, 2, 2, 2), [None, [1, 1], [[0, 0], [0, 0]]], {}, lambda x: x),
    "RESIZE_NEAREST_NEIGHBOR": ((1, 1, 1, 4), [None, [2, 2]], {}, lambda x: np.tile(x, (1, 2, 2, 1))),
    "RESIZE_BILINEAR": ((1, 1, 1, 4), [None, [2, 2]], {}, lambda x: np.tile(x, (1, 2, 2, 1))),
    "CUMSUM": ((2, 1), [None, 1], {}, lambda x: x),
    "PACK": ((2, 4), [None, None], {"valuesCount": 2}, lambda x: np.stack([x, x])),
    "CONCATENATION": ((2, 4), [None, None], {}, lambda x: np.concatenate([x, x])),
    "MAX_POOL_2D": (
        *((1, 2, 2, 4), [None]),
        *({"filterWidth": 2, "filterHeight": 2, "strideW": 1, "strideH": 1, "padding": 1},),
        lambda x: x.max((1, 2), keepdims=True),
    ),
}
# The lowest version that is registered, where that is not 1: a kernel is asked for what it takes, not for its version.
FIRST_VERSIONS = {"BROADCAST_TO": 2}
_NO_BOOL = ("MAX_POOL_2D", "CUMSUM", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")


def move(op: str, dtype: str, quantized: bool = True, scale: float | None = None) -> Sketch:
    """Returns a sketch of one op that moves values; with a `scale` of its own for the output."""
    shape, others, options, function = MOVES[op]
    sketch = Sketch()
    real = values(dtype if quantized else "int32", shape, positive=dtype == "uint8" and not quantized)
    x = sketch.input("x", real, dtype, quantized)
    inputs = [x if other is None else sketch.constant(other, "int32") for other in others]
    y = sketch.output("y", function(real), dtype, quantized, scale)
    sketch.builder.op(op, inputs, [y], version=FIRST_VERSIONS.get(op, 1), options=options)
    return sketch


def move_probes() -> Iterator[Probe]:
    """One op that keeps values: every dtype, and the integers without a scale."""
    for op in MOVES:
        for dtype in DTYPES:
            if dtype == "bool" and op in _NO_BOOL:
                continue
            # Half a step: nothing is computed. RESIZE_BILINEAR computes in fixed point, one step.
            tolerance = 1.1 if op == "RESIZE_BILINEAR" else 0.01
            yield move(op, dtype).probe("kernel", tolerance)
            if dtype in ("int8", "uint8", "int16") and op not in _NO_BOOL:
                yield move(op, dtype, quantized=False).probe("kernel", tolerance)


def choice_probes() -> Iterator[Probe]:
    """SELECT_V2, WHERE's companions, and ops that write one tensor into another: every dtype."""
    for dtype in DTYPES:
        real, other = values(dtype), values(dtype, seed=1)
        for op in ("SELECT", "SELECT_V2"):
            sketch = Sketch()
            picks = np.arange(16).reshape(2, 8) % 3 == 0
            inputs = [sketch.input("c", picks, "bool"), sketch.input("x", real, dtype), sketch.input("z", other, dtype)]
            sketch.builder.op(op, inputs, [sketch.output("y", np.where(picks, real, other), dtype)])
            yield sketch.probe("kernel", 0.01)
        yield _update(dtype)
        yield _split(dtype)
        yield from _picking(dtype)


def _update(dtype: str) -> Probe:
    sketch = Sketch()
    into, piece = values(dtype), values(dtype, (1, 4), seed=1)
    result = into.copy()
    result[1:, 2:6] = piece
    inputs = [sketch.input("x", into, dtype), sketch.input("z", piece, dtype), sketch.constant([1, 2], "int32")]
    sketch.builder.op("DYNAMIC_UPDATE_SLICE", inputs, [sketch.output("y", result, dtype)])
    return sketch.probe("kernel", 0.01)


def _split(dtype: str) -> Probe:
    sketch = Sketch()
    real = values(dtype)
    inputs = [sketch.constant(1, "int32"), sketch.input("x", real, dtype)]
    outputs = [sketch.output("y", real[:, :4], dtype), sketch.output("z", real[:, 4:], dtype)]
    sketch.builder.op("SPLIT", inputs, outputs, options={"numSplits": 2})
    return sketch.probe("kernel", 0.01)


def _picking(dtype: str) -> Iterator[Probe]:
    """ARG_MAX, TOPK_V2 and ONE_HOT, as decoders use them."""
    if dtype == "bool":
        return
    real = values(dtype)
    real[:, 3] = 4.5 if dtype not in ("int32", "int64") else 7
    for op, index in (("ARG_MAX", "int32"), ("ARG_MAX", "int64")):
        sketch = Sketch()
        inputs = [sketch.input("x", real, dtype), sketch.constant(1, "int32")]
        output = sketch.output("y", real.argmax(axis=1), index)
        number = {"int32": 2, "int64": 4}[index]
        sketch.builder.op(op, inputs, [output], options={"outputType": number})
        yield sketch.probe("kernel", 0.01)
    sketch = Sketch()
    inputs = [sketch.input("x", real, dtype), sketch.constant(1, "int32")]
    outputs = [
        sketch.output("y", real.max(axis=1, keepdims=True), dtype),
        sketch.output("z", real.argmax(axis=1)[:, None], "int32"),
    ]
    sketch.builder.op("TOPK_V2", inputs, outputs)
    yield sketch.probe("kernel", 0.01)
