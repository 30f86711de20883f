"""The numbers that a .tflite stores: weights as the real values that its kernels take them for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.modelfile.schema import load_schema
from tfedge.modelfile.summary import TensorSummary

Reals = npt.NDArray[np.float32]

_DTYPES: dict[str, Any] = {
    **{"float32": "<f4", "float64": "<f8", "float16": "<f2", "bfloat16": "<u2"},
    **{"int8": "i1", "uint8": "u1", "int16": "<i2", "uint16": "<u2", "int32": "<i4", "int64": "<i8"},
}
_BITS = {"int4": 4, "int2": 2}


class StoredValues:
    """Reads stored tensors of one model.

    Args:
        data: a model that `read_graph` has accepted; the tensors asked for are of that graph.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self._model: Any = load_schema().Model.GetRootAs(data, 0)

    def reals(self, tensor: TensorSummary) -> Reals | None:
        """Returns what a tensor stands for, `(stored - zero_point) * scale`: float32, in its shape.

        None where it is not stored, is sparse, has scales by blocks, or is of a type without numbers.
        """
        table = self._model.Subgraphs(tensor.subgraph).Tensors(tensor.index)
        if not tensor.is_constant or table.Sparsity() is not None or tensor.quantization == "blockwise":
            return None
        stored = self._stored(tensor)
        if stored is None:
            return None
        if tensor.quantization == "none":
            return stored.astype(np.float32)
        parameters = table.Quantization()
        shape = [1] * stored.ndim
        if parameters.ScaleLength() > 1:
            shape[tensor.quantized_dimension] = -1
        scales = parameters.ScaleAsNumpy().astype(np.float64).reshape(shape)
        points = parameters.ZeroPointAsNumpy().astype(np.float64).reshape(shape)
        return np.asarray((stored - points) * scales, np.float32)

    def _stored(self, tensor: TensorSummary) -> npt.NDArray[Any] | None:
        """Returns the stored numbers in the tensor's shape: integers of fewer than 8 bits one by one."""
        raw, shape = self._bytes(tensor.buffer), tensor.shape
        if tensor.dtype in _BITS:
            values = _unpacked(raw, _BITS[tensor.dtype], int(np.prod(shape, dtype=np.int64)))
            return values.reshape(shape)
        if tensor.dtype not in _DTYPES:
            return None
        values = raw.view(_DTYPES[tensor.dtype])
        if tensor.dtype == "bfloat16":  # The upper half of a float32.
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return values.reshape(shape)

    def _bytes(self, buffer: int) -> npt.NDArray[np.uint8]:
        table = self._model.Buffers(buffer)
        if table.Offset() > 1:  # Behind the flatbuffer, as in files of 2 GB; 0 and 1 both mean "inside".
            return np.frombuffer(self._data, np.uint8, table.Size(), table.Offset())
        values: npt.NDArray[np.uint8] = table.DataAsNumpy()
        return values


def _unpacked(raw: npt.NDArray[np.uint8], bits: int, count: int) -> npt.NDArray[np.int8]:
    """Returns `count` signed integers of `bits` bits, the first in the lowest bits of a byte."""
    if raw.size == count:  # One a byte: the form of some older writers.
        return raw.view(np.int8)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    fields = ((raw[:, None] >> shifts) & ((1 << bits) - 1)).ravel()[:count].astype(np.int8)
    return np.where(fields >= 1 << (bits - 1), fields - (1 << bits), fields).astype(np.int8)
