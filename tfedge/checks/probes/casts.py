"""Between which dtypes CAST, QUANTIZE and DEQUANTIZE go, and whether the values survive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfedge.checks.probes.elementwise import DTYPES, values
from tfedge.checks.probes.probe import ACTIVATIONS, Probe, Sketch

_NUMBERS = {
    **{"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "int8": 9},
    "float64": 10,
}


def cast_probes() -> Iterator[Probe]:
    """CAST from every dtype to every other; integers are not quantized there."""
    for source in DTYPES:
        for target in DTYPES:
            if source == target:
                continue
            sketch = Sketch()
            real = values("bool" if "bool" in (source, target) else "int32", positive=True)
            x, y = sketch.input("x", real, source, quantized=False), sketch.output("y", real, target, quantized=False)
            sketch.builder.op(
                "CAST", [x], [y], options={"inDataType": _NUMBERS[source], "outDataType": _NUMBERS[target]}
            )
            yield sketch.probe("kernel", 0.01)


def quantize_probes() -> Iterator[Probe]:
    """QUANTIZE from floats and between scales, DEQUANTIZE to float."""
    for target in ACTIVATIONS:
        for source in ("float32", "float16", *ACTIVATIONS):
            sketch = Sketch()
            real = values("int8")
            x, y = sketch.input("x", real, source), sketch.output("y", real, target)
            sketch.builder.op("QUANTIZE", [x], [y])
            yield sketch.probe("kernel", 1.01)
    for source in ("float16", *ACTIVATIONS):
        sketch = Sketch()
        real = values("int8")
        x, y = sketch.input("x", real, source), sketch.output("y", real)
        sketch.builder.op("DEQUANTIZE", [x], [y])
        yield sketch.probe("kernel", 1e-3)


def stored_probes() -> Iterator[Probe]:
    """DEQUANTIZE of stored weights: int8, int4, int2, float16; one scale, or one a channel."""
    rng = np.random.default_rng(5)
    for dtype, bits in (("int8", 8), ("uint8", 8), ("int16", 16), ("int4", 4), ("int2", 2)):
        limit = (1 << bits - 1) - 1
        stored = rng.integers(-limit, limit + 1, (4, 8)) + (128 if dtype == "uint8" else 0)
        for scales in ([0.25], [0.25, 0.5, 1.0, 2.0]):
            facts: dict[str, Any] = {"scales": scales}
            if dtype == "uint8":
                facts["zero_points"] = [128] * len(scales)
            real = (stored - (128 if dtype == "uint8" else 0)) * np.array(scales)[:, None]
            yield _dequantized(stored, dtype, facts, real)
    real = values("float16", (4, 8))
    yield _dequantized(real, "float16", {}, real)


def _dequantized(stored: Any, dtype: str, facts: dict[str, Any], real: Any) -> Probe:
    sketch = Sketch()
    x = sketch.input("x", np.zeros((4, 8)))
    weights, between = sketch.constant(stored, dtype, **facts), sketch.between((4, 8))
    sketch.builder.op("DEQUANTIZE", [weights], [between])
    sketch.builder.op("ADD", [x, between], [sketch.output("y", real)])
    return sketch.probe("kernel", 1e-3)
