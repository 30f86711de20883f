"""Looks at what a .tflite stores: values and scales as NumPy views into the file, without copying it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.modelfile.flatbuffer import TABLES_TO_RELEASE
from tfedge.modelfile.model_file import ModelData, release
from tfedge.modelfile.schema import load_schema
from tfedge.modelfile.summary import TensorSummary
from tfedge.modelfile.tables import text

Array = npt.NDArray[Any]

# The stored form of dtypes that NumPy can look at. int4 and int2 are packed, bfloat16 has no NumPy type.
_DTYPES = {
    **{"float32": "<f4", "float16": "<f2", "float64": "<f8", "bool": "|b1"},
    **{"int8": "|i1", "int16": "<i2", "int32": "<i4", "int64": "<i8"},
    **{"uint8": "|u1", "uint16": "<u2", "uint32": "<u4", "uint64": "<u8"},
}
_PIECE = 1 << 18  # Elements looked at at once: their temporary results stay in the processor's cache.


class StoredValues:
    """Views into one model that `read_graph` accepted; a pack behind the model is not looked at.

    Args:
        data: what `read_graph` took; it must stay as it is.
    """

    def __init__(self, data: ModelData) -> None:
        self._data = data
        self._model: Any = load_schema().Model.GetRootAs(data, 0)
        self._looks = 0

    def values(self, tensor: TensorSummary) -> Array | None:
        """Returns the stored values of a tensor, flat; None where there are none, or of a dtype without NumPy form."""
        dtype = _DTYPES.get(tensor.dtype)
        if dtype is None or not tensor.is_constant:
            return None
        raw = self._bytes(tensor.buffer)
        size = np.dtype(dtype).itemsize
        return raw[: len(raw) // size * size].view(dtype)

    def pieces(self, tensor: TensorSummary) -> Iterator[Array]:
        """Yields the stored values a piece at a time, so that a large weight costs time and no memory."""
        values = self.values(tensor)
        if values is not None:
            for start in range(0, len(values), _PIECE):
                self._look()
                yield values[start : start + _PIECE]

    def scales(self, tensor: TensorSummary) -> Array:
        """Returns all scales of a tensor, float32; empty where it has none."""
        return self._parameters(tensor, "ScaleAsNumpy", np.float32)

    def zero_points(self, tensor: TensorSummary) -> Array:
        """Returns all zero points of a tensor, int64; empty where it has none."""
        return self._parameters(tensor, "ZeroPointAsNumpy", np.int64)

    def is_sparse(self, tensor: TensorSummary) -> bool:
        """Whether only the values that are not zero are stored."""
        return self._table(tensor).Sparsity() is not None

    def is_external(self, tensor: TensorSummary) -> bool:
        """Whether the values are in another file."""
        return bool(self._table(tensor).ExternalBuffer())

    def has_external_buffers(self) -> bool:
        """Whether the model lists buffers in other files at all."""
        return bool(self._model.ExternalBuffersLength())

    def has_buffers_behind(self) -> bool:
        """Whether values are stored behind the flatbuffer, as in files of 2 GB and more."""
        return any(self._buffer(index).Offset() > 1 for index in range(self._model.BuffersLength()))

    def tensor_types(self) -> Iterator[tuple[str, str]]:
        """Yields dtype and place of the first tensor of each dtype, those that no op uses included."""
        names = {value: name.lower() for name, value in vars(load_schema().TensorType).items() if name.isupper()}
        met: set[int] = set()
        for subgraph in range(self._model.SubgraphsLength()):
            graph = self._model.Subgraphs(subgraph)
            for index in range(graph.TensorsLength()):
                number = graph.Tensors(index).Type()
                if number not in met:
                    met.add(number)
                    yield names.get(number, str(number)), f"tensor {index} in subgraph {subgraph}"

    def signature_names(self) -> Iterator[tuple[str, str, list[str]]]:
        """Yields key, side ("inputs" or "outputs") and all names of each signature, those that stand twice too."""
        for index in range(self._model.SignatureDefsLength()):
            entry = self._model.SignatureDefs(index)
            for side in ("Inputs", "Outputs"):
                read = getattr(entry, side)
                names = [text(read(place).Name()) for place in range(getattr(entry, side + "Length")())]
                yield text(entry.SignatureKey()), side.lower(), names

    def raw_bytes(self, tensor: TensorSummary) -> npt.NDArray[np.uint8]:
        """Returns the stored bytes of a tensor, whatever its dtype; empty where there are none."""
        return self._bytes(tensor.buffer)

    def _bytes(self, buffer: int) -> Array:
        table = self._buffer(buffer)
        if table.Offset() > 1:  # Behind the flatbuffer, as in files of 2 GB and more.
            return np.frombuffer(self._data, np.uint8, table.Size(), table.Offset())
        raw: Array | int = table.DataAsNumpy()
        return np.empty(0, np.uint8) if isinstance(raw, int) else raw

    def _parameters(self, tensor: TensorSummary, name: str, dtype: type[np.generic]) -> Array:
        if not tensor.num_scales:
            return np.empty(0, dtype)
        values: Array | int = getattr(self._table(tensor).Quantization(), name)()
        return np.empty(0, dtype) if isinstance(values, int) else values

    def _buffer(self, index: int) -> Any:
        self._look()
        return self._model.Buffers(index)

    def _look(self) -> None:
        """Gives back, now and then, what was brought into memory of a mapped file; views into it stay valid."""
        self._looks += 1
        if self._looks % TABLES_TO_RELEASE == 0:
            release(self._data)

    def _table(self, tensor: TensorSummary) -> Any:
        self._look()
        return self._model.Subgraphs(tensor.subgraph).Tensors(tensor.index)
