"""Op versions that say what a quantized graph needs: litert-quantizer changes types and leaves the float versions.

Interpreters refuse a file by its op versions. tflite-runtime 2.14 given int8 rows of several scales under
FULLY_CONNECTED version 5 refuses nothing and answers zeros; under version 12, which is the truth, it refuses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_METADATA = b"min_runtime_version"
# op -> version for int8 and for int16 inputs. Source of all rules here: op_version.cc of LiteRT's converter,
# https://github.com/google-ai-edge/LiteRT/tree/main/tflite/converter/tools/versioning
_BY_INPUT = {
    "ADD": (2, 3),
    "AVERAGE_POOL_2D": (2, 3),
    "BATCH_MATMUL": (2, 3),
    "CONCATENATION": (2, 3),
    "GATHER": (2, 4),
    "LOGISTIC": (2, 3),
    "MAX_POOL_2D": (2, 3),
    "MEAN": (2, 3),
    "MUL": (2, 4),
    "RELU": (2, 3),
    "RSQRT": (2, 3),
    "SOFTMAX": (2, 3),
    "STRIDED_SLICE": (2, 2),
    "SUB": (2, 5),
    "TANH": (2, 3),
    "TRANSPOSE": (2, 5),
}
# op -> version for int8 weights beside float activations, with one scale and with one a channel, and for int8 ones.
_CONVOLUTIONS = {"CONV_2D": (2, 5, 3), "DEPTHWISE_CONV_2D": (4, 6, 3)}
# First runtime of the versions that this module may set: of convolutions, and of others those that are younger than
# TensorFlow 2.5; older ones do not count, since the cache's DYNAMIC_UPDATE_SLICE needs 2.9. From runtime_version.cc of
# the same place.
_FIRST_RUNTIME = {
    ("CONV_2D", 2): "1.14.0",
    ("CONV_2D", 3): "1.14.0",
    ("CONV_2D", 5): "2.4.0",
    ("DEPTHWISE_CONV_2D", 3): "1.14.0",
    ("DEPTHWISE_CONV_2D", 4): "2.2.0",
    ("DEPTHWISE_CONV_2D", 6): "2.3.0",
    ("DEQUANTIZE", 5): "2.7.0",
    ("DEQUANTIZE", 6): "2.18.0",
    ("FULLY_CONNECTED", 10): "2.11.0",
    ("FULLY_CONNECTED", 11): "2.15.0",
    ("FULLY_CONNECTED", 12): "2.17.0",
    ("FULLY_CONNECTED", 13): "2.18.0",
    ("RSQRT", 3): "2.15.0",
}


def tell_the_truth(model: Any, schema: Any) -> None:
    """Raises the version of each op to what its tensors need, and `min_runtime_version` to what these need.

    Args:
        model: a `ModelT` of the object interface; changed in place.
        schema: the module that it came from.
    """
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
    places: dict[tuple[int, int], int] = {}
    needed = []
    for graph in model.subgraphs:
        for op in graph.operators:
            code = model.operatorCodes[op.opcodeIndex]
            name = names.get(code.builtinCode, "")
            inputs, outputs = ([graph.tensors[i] if i >= 0 else None for i in side] for side in (op.inputs, op.outputs))
            version = max(code.version, _version(name, inputs, outputs, op.builtinOptions, schema.TensorType))
            needed.append(_FIRST_RUNTIME.get((name, version), ""))
            if version != code.version:
                op.opcodeIndex = _code(model, places, op.opcodeIndex, version, schema)
    _drop_unused_codes(model)
    _raise_min_runtime_version(model, needed)


def _version(name: str, inputs: list[Any], outputs: list[Any], options: Any, types: Any) -> int:
    """Returns the lowest version that knows these types; 1 where the rules above have none."""
    if name == "FULLY_CONNECTED":
        return _product_version(inputs[0].type, inputs[1], options, types)
    if name in _CONVOLUTIONS and inputs[1].type == types.INT8:
        one_scale, scales, int8 = _CONVOLUTIONS[name]
        hybrid = scales if _num_scales(inputs[1]) > 1 else one_scale
        return {types.FLOAT32: hybrid, types.INT8: int8}.get(inputs[0].type, 1)
    first = inputs[0].type if inputs and inputs[0] is not None else None
    if name == "DEQUANTIZE":
        wide = {types.INT4: 6, types.INT16: 3, types.FLOAT16: 3, types.INT8: 5 if _num_scales(inputs[0]) > 1 else 2}
        return wide.get(first, 1)
    if name == "QUANTIZE":
        return 2 if outputs[0].type == types.INT16 else 1
    if name == "MUL" and first == types.INT8 and _rescales_by_one_or_more(inputs, outputs):
        return 3
    int8, int16 = _BY_INPUT.get(name, (1, 1))
    return {types.INT8: int8, types.INT16: int16}.get(first, 1)


def _product_version(activation: int, weights: Any, options: Any, types: Any) -> int:
    if weights.type == types.INT4:
        # The source has no rule for float activations and 4-bit weights: 10 is the first that knows 4-bit weights.
        return 13 if activation == types.INT16 else 10
    if weights.type != types.INT8:
        return 1
    if activation == types.FLOAT32:
        if _num_scales(weights) > 1:
            return 12
        return 9 if options is not None and options.asymmetricQuantizeInputs else 3
    # int16: the source has a rule for one kind of bias only, but tflite-runtime 2.14 answers zeros, and it has 10.
    return 11 if activation == types.INT16 else 4


def _num_scales(tensor: Any) -> int:
    parameters = tensor.quantization
    return 0 if parameters is None or parameters.scale is None else len(parameters.scale)


def _rescales_by_one_or_more(inputs: list[Any], outputs: list[Any]) -> bool:
    tensors = (*inputs[:2], outputs[0])
    if len(tensors) < 3 or any(tensor is None or not _num_scales(tensor) for tensor in tensors):
        return False
    first, second, result = (float(tensor.quantization.scale[0]) for tensor in tensors)
    return first * second / result >= 1.0


def _code(model: Any, places: dict[tuple[int, int], int], index: int, version: int, schema: Any) -> int:
    """Returns the place of the operator code `index` with another version; adds one where there is none."""
    if (index, version) not in places:
        old, new = model.operatorCodes[index], schema.OperatorCodeT()
        new.builtinCode, new.deprecatedBuiltinCode, new.customCode = (
            old.builtinCode,
            old.deprecatedBuiltinCode,
            old.customCode,
        )
        new.version = version
        model.operatorCodes.append(new)
        places[index, version] = len(model.operatorCodes) - 1
    return places[index, version]


def _drop_unused_codes(model: Any) -> None:
    """Interpreters refuse a file by its operator codes, also by those that no op has any more."""
    used = sorted({op.opcodeIndex for graph in model.subgraphs for op in graph.operators})
    place = {old: new for new, old in enumerate(used)}
    model.operatorCodes = [model.operatorCodes[index] for index in used]
    for graph in model.subgraphs:
        for op in graph.operators:
            op.opcodeIndex = place[op.opcodeIndex]


def _raise_min_runtime_version(model: Any, needed: list[str]) -> None:
    for entry in model.metadata or []:
        if entry.name == _METADATA:
            buffer = model.buffers[entry.buffer]
            present = bytes(b"" if buffer.data is None else buffer.data).split(b"\0")[0].decode()
            highest = max([present, *needed], key=lambda text: tuple(int(part) for part in text.split(".") if part))
            # 16 bytes, ended by zeros, as the converter writes it.
            buffer.data = np.frombuffer(highest.encode().ljust(16, b"\0"), np.uint8)
