"""What stored tensors stand for: weights as the real values that kernels take them for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.modelfile.stored_values import StoredValues
from tfedge.modelfile.summary import TensorSummary

Reals = npt.NDArray[np.float32]

_BITS = {"int4": 4, "int2": 2}


def stored_reals(stored: StoredValues, tensor: TensorSummary) -> Reals | None:
    """Returns `(stored - zero_point) * scale`: float32, in the tensor's shape.

    None where nothing is stored, is sparse, has scales by blocks, or is of a type without numbers.
    """
    if not tensor.is_constant or tensor.quantization == "blockwise" or stored.is_sparse(tensor):
        return None
    values = _numbers(stored, tensor)
    if values is None or values.size != int(np.prod(tensor.shape, dtype=np.int64)):
        return None
    values = values.reshape(tensor.shape)
    if tensor.quantization == "none":
        return values.astype(np.float32)
    shape = [1] * values.ndim
    if tensor.num_scales > 1:
        shape[tensor.quantized_dimension] = -1
    scales = stored.scales(tensor).astype(np.float64).reshape(shape)
    points = stored.zero_points(tensor).astype(np.float64).reshape(shape)
    return np.asarray((values - points) * scales, np.float32)


def _numbers(stored: StoredValues, tensor: TensorSummary) -> npt.NDArray[Any] | None:
    """Returns the stored numbers, flat: integers of fewer than 8 bits one by one."""
    if tensor.dtype in _BITS:
        count = int(np.prod(tensor.shape, dtype=np.int64))
        return _unpacked(stored.raw_bytes(tensor), _BITS[tensor.dtype], count)
    if tensor.dtype == "bfloat16":  # The upper half of a float32.
        return (stored.raw_bytes(tensor).view("<u2").astype(np.uint32) << 16).view(np.float32)
    return stored.values(tensor)


def _unpacked(raw: npt.NDArray[np.uint8], bits: int, count: int) -> npt.NDArray[np.int8]:
    """Returns `count` signed integers of `bits` bits, the first in the lowest bits of a byte."""
    if raw.size == count:  # One a byte: the form of some older writers.
        return raw.view(np.int8)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    fields = ((raw[:, None] >> shifts) & ((1 << bits) - 1)).ravel()[:count].astype(np.int8)
    return np.where(fields >= 1 << (bits - 1), fields - (1 << bits), fields).astype(np.int8)
