"""Builds small .tflite files from tensors and ops, without TensorFlow: for tests, and to show a runtime's bug.

    builder = ModelBuilder()
    x = builder.tensor("x", (1, 4))
    w = builder.tensor("w", (2, 4), data=np.ones((2, 4)))
    y = builder.tensor("y", (1, 2))
    builder.op("FULLY_CONNECTED", [x, w, None], [y], options={"fusedActivationFunction": 1})
    builder.signature("serving_default", {"x": x}, {"y": y})
    path.write_bytes(builder.build())

It writes what it is told, right or wrong: a file that no converter would write is what a bug report needs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError, one_of
from tfedge.modelfile.flatbuffer import IDENTIFIER
from tfedge.modelfile.schema import load_schema

# The stored form of each dtype that NumPy has. int4 and int2 are packed, bfloat16 is given as its uint16 bits.
STORED_DTYPES: dict[str, type[np.generic]] = {
    **{"float32": np.float32, "float16": np.float16, "float64": np.float64, "bfloat16": np.uint16},
    **{"int8": np.int8, "int16": np.int16, "int32": np.int32, "int64": np.int64, "bool": np.bool_},
    **{"uint8": np.uint8, "uint16": np.uint16, "uint32": np.uint32, "uint64": np.uint64},
    **{"complex64": np.complex64, "complex128": np.complex128},
}
_BITS = {"int4": 4, "uint4": 4, "int2": 2}
# Options tables that are not called after their op.
_SHARED_OPTIONS = {
    **dict.fromkeys(("MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"), "Pool2DOptions"),
    **dict.fromkeys(("SUM", "MEAN", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ANY"), "ReducerOptions"),
    **{"REDUCE_ALL": "ReducerOptions", "MAXIMUM": "MaximumMinimumOptions", "MINIMUM": "MaximumMinimumOptions"},
    **dict.fromkeys(("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"), "RandomOptions"),
    **{"UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions", "CONV_3D_TRANSPOSE": "Conv3DOptions"},
    **{"L2_NORMALIZATION": "L2NormOptions", "STABLEHLO_COMPOSITE": "StableHLOCompositeOptions"},
    "REDUCE_WINDOW": "ReduceWindowOptions",
}


class ModelBuilder:
    """One model under construction; tensors and ops go into the subgraph that was begun last.

    Attributes:
        schema: the module of the published schema.
        model: its ModelT, for what no method here sets (sparsity, external buffers, wrong indices).
    """

    def __init__(self, description: str = "", schema_version: int = 3) -> None:
        self.schema: Any = load_schema()
        self.model: Any = self.schema.ModelT()
        self.model.version, self.model.description = schema_version, description
        self.model.operatorCodes, self.model.subgraphs, self.model.metadata = [], [], []
        self.model.signatureDefs = []
        self.model.buffers = [_buffer(self.schema, b"")]  # Buffer 0 is empty by convention: tensors without data.
        self._codes: dict[tuple[str, int, str], int] = {}
        self._interfaces: dict[int, tuple[list[int], list[int]]] = {}
        self.subgraph("main")

    def subgraph(self, name: str = "") -> int:
        """Begins the next subgraph and returns its index; the first, "main", is there from the start."""
        graphs = self.model.subgraphs
        if len(graphs) == 1 and not graphs[0].tensors:
            graphs.clear()  # Only the name of the first was asked for.
        graph = self.schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = name or f"subgraph_{len(graphs)}", [], []
        graphs.append(graph)
        return len(graphs) - 1

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "float32",
        data: npt.ArrayLike | bytes | None = None,
        scales: Sequence[float] | float | None = None,
        zero_points: Sequence[int] | int | None = None,
        axis: int = 0,
        variable: bool = False,
        shape_signature: Sequence[int] | None = None,
        buffer: int | None = None,
    ) -> int:
        """Adds a tensor and returns its index in the subgraph.

        Args:
            name: its name; need not be unique, as in files that are met.
            shape: sizes; a free one is 1 here and -1 in `shape_signature`.
            dtype: "float32", "int8", "int4", …
            data: constant values of that shape; bytes are stored as they are; None where it is computed.
            scales: one or one a channel; None: not quantized.
            zero_points: as many as scales; left out: zeros.
            axis: the quantized dimension.
            variable: whether it keeps its value between invocations.
            shape_signature: the shape with its free sizes.
            buffer: index of a stored buffer to share, as `buffer_of` gives it, instead of `data`.

        Raises:
            ConfigError: an unknown dtype, or values that it cannot hold.
        """
        numbers = {key.lower(): value for key, value in vars(self.schema.TensorType).items() if key.isupper()}
        if dtype not in numbers:
            raise one_of("dtype", dtype, numbers)
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, np.array(shape, np.int32), numbers[dtype]
        tensor.isVariable, tensor.hasRank = variable, True
        if shape_signature is not None:
            tensor.shapeSignature = np.array(shape_signature, np.int32)
        if scales is not None:
            tensor.quantization = self._quantization(np.atleast_1d(scales), zero_points, axis)
        if data is not None:
            buffer = self._store(data if isinstance(data, bytes) else stored_bytes(data, dtype))
        tensor.buffer = buffer or 0
        tensors = self.model.subgraphs[-1].tensors
        tensors.append(tensor)
        return len(tensors) - 1

    def buffer_of(self, tensor: int) -> int:
        """Returns the buffer of a tensor of this subgraph, for another tensor to share."""
        return int(self.model.subgraphs[-1].tensors[tensor].buffer)

    def op(
        self,
        name: str,
        inputs: Sequence[int | None],
        outputs: Sequence[int],
        version: int = 1,
        options: Mapping[str, Any] | None = None,
        custom_code: str | None = None,
    ) -> int:
        """Adds an op and returns its index in the subgraph.

        Args:
            name: a builtin op, or "CUSTOM" with its `custom_code`.
            inputs: tensors in order; None where an optional one is left out.
            outputs: tensors in order.
            version: op version as the file will state it.
            options: the builtin options that are not the schema's default, by its attribute names
                ("fusedActivationFunction", "adjX"); enums as their numbers.
            custom_code: the name of a custom op; one that begins with "Flex" needs TensorFlow.

        Raises:
            ConfigError: an unknown op or option.
        """
        op = self.schema.OperatorT()
        op.opcodeIndex = self.op_code(name, version, custom_code)
        op.inputs = np.array([-1 if index is None else index for index in inputs], np.int32)
        op.outputs = np.array(outputs, np.int32)
        self._set_options(op, name, options or {})
        operators = self.model.subgraphs[-1].operators
        operators.append(op)
        return len(operators) - 1

    def op_code(self, name: str, version: int = 1, custom_code: str | None = None) -> int:
        """Adds an operator code, once, and returns its index; without an op it stays unused.

        Raises:
            ConfigError: an unknown op.
        """
        numbers = {key: value for key, value in vars(self.schema.BuiltinOperator).items() if key.isupper()}
        if name not in numbers:
            raise one_of("op", name, numbers)
        key = (name, version, custom_code or "")
        if key not in self._codes:
            code = self.schema.OperatorCodeT()
            code.builtinCode, code.version, code.customCode = numbers[name], version, custom_code
            code.deprecatedBuiltinCode = min(numbers[name], 127)  # One byte: 127 says "look at the other field".
            self.model.operatorCodes.append(code)
            self._codes[key] = len(self.model.operatorCodes) - 1
        return self._codes[key]

    def interface(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """States inputs and outputs of the subgraph; left out, they are the tensors that nothing makes or reads."""
        self._interfaces[len(self.model.subgraphs) - 1] = (list(inputs), list(outputs))

    def signature(
        self, key: str, inputs: Mapping[str, int], outputs: Mapping[str, int], subgraph: int | None = None
    ) -> None:
        """Adds a signature: names to tensors of `subgraph` (left out: the one begun last)."""
        self.signature_pairs(key, list(inputs.items()), list(outputs.items()), subgraph)

    def signature_pairs(
        self,
        key: str,
        inputs: Iterable[tuple[str, int]],
        outputs: Iterable[tuple[str, int]],
        subgraph: int | None = None,
    ) -> None:
        """As `signature`, where a name may stand twice, as no caller can bind it."""
        entry = self.schema.SignatureDefT()
        entry.signatureKey = key
        entry.subgraphIndex = len(self.model.subgraphs) - 1 if subgraph is None else subgraph
        entry.inputs = [self._map(name, index) for name, index in inputs]
        entry.outputs = [self._map(name, index) for name, index in outputs]
        self.model.signatureDefs.append(entry)

    def metadata(self, name: str, value: bytes) -> None:
        """Adds a metadata entry, such as "min_runtime_version" (16 bytes, padded with zeros, by convention)."""
        entry = self.schema.MetadataT()
        entry.name, entry.buffer = name, self._store(value)
        self.model.metadata.append(entry)

    def build(self) -> bytes:
        """Returns the bytes of the file."""
        import flatbuffers  # type: ignore[import-untyped]  # Not before: where it is missing, a verb says what to install.

        for index, graph in enumerate(self.model.subgraphs):
            inputs, outputs = self._interfaces.get(index) or _open_ends(graph)
            graph.inputs, graph.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        size = sum(len(buffer.data) for buffer in self.model.buffers if buffer.data is not None)
        builder = flatbuffers.Builder(size + 4096)
        builder.Finish(self.model.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())

    def _store(self, data: bytes) -> int:
        self.model.buffers.append(_buffer(self.schema, data))
        return len(self.model.buffers) - 1

    def _map(self, name: str, tensor: int) -> Any:
        entry = self.schema.TensorMapT()
        entry.name, entry.tensorIndex = name, tensor
        return entry

    def _quantization(self, scales: Any, zero_points: Sequence[int] | int | None, axis: int) -> Any:
        parameters = self.schema.QuantizationParametersT()
        parameters.scale = np.array(scales, np.float32)
        points = np.zeros(len(scales)) if zero_points is None else np.atleast_1d(zero_points)
        parameters.zeroPoint, parameters.quantizedDimension = points.astype(np.int64), axis
        return parameters

    def _set_options(self, op: Any, name: str, options: Mapping[str, Any]) -> None:
        table = self._options_table(name)
        if table is None:
            if options:
                raise ConfigError(f"expected no options for {name}, which has none in the schema; got {dict(options)}")
            return
        value = getattr(self.schema, table + "T")()
        for key, setting in options.items():
            if not hasattr(value, key):
                raise one_of(f"option of {name}", key, vars(value))
            setattr(value, key, setting)
        if hasattr(self.schema.BuiltinOptions, table):
            op.builtinOptionsType, op.builtinOptions = getattr(self.schema.BuiltinOptions, table), value
        else:
            op.builtinOptions2Type, op.builtinOptions2 = getattr(self.schema.BuiltinOptions2, table), value

    def _options_table(self, name: str) -> str | None:
        """Returns the options table of an op by its name: FULLY_CONNECTED -> FullyConnectedOptions."""
        if name in _SHARED_OPTIONS:
            return _SHARED_OPTIONS[name]
        tables = [*vars(self.schema.BuiltinOptions), *vars(self.schema.BuiltinOptions2)]
        wanted = name.replace("_", "").lower() + "options"
        return next((table for table in tables if table.lower() == wanted), None)


def stored_bytes(values: npt.ArrayLike, dtype: str) -> bytes:
    """Returns values as a .tflite stores them: little endian, int4 two a byte and int2 four, the first lowest.

    Args:
        values: any shape; for "string" texts or bytes.
        dtype: of the tensor.

    Raises:
        ConfigError: a dtype without a stored form, or integers that it cannot hold.
    """
    if dtype == "string":
        texts = [text.encode() if isinstance(text, str) else bytes(text) for text in np.ravel(np.array(values, object))]
        ends = np.cumsum([0, *map(len, texts)]) + 4 * (len(texts) + 2)  # A count, the offsets, then the texts.
        return struct.pack(f"<{len(texts) + 2}i", len(texts), *ends) + b"".join(texts)
    array = np.asarray(values)
    if dtype in _BITS:
        return _packed(array.ravel(), _BITS[dtype], signed=dtype != "uint4")
    if dtype not in STORED_DTYPES:
        raise one_of("dtype of stored values", dtype, [*STORED_DTYPES, *_BITS, "string"])
    stored = np.dtype(STORED_DTYPES[dtype])
    if stored.kind in "iu" and array.size:
        limits: Any = np.iinfo(stored.name)
        if array.min() < limits.min or array.max() > limits.max:
            raise ConfigError(f"expected {dtype} values; got {array.min()} to {array.max()}; quantize them first")
    return array.astype(stored.newbyteorder("<")).tobytes()


def _packed(values: npt.NDArray[Any], bits: int, signed: bool) -> bytes:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if values.size and (values.min() < low or values.max() > high):
        raise ConfigError(f"expected values from {low} to {high} in {bits} bits; got {values.min()} to {values.max()}")
    fields = (values.astype(np.int64) & (1 << bits) - 1).astype(np.uint8)
    a_byte = 8 // bits
    fields = np.append(fields, np.zeros(-len(fields) % a_byte, np.uint8)).reshape(-1, a_byte)
    return bytes(np.bitwise_or.reduce(fields << (bits * np.arange(a_byte, dtype=np.uint8)), axis=1).astype(np.uint8))


def _open_ends(graph: Any) -> tuple[list[int], list[int]]:
    """Returns the tensors of a subgraph that no op makes and no data fills, and those made that no op reads."""
    made = [int(index) for op in graph.operators for index in op.outputs]
    read = {int(index) for op in graph.operators for index in op.inputs}
    inputs = [
        index
        for index, tensor in enumerate(graph.tensors)
        if index not in made and not tensor.buffer and not tensor.isVariable
    ]
    return inputs, [index for index in made if index not in read]


def _buffer(schema: Any, data: bytes) -> Any:
    buffer = schema.BufferT()
    buffer.data = data
    buffer.Pack = lambda builder: _pack_buffer(schema, builder, data)  # ModelT.Pack calls it.
    return buffer


def _pack_buffer(schema: Any, builder: Any, data: bytes) -> int:
    """Writes a buffer whose data begin at a multiple of 16 bytes, as the schema asks and its Python writer does not."""
    vector = None
    if data:
        builder.StartVector(1, len(data), 16)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        vector = builder.EndVector()
    schema.BufferStart(builder)
    if vector is not None:
        schema.BufferAddData(builder, vector)
    return int(schema.BufferEnd(builder))
