"""Reads the tensors of a .tflite with the published schema: shape, dtype, quantization, stored bytes."""

from __future__ import annotations

from types import ModuleType
from typing import Any, TypedDict

from tfedge.modelfile.flatbuffer import TABLES_TO_RELEASE, damaged
from tfedge.modelfile.model_file import ModelData, release
from tfedge.modelfile.summary import Quantization, TensorSummary
from tfedge.modelfile.tables import Tables, text, vector

_BITS = {
    **{"float64": 64, "int64": 64, "uint64": 64, "complex64": 64, "complex128": 128},
    **{"float32": 32, "int32": 32, "uint32": 32, "float16": 16, "bfloat16": 16, "int16": 16, "uint16": 16},
    **{"int8": 8, "uint8": 8, "bool": 8, "int4": 4, "int2": 2},
}
# NumPy holds 32 dimensions, and no kernel takes more than 8. Whoever multiplies a million sizes waits for hours.
MAX_RANK = 64


class _Quantized(TypedDict):
    quantization: Quantization
    num_scales: int
    scale: float | None
    zero_point: int | None
    quantized_dimension: int


_NOT_QUANTIZED = _Quantized(quantization="none", num_scales=0, scale=None, zero_point=None, quantized_dimension=0)


class TensorReader:
    """Reads tensors of one verified model.

    Attributes:
        buffer_sizes: the stored bytes of each buffer.
    """

    def __init__(self, model: Any, schema: ModuleType, tables: Tables, data: ModelData) -> None:
        self._tables = tables
        self._dtypes = {value: name.lower() for name, value in vars(schema.TensorType).items() if name.isupper()}
        self.buffer_sizes: list[int] = []
        for index in range(model.BuffersLength()):
            self.buffer_sizes.append(_buffer_size(model, index, len(data)))
            if index % TABLES_TO_RELEASE == 0:
                release(data)

    def tensors(self, subgraph: int, graph: Any) -> list[TensorSummary]:
        """Returns the tensors of a subgraph, in order.

        Raises:
            ArtifactError: a type, buffer, shape or size that contradicts another.
        """
        quicken = self._tables.quicken
        places = range(graph.TensorsLength())
        return [self._tensor(subgraph, place, quicken(graph.Tensors(place))) for place in places]

    def _tensor(self, subgraph: int, index: int, tensor: Any) -> TensorSummary:
        name = text(tensor.Name())
        dtype, buffer = self._dtypes.get(tensor.Type()), tensor.Buffer()
        if dtype is None or buffer >= max(len(self.buffer_sizes), 1):
            raise damaged(f"tensor {name!r} of type {tensor.Type()} in buffer {buffer}")
        shape = tuple(vector(tensor, "Shape"))
        size = self.buffer_sizes[buffer] if self.buffer_sizes else 0
        signature = tuple(vector(tensor, "ShapeSignature"))
        if max(len(shape), len(signature)) > MAX_RANK:
            raise damaged(f"tensor {name!r} of {max(len(shape), len(signature))} dimensions")
        if any(length < -1 for length in shape):
            raise damaged(f"tensor {name!r} of shape {shape}")
        if size and dtype in _BITS and tensor.Sparsity() is None:
            _check_size(name, dtype, shape, size)
        return TensorSummary(
            name=name,
            dtype=dtype,
            shape=shape,
            weight_bytes=size,
            is_variable=bool(tensor.IsVariable()),
            index=index,
            subgraph=subgraph,
            buffer=buffer,
            shape_signature=signature,
            **self._quantization(tensor.Quantization(), name, shape),
        )

    def _quantization(self, parameters: Any, name: str, shape: tuple[int, ...]) -> _Quantized:
        if parameters is None:
            return _NOT_QUANTIZED
        self._tables.quicken(parameters)
        scales, points, axis = parameters.ScaleLength(), parameters.ZeroPointLength(), parameters.QuantizedDimension()
        if parameters.DetailsType() > 1:  # 1 is a custom quantization, whose scales no runtime here reads.
            kind: Quantization = "blockwise"
        elif scales == 0:
            kind = "none"
        elif points != scales or (scales > 1 and not (0 <= axis < len(shape) and shape[axis] == scales)):
            raise damaged(f"{scales} scales and {points} zero points for tensor {name!r} of shape {shape}")
        else:
            kind = "per_tensor" if scales == 1 else "per_channel"
        return {
            "quantization": kind,
            "num_scales": scales,
            "scale": float(parameters.Scale(0)) if scales else None,
            "zero_point": int(parameters.ZeroPoint(0)) if points else None,
            "quantized_dimension": axis,
        }


def _buffer_size(model: Any, index: int, file_size: int) -> int:
    """Returns the bytes of a buffer, which files of 2 GB and more keep behind the flatbuffer."""
    buffer = model.Buffers(index)
    if buffer.Offset() > 1:  # 0 and 1 both mean "inside".
        if buffer.Offset() + buffer.Size() > file_size:
            raise damaged(f"buffer {index} outside the file")
        return int(buffer.Size())
    return int(buffer.DataLength())


def _check_size(name: str, dtype: str, shape: tuple[int, ...], size: int) -> None:
    """Checks that a stored tensor has the bytes that its shape asks for."""
    count = 1
    for length in shape:
        count *= length
    # Interpreters differ in whether 4-bit weights are stored two a byte; both forms are met.
    accepted = {-(-count * _BITS[dtype] // 8), count} if _BITS[dtype] < 8 else {count * _BITS[dtype] // 8}
    if size not in accepted:
        raise damaged(f"{size} bytes stored for tensor {name!r}, {dtype} {shape}")
