"""Reads the graph of a .tflite with the published schema. No interpreter enters the process."""

from __future__ import annotations

import collections
import struct
from types import ModuleType
from typing import Any

from tfedge.modelfile.flatbuffer import damaged, verify_model
from tfedge.modelfile.schema import load_schema
from tfedge.modelfile.summary import (
    INTEGER_WEIGHTS,
    GraphSummary,
    OpKind,
    OpSummary,
    Quantization,
    SignatureSummary,
    TensorSummary,
    refused_ops,
)

__all__ = [
    "GraphSummary",
    "OpSummary",
    "SignatureSummary",
    "TensorSummary",
    "read_graph",
    "refused_ops",
]

_BITS = {
    **{"float64": 64, "int64": 64, "uint64": 64, "complex64": 64, "complex128": 128},
    **{"float32": 32, "int32": 32, "uint32": 32, "float16": 16, "bfloat16": 16, "int16": 16, "uint16": 16},
    **{"int8": 8, "uint8": 8, "bool": 8, "int4": 4, "int2": 2},
}
_SUBGRAPH_OPTIONS = {
    "WHILE": ("condSubgraphIndex", "bodySubgraphIndex"),
    "IF": ("thenSubgraphIndex", "elseSubgraphIndex"),
    "CALL_ONCE": ("initSubgraphIndex",),
}


def read_graph(model_bytes: bytes) -> GraphSummary:
    """Reads the graph of a model, with or without a pack behind it.

    Raises:
        ArtifactError: not a .tflite, or its bytes contradict themselves.
        RuntimeUnavailableError: the package that holds the schema is not installed.
    """
    verify_model(model_bytes)
    return _Reader(model_bytes, load_schema()).summary()


def _text(value: bytes | None) -> str:
    # Names are bytes to every interpreter: one that is not UTF-8 is shown, and is no reason to refuse a model.
    return (value or b"").decode("utf-8", "backslashreplace")


class _Reader:
    """Turns the tables of verified `data` into a summary, and checks what the tables say of each other.

    Verified means that offsets are safe to follow; every index that is used below is still checked.
    """

    def __init__(self, data: bytes, schema: ModuleType) -> None:
        self._data = data
        self._schema = schema
        self._model: Any = schema.Model.GetRootAs(data, 0)
        self._dtypes = {value: name.lower() for name, value in vars(schema.TensorType).items() if name.isupper()}
        self._op_names = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
        self._buffer_sizes = [self._buffer_size(index) for index in range(self._model.BuffersLength())]
        self._graphs: list[Any] = [self._model.Subgraphs(index) for index in range(self._model.SubgraphsLength())]
        if not self._graphs:
            raise damaged("no subgraph")
        self._tensors = [
            [self._tensor(graph.Tensors(index)) for index in range(graph.TensorsLength())] for graph in self._graphs
        ]

    def summary(self) -> GraphSummary:
        ops = []
        for index, graph in enumerate(self._graphs):
            for position in ("Inputs", "Outputs"):
                self._pick(index, _vector(graph, position))
            ops += [self._op(index, graph.Operators(place)) for place in range(graph.OperatorsLength())]
        weights = self._distinct_weights()
        sizes: collections.Counter[str] = collections.Counter()
        for tensor in weights:
            sizes[tensor.dtype] += tensor.weight_bytes
        kinds = collections.Counter(tensor.quantization for tensor in weights if tensor.dtype in INTEGER_WEIGHTS)
        every = [tensor for tensors in self._tensors for tensor in tensors]
        return GraphSummary(
            ops=tuple(ops),
            signatures=self._signatures(),
            num_subgraphs=len(self._graphs),
            weight_bytes=dict(sorted(sizes.items())),
            per_tensor_weights=kinds["per_tensor"],
            per_channel_weights=kinds["per_channel"] + kinds["blockwise"],
            resource_variables=tuple(sorted({t.name for t in every if t.is_variable or t.dtype == "resource"})),
            min_runtime_version=self._min_runtime_version(),
            description=_text(self._model.Description()),
        )

    def _buffer_size(self, index: int) -> int:
        """Returns the bytes of a buffer, which files of 2 GB and more keep behind the flatbuffer."""
        buffer = self._model.Buffers(index)
        if buffer.Offset() > 1:  # 0 and 1 both mean "inside".
            if buffer.Offset() + buffer.Size() > len(self._data):
                raise damaged(f"buffer {index} outside the file")
            return int(buffer.Size())
        return int(buffer.DataLength())

    def _tensor(self, tensor: Any) -> TensorSummary:
        name = _text(tensor.Name())
        dtype = self._dtypes.get(tensor.Type())
        if dtype is None or tensor.Buffer() >= max(len(self._buffer_sizes), 1):
            raise damaged(f"tensor {name!r} of type {tensor.Type()} in buffer {tensor.Buffer()}")
        shape = tuple(_vector(tensor, "Shape"))
        size = self._buffer_sizes[tensor.Buffer()] if self._buffer_sizes else 0
        if any(length < -1 for length in shape):
            raise damaged(f"tensor {name!r} of shape {shape}")
        if size and dtype in _BITS and tensor.Sparsity() is None:
            _check_size(name, dtype, shape, size)
        return TensorSummary(name, dtype, shape, _quantization(tensor, name, shape), size, bool(tensor.IsVariable()))

    def _op(self, subgraph: int, op: Any) -> OpSummary:
        if op.OpcodeIndex() >= self._model.OperatorCodesLength():
            raise damaged(f"an op with operator code {op.OpcodeIndex()}")
        code = self._model.OperatorCodes(op.OpcodeIndex())
        # Codes under 127 are also in the old one-byte field, and a writer may fill either.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = self._op_names.get(number, f"OP_{number}")
        kind: OpKind = "builtin" if number in self._op_names else "unknown"
        if name == "CUSTOM":
            name = _text(code.CustomCode())
            kind = "flex" if name.startswith("Flex") else "custom"
        self._check_options(name, op)
        inputs = self._pick(subgraph, _vector(op, "Inputs"), optional=True)
        outputs = self._pick(subgraph, _vector(op, "Outputs"))
        present = tuple(tensor for tensor in outputs if tensor is not None)
        return OpSummary(subgraph, name, code.Version(), kind, inputs, present)

    def _check_options(self, name: str, op: Any) -> None:
        """Reads the options of an op as its kernel will; of an op with subgraphs, checks their indices."""
        schema = self._schema
        try:
            options = schema.BuiltinOptionsCreator(op.BuiltinOptionsType(), op.BuiltinOptions())
            schema.BuiltinOptions2Creator(op.BuiltinOptions2Type(), op.BuiltinOptions2())
        except (struct.error, IndexError, ValueError, TypeError, OverflowError) as error:
            raise damaged(f"unreadable options of a {name} op ({error})") from error
        for key in _SUBGRAPH_OPTIONS.get(name, ()):
            index = getattr(options, key, None)
            if index is None or not 0 <= index < len(self._graphs):
                raise damaged(f"a {name} op with subgraph {index}")

    def _pick(self, subgraph: int, indices: list[int], optional: bool = False) -> tuple[TensorSummary | None, ...]:
        """Returns the tensors of a subgraph by index; -1 is a tensor left out, where that is allowed."""
        tensors = self._tensors[subgraph]
        lowest = -1 if optional else 0
        for index in indices:
            if not lowest <= index < len(tensors):
                raise damaged(f"a reference to tensor {index} of {len(tensors)}")
        return tuple(tensors[index] if index >= 0 else None for index in indices)

    def _signatures(self) -> dict[str, SignatureSummary]:
        signatures = {}
        for index in range(self._model.SignatureDefsLength()):
            entry = self._model.SignatureDefs(index)
            key, subgraph = _text(entry.SignatureKey()), int(entry.SubgraphIndex())
            if subgraph >= len(self._graphs) or key in signatures:
                raise damaged(f"signature {key!r} twice or in subgraph {subgraph}")
            sides = []
            for side in ("Inputs", "Outputs"):
                maps = [getattr(entry, side)(place) for place in range(getattr(entry, side + "Length")())]
                tensors = self._pick(subgraph, [item.TensorIndex() for item in maps])
                pairs = zip(maps, tensors, strict=True)
                sides.append({_text(item.Name()): tensor for item, tensor in pairs if tensor is not None})
            signatures[key] = SignatureSummary(key, subgraph, *sides)
        return signatures

    def _distinct_weights(self) -> list[TensorSummary]:
        """Returns the stored tensors, one a buffer: signatures that share weights share buffers."""
        by_buffer: dict[int, TensorSummary] = {}
        for graph, tensors in zip(self._graphs, self._tensors, strict=True):
            for index, tensor in enumerate(tensors):
                if tensor.is_constant:
                    by_buffer.setdefault(graph.Tensors(index).Buffer(), tensor)
        return list(by_buffer.values())

    def _min_runtime_version(self) -> str | None:
        for index in range(self._model.MetadataLength()):
            entry = self._model.Metadata(index)
            if entry.Name() == b"min_runtime_version":
                if entry.Buffer() >= len(self._buffer_sizes):
                    raise damaged(f"metadata in buffer {entry.Buffer()}")
                buffer = self._model.Buffers(entry.Buffer())
                value = bytes(buffer.Data(place) for place in range(min(buffer.DataLength(), 16)))
                return _text(value.split(b"\0")[0]) or None
        return None


def _vector(table: Any, field: str) -> list[int]:
    """Returns a vector of integers of a table as a list; an absent one is empty."""
    values = getattr(table, field + "AsNumpy")()
    return [] if isinstance(values, int) else [int(value) for value in values]


def _check_size(name: str, dtype: str, shape: tuple[int, ...], size: int) -> None:
    """Checks that a stored tensor has the bytes that its shape asks for."""
    count = 1
    for length in shape:
        count *= length
    # Interpreters differ in whether 4-bit weights are stored two a byte; both forms are met.
    accepted = {-(-count * _BITS[dtype] // 8), count} if _BITS[dtype] < 8 else {count * _BITS[dtype] // 8}
    if size not in accepted:
        raise damaged(f"{size} bytes stored for tensor {name!r}, {dtype} {shape}")


def _quantization(tensor: Any, name: str, shape: tuple[int, ...]) -> Quantization:
    parameters = tensor.Quantization()
    if parameters is None:
        return "none"
    if parameters.DetailsType() > 1:  # 1 is a custom quantization, whose scales no runtime here reads.
        return "blockwise"
    scales, zero_points, axis = parameters.ScaleLength(), parameters.ZeroPointLength(), parameters.QuantizedDimension()
    if scales == 0:
        return "none"
    if zero_points != scales or (scales > 1 and not (0 <= axis < len(shape) and shape[axis] == scales)):
        raise damaged(f"{scales} scales and {zero_points} zero points for tensor {name!r} of shape {shape}")
    return "per_tensor" if scales == 1 else "per_channel"
