"""Real numbers and the stored ones of a quantized tensor: `real = (stored - zero_point) * scale`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfedge.runtime.signatures import Array, TensorSpec

Reals = npt.NDArray[np.float64]


# Squares of larger numbers, and their sums, would leave float64. No network means such a number.
_LARGEST = 1e100


def number_kind(spec: TensorSpec) -> str:
    """Returns "b", "i", "u" or "f" for a tensor of truth values, whole or real numbers; "" for one of anything else."""
    try:
        kind = np.dtype(spec.dtype).kind
    except TypeError:  # A type that NumPy has no name for: int4, bfloat16.
        return ""
    return kind if kind in "biuf" else ""


def is_quantized(spec: TensorSpec) -> bool:
    """Whether the tensor holds integers that stand for real numbers.

    Scales that no arithmetic can use (zero, negative, not finite) count as none: a file may state anything.
    """
    return number_kind(spec) in ("i", "u") and bool(spec.scales) and all(0 < scale < _LARGEST for scale in spec.scales)


def held(values: Reals) -> Reals:
    """Returns real numbers with NaN as 0 and with very large ones cut, so that they can be squared and added."""
    return np.clip(np.nan_to_num(values, nan=0.0, posinf=_LARGEST, neginf=-_LARGEST), -_LARGEST, _LARGEST)


def to_real(array: Array, spec: TensorSpec) -> Reals:
    """Returns the real numbers that `array`, a tensor of form `spec`, stands for: float64, same shape."""
    values: Reals = array.astype(np.float64)
    if not is_quantized(spec):
        return values
    scales, points = _parameters(spec, array.ndim)
    return (values - points) * scales


def from_real(values: npt.ArrayLike, spec: TensorSpec) -> Array:
    """Returns the array of dtype `spec.dtype` that stands for `values`: rounded, and clipped to what it can hold."""
    reals = np.asarray(values, np.float64)
    dtype = np.dtype(spec.dtype)
    if not is_quantized(spec):
        with np.errstate(over="ignore", invalid="ignore"):  # Infinity in float16, and nothing in whole numbers.
            return reals.astype(dtype)
    scales, points = _parameters(spec, reals.ndim)
    limits = np.iinfo(dtype)
    stored: Array = np.clip(np.round(held(reals / scales + points)), limits.min, limits.max).astype(dtype)
    return stored


def hand_over(array: Array, source: TensorSpec, target: TensorSpec) -> Array:
    """Returns what leaves one signature as `source` in the form in which it enters another as `target`.

    Quantizers give the two ends forms of their own (float32 out, int8 in): every host converts between them.
    """
    return array if target.carries(source) else from_real(to_real(array, source), target)


def real_range(spec: TensorSpec) -> tuple[float, float]:
    """Returns the least and the greatest real number that a quantized tensor holds: the range it was calibrated for."""
    limits = np.iinfo(np.dtype(spec.dtype))
    point = spec.zero_points[0] if spec.zero_points else 0
    ends = [(limit - point) * spec.scales[0] for limit in (limits.min, limits.max)]
    return min(ends), max(ends)


def _parameters(spec: TensorSpec, rank: int) -> tuple[Reals, Reals]:
    """Returns scales and zero points as float64 arrays that broadcast over a tensor of `rank` axes."""
    shape = [1] * rank
    scales, points = spec.scales, spec.zero_points
    if len(points) != len(scales):
        points = points[:1] * len(scales) or (0,) * len(scales)
    if len(scales) > 1 and 0 <= spec.quantized_dimension < rank:
        shape[spec.quantized_dimension] = len(scales)
    else:
        scales, points = scales[:1], points[:1]
    return np.array(scales, np.float64).reshape(shape), np.array(points, np.float64).reshape(shape)
