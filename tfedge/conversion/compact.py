"""Writes a `.tflite` whose equal vectors are stored once.

A weight matrix that several signatures use is one buffer, but each of its tensors has scales and zero points of its
own, 12 bytes a row: of int4 files that is a seventh.
"""

from __future__ import annotations

from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np

_IDENTIFIER = b"TFL3"
# What the schema asks for by force_align, and Python's object interface does not do.
_ALIGNMENT = 16


class _SharingBuilder(flatbuffers.Builder):
    """A builder that returns the place of an equal vector or string instead of writing it again."""

    def __init__(self) -> None:
        super().__init__(1024)
        self._places: dict[Any, int] = {}

    def CreateNumpyVector(self, x: Any) -> int:
        key = (x.dtype.str, x.tobytes())
        if key not in self._places:
            self._places[key] = self._aligned(x) if x.dtype == np.uint8 else super().CreateNumpyVector(x)
        return self._places[key]

    def CreateString(self, s: Any, encoding: str = "utf-8", errors: str = "strict") -> int:
        key = s.encode(encoding, errors) if isinstance(s, str) else bytes(s)
        if key not in self._places:
            self._places[key] = super().CreateString(key)
        return self._places[key]

    def _aligned(self, values: Any) -> int:
        self.StartVector(1, values.size, _ALIGNMENT)
        self.head -= values.size
        self.Bytes[self.head : self.head + values.size] = values.tobytes()
        return int(self.EndVector())


def inline_buffers(model: Any, data: bytes) -> None:
    """Moves what `data` keeps behind its flatbuffer, as litert-quantizer writes all weights, into `model`'s buffers."""
    for buffer in model.buffers:
        if buffer.offset > 1:  # 0 and 1 both mean "inside".
            buffer.data = np.frombuffer(data, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0


def pack(model: Any) -> bytes:
    """Returns the bytes of `model`, a `ModelT` of the object interface with all weights inside its buffers."""
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            parameters = tensor.quantization
            # The converter writes an empty table for each float tensor.
            if parameters is not None and parameters.scale is None and not parameters.detailsType:
                tensor.quantization = None
    builder = _SharingBuilder()
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())
