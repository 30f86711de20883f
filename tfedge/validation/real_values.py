"""Real numbers and the stored ones of a quantized tensor: `real = (stored - zero_point) * scale`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfedge.runtime.signatures import Array, TensorSpec

Reals = npt.NDArray[np.float64]


def is_quantized(spec: TensorSpec) -> bool:
    """Whether the tensor holds integers that stand for real numbers."""
    return bool(spec.scales) and np.issubdtype(np.dtype(spec.dtype), np.integer)


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
        return reals.astype(dtype)
    scales, points = _parameters(spec, reals.ndim)
    limits = np.iinfo(dtype)
    stored: Array = np.clip(np.round(reals / scales + points), limits.min, limits.max).astype(dtype)
    return stored


def hand_over(array: Array, source: TensorSpec, target: TensorSpec) -> Array:
    """Returns what leaves one signature as `source` in the form in which it enters another as `target`.

    Quantizers give the two ends forms of their own (float32 out, int8 in): every host converts between them.
    """
    return array if target.carries(source) else from_real(to_real(array, source), target)


def real_range(spec: TensorSpec) -> tuple[float, float]:
    """Returns the least and the greatest real number that a quantized tensor holds: the range it was calibrated for."""
    limits = np.iinfo(np.dtype(spec.dtype))
    ends = [(limit - spec.zero_points[0]) * spec.scales[0] for limit in (limits.min, limits.max)]
    return min(ends), max(ends)


def _parameters(spec: TensorSpec, rank: int) -> tuple[Reals, Reals]:
    """Returns scales and zero points as float64 arrays that broadcast over a tensor of `rank` axes."""
    shape = [1] * rank
    if len(spec.scales) > 1:
        shape[spec.quantized_dimension] = len(spec.scales)
    points = spec.zero_points or (0,) * len(spec.scales)
    return np.array(spec.scales, np.float64).reshape(shape), np.array(points, np.float64).reshape(shape)
