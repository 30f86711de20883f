"""Small graphs in the object interface of the published schema, as litert-quantizer and the converter hand them on."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfedge.modelfile.schema import load_schema

SCHEMA = load_schema()


class Graph:
    """Builds one model: tensors and ops are added to its last subgraph."""

    def __init__(self, min_runtime_version: str = "1.14.0") -> None:
        self.model = SCHEMA.ModelT()
        self.model.version, self.model.buffers, self.model.operatorCodes, self.model.subgraphs = 3, [], [], []
        self.buffer(None)
        entry = SCHEMA.MetadataT()
        entry.name = b"min_runtime_version"
        entry.buffer = self.buffer(np.frombuffer(min_runtime_version.encode().ljust(16, b"\0"), np.uint8))
        self.model.metadata = [entry]
        self.subgraph()

    def subgraph(self) -> None:
        graph = SCHEMA.SubGraphT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
        self.model.subgraphs.append(graph)

    def buffer(self, data: Any) -> int:
        buffer = SCHEMA.BufferT()
        buffer.data = data
        self.model.buffers.append(buffer)
        return len(self.model.buffers) - 1

    def tensor(
        self, name: str, dtype: str = "FLOAT32", shape: Any = (1, 4), scales: Any = None, buffer: int = 0
    ) -> int:
        tensor = SCHEMA.TensorT()
        tensor.name, tensor.type, tensor.buffer = name.encode(), getattr(SCHEMA.TensorType, dtype), buffer
        tensor.shape = np.array(shape, np.int32)
        tensor.quantization = SCHEMA.QuantizationParametersT()
        if scales is not None:
            tensor.quantization.scale = np.array(scales, np.float32)
            tensor.quantization.zeroPoint = np.zeros(len(scales), np.int64)
        self.model.subgraphs[-1].tensors.append(tensor)
        return len(self.model.subgraphs[-1].tensors) - 1

    def op(self, name: str, inputs: Any, outputs: Any, version: int = 1, options: Any = None) -> None:
        code = SCHEMA.OperatorCodeT()
        code.builtinCode, code.version = getattr(SCHEMA.BuiltinOperator, name), version
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        same = [i for i, old in enumerate(self.model.operatorCodes) if vars(old) == vars(code)]
        if not same:
            self.model.operatorCodes.append(code)
        op = SCHEMA.OperatorT()
        op.opcodeIndex = same[0] if same else len(self.model.operatorCodes) - 1
        op.inputs, op.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if options is not None:
            op.builtinOptions, op.builtinOptionsType = options, SCHEMA.BuiltinOptions.FullyConnectedOptions
        self.model.subgraphs[-1].operators.append(op)

    def product(
        self, name: str, weights: int, activation: str = "FLOAT32", kind: str = "INT8", scales: Any = (1.0,)
    ) -> None:
        """Adds FULLY_CONNECTED version 5 with a bias, as a Dense of a sequence becomes, with weights of that buffer."""
        options = SCHEMA.FullyConnectedOptionsT()
        options.keepNumDims = True
        quantized = None if activation == "FLOAT32" else (0.5,)
        inputs = [
            self.tensor(f"{name}/input", activation, scales=quantized),
            self.tensor(f"{name}/weights", kind, (4, 4), None if kind == "FLOAT32" else scales, weights),
            self.tensor(f"{name}/bias", "FLOAT32" if activation == "FLOAT32" else "INT32"),
        ]
        self.op("FULLY_CONNECTED", inputs, [self.tensor(name, activation, scales=quantized)], 5, options)
