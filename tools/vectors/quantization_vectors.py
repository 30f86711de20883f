"""Real numbers and the whole ones that stand for them, as `tfedge.validation.real_values` turns one into the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfedge.runtime.signatures import TensorSpec
from tfedge.validation.real_values import from_real, to_real

# The last two are of a real file: the zero point of a mask, and a scale that no short decimal number is.
FORMS = (
    *(("int8", 0.5, 0), ("int8", 0.25, -128), ("int8", 1.0, 127), ("uint8", 0.125, 128), ("uint8", 1.0, 0)),
    *(("int16", 2.0**-11, 0), ("int32", 2.0**-20, 0), ("int8", float(np.float32(0.1)), 3)),
    *(("int8", 0.11764705926179886, 127), ("int8", 0.038981929421424866, 9)),
)
_SEED = 5


def to_json() -> dict[str, Any]:
    """Returns what quantization.json holds: of each form reals with their stored numbers, and those back as reals."""
    return {"forms": [_form(*form) for form in FORMS]}


def _form(dtype: str, scale: float, point: int) -> dict[str, Any]:
    spec = TensorSpec("x", (1,), dtype, (scale,), (point,))
    random = np.random.default_rng(_SEED)
    # Halves between two steps on either side of 0, where rounding differs; and what lies beyond the range.
    steps = np.concatenate([np.arange(-6, 7) + 0.5, np.arange(-3, 4), random.uniform(-300, 300, 12)])
    reals = np.concatenate([steps * scale, [0.0, -0.0, 1e9, -1e9, 1e300, -1e300, 5e-324]])
    stored = from_real(reals, spec)
    limits = np.iinfo(np.dtype(dtype))
    ends = np.unique(np.array([limits.min, -1, 0, 1, point, limits.max]).clip(limits.min, limits.max)).astype(dtype)
    return {
        "dtype": dtype,
        "scale": scale,
        "zero_point": point,
        "quantized": [[float(real), int(value)] for real, value in zip(reals, stored, strict=True)],
        "dequantized": [[int(value), float(real)] for value, real in zip(ends, to_real(ends, spec), strict=True)],
    }
