"""Reads the graph of a .tflite with the published schema. No interpreter enters the process."""

from __future__ import annotations

import collections
from types import ModuleType
from typing import Any

from tfedge.modelfile.flatbuffer import damaged, verify_model
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.options import read_options
from tfedge.modelfile.schema import load_schema
from tfedge.modelfile.summary import (
    INTEGER_WEIGHTS,
    GraphSummary,
    OpKind,
    OpSummary,
    OptionValue,
    SignatureSummary,
    SubgraphSummary,
    TensorSummary,
    refused_ops,
)
from tfedge.modelfile.tables import Tables, text, vector
from tfedge.modelfile.tensors import TensorReader

__all__ = [
    "GraphSummary",
    "OpSummary",
    "SignatureSummary",
    "SubgraphSummary",
    "TensorSummary",
    "read_graph",
    "refused_ops",
]

_SUBGRAPH_OPTIONS = {
    "WHILE": ("condSubgraphIndex", "bodySubgraphIndex"),
    "IF": ("thenSubgraphIndex", "elseSubgraphIndex"),
    "CALL_ONCE": ("initSubgraphIndex",),
}


def read_graph(model_bytes: ModelData) -> GraphSummary:
    """Reads the graph of a model, with or without a pack behind it. Nothing of the model is copied but its names.

    Every text of the summary is printable: what is not is written as Python writes it ("\\x1b").

    Raises:
        ArtifactError: not a .tflite, or its bytes contradict themselves.
        RuntimeUnavailableError: the package that holds the schema is not installed.
    """
    verify_model(model_bytes)
    return _Reader(model_bytes, load_schema()).summary()


class _Reader:
    """Turns the tables of verified `data` into a summary, and checks what the tables say of each other.

    Verified means that offsets are safe to follow; every index that is used below is still checked.
    """

    def __init__(self, data: ModelData, schema: ModuleType) -> None:
        self._data = data
        self._schema = schema
        self._model: Any = schema.Model.GetRootAs(data, 0)
        self._op_names = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
        self._tables = Tables(data)
        self._reader = TensorReader(self._model, schema, self._tables, data)
        self._graphs: list[Any] = [self._model.Subgraphs(index) for index in range(self._model.SubgraphsLength())]
        if not self._graphs:
            raise damaged("no subgraph")
        self._tensors = [self._reader.tensors(index, graph) for index, graph in enumerate(self._graphs)]
        self._codes = [self._code(index) for index in range(self._model.OperatorCodesLength())]

    def summary(self) -> GraphSummary:
        ops: list[OpSummary] = []
        subgraphs = []
        for index, graph in enumerate(self._graphs):
            inputs, outputs = (self._present(index, vector(graph, side)) for side in ("Inputs", "Outputs"))
            subgraphs.append(SubgraphSummary(index, text(graph.Name()), inputs, outputs, len(self._tensors[index])))
            for place in range(graph.OperatorsLength()):
                ops.append(self._op(index, place, self._tables.quicken(graph.Operators(place))))
        weights = self._distinct_weights()
        metadata = self._metadata()
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
            description=text(self._model.Description()),
            subgraphs=tuple(subgraphs),
            weights=tuple(weights),
            metadata=metadata,
            schema_version=int(self._model.Version()),
            op_codes=tuple((name, version) for name, version, _ in self._codes),
        )

    def _code(self, index: int) -> tuple[str, int, OpKind]:
        """Returns name, version and kind of an operator code."""
        code = self._model.OperatorCodes(index)
        # Codes under 127 are also in the old one-byte field, and a writer may fill either.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = self._op_names.get(number, f"OP_{number}")
        kind: OpKind = "builtin" if number in self._op_names else "unknown"
        if name == "CUSTOM":
            name = text(code.CustomCode())
            kind = "flex" if name.startswith("Flex") else "custom"
        return name, int(code.Version()), kind

    def _op(self, subgraph: int, index: int, op: Any) -> OpSummary:
        if op.OpcodeIndex() >= len(self._codes):
            raise damaged(f"an op with operator code {op.OpcodeIndex()}")
        name, version, kind = self._codes[op.OpcodeIndex()]
        inputs = self._pick(subgraph, vector(op, "Inputs"), optional=True)
        outputs = self._present(subgraph, vector(op, "Outputs"))
        return OpSummary(subgraph, name, version, kind, inputs, outputs, index, self._options(name, op))

    def _options(self, name: str, op: Any) -> dict[str, OptionValue]:
        """Reads the options of an op; of an op with subgraphs, checks their indices."""
        options = read_options(self._schema, self._tables, op, name)
        for key in _SUBGRAPH_OPTIONS.get(name, ()):
            index = options.get(key, -1)
            if not 0 <= int(index) < len(self._graphs):
                raise damaged(f"a {name} op with subgraph {index}")
        return options

    def _pick(self, subgraph: int, indices: list[int], optional: bool = False) -> tuple[TensorSummary | None, ...]:
        """Returns the tensors of a subgraph by index; -1 is a tensor left out, where that is allowed."""
        tensors = self._tensors[subgraph]
        lowest = -1 if optional else 0
        for index in indices:
            if not lowest <= index < len(tensors):
                raise damaged(f"a reference to tensor {index} of {len(tensors)}")
        return tuple(tensors[index] if index >= 0 else None for index in indices)

    def _present(self, subgraph: int, indices: list[int]) -> tuple[TensorSummary, ...]:
        """Returns the tensors of a subgraph by index, where none may be left out."""
        return tuple(tensor for tensor in self._pick(subgraph, indices) if tensor is not None)

    def _signatures(self) -> dict[str, SignatureSummary]:
        signatures = {}
        for index in range(self._model.SignatureDefsLength()):
            entry = self._model.SignatureDefs(index)
            key, subgraph = text(entry.SignatureKey()), int(entry.SubgraphIndex())
            if subgraph >= len(self._graphs) or key in signatures:
                raise damaged(f"signature {key!r} twice or in subgraph {subgraph}")
            sides = []
            for side in ("Inputs", "Outputs"):
                maps = [getattr(entry, side)(place) for place in range(getattr(entry, side + "Length")())]
                tensors = self._pick(subgraph, [item.TensorIndex() for item in maps])
                pairs = zip(maps, tensors, strict=True)
                sides.append({text(item.Name()): tensor for item, tensor in pairs if tensor is not None})
            signatures[key] = SignatureSummary(key, subgraph, *sides)
        return signatures

    def _distinct_weights(self) -> list[TensorSummary]:
        """Returns the stored tensors, one a buffer: signatures that share weights share buffers."""
        by_buffer: dict[int, TensorSummary] = {}
        for tensors in self._tensors:
            for tensor in tensors:
                if tensor.is_constant:
                    by_buffer.setdefault(tensor.buffer, tensor)
        return list(by_buffer.values())

    def _metadata(self) -> dict[str, int]:
        """Returns the bytes of each metadata entry; of a name that is there twice, of both together."""
        sizes: collections.Counter[str] = collections.Counter()
        for index in range(self._model.MetadataLength()):
            entry = self._model.Metadata(index)
            if entry.Buffer() >= len(self._reader.buffer_sizes):
                raise damaged(f"metadata in buffer {entry.Buffer()}")
            sizes[text(entry.Name())] += self._reader.buffer_sizes[entry.Buffer()]
        return dict(sizes)

    def _min_runtime_version(self) -> str | None:
        for index in range(self._model.MetadataLength()):
            entry = self._model.Metadata(index)
            if entry.Name() == b"min_runtime_version":
                buffer = self._model.Buffers(entry.Buffer())
                value = bytes(buffer.Data(place) for place in range(min(buffer.DataLength(), 16)))
                return text(value.split(b"\0")[0]) or None
        return None
