"""The form of an op: its name and the dtypes it is used with, as a kernel sees it; and what some kernels insist on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from tfedge.modelfile.graph import OpSummary, TensorSummary

# dtypes that mean one thing with a scale and another without: "q" before the dtype says that it has one.
_MAYBE_QUANTIZED = ("int8", "uint8", "int16", "int32", "int64", "int4", "int2")
# Outputs whose scale the kernels insist on: op -> dtype -> (scale, zero point). From their Prepare (activations.cc,
# l2norm.cc of TensorFlow 2.14), measured by the probes "fixed_scale" and "fixed_zero_point".
FIXED_OUTPUTS: Mapping[str, Mapping[str, tuple[float, int]]] = {
    "SOFTMAX": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)},
    "LOGISTIC": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)},
    "TANH": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128), "int16": (1 / 32768, 0)},
    "LOG_SOFTMAX": {"int8": (16 / 256, 127), "uint8": (16 / 256, 255), "int16": (16 / 65536, 32767)},
    "L2_NORMALIZATION": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128), "int16": (1 / 32768, 0)},
}
# Ops that keep stored values, and so cannot change their scale; measured by the probes "scale_changed".
KEEPING_OPS = (
    *("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "GATHER", "GATHER_ND", "SLICE", "STRIDED_SLICE", "PAD"),
    *("MIRROR_PAD", "TILE", "BROADCAST_TO", "REVERSE_V2", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "BATCH_TO_SPACE_ND"),
    *("SPACE_TO_BATCH_ND", "RESIZE_NEAREST_NEIGHBOR", "PACK", "CONCATENATION", "MAX_POOL_2D", "MAXIMUM", "MINIMUM"),
    *("REDUCE_MAX", "REDUCE_MIN", "SPLIT", "SELECT_V2", "DYNAMIC_UPDATE_SLICE"),
)
# op -> number of inputs that it cannot do without: NumInputs in the kernels' Prepare, TensorFlow 2.14. One too few, or
# one named as missing (-1), was refused or killed the interpreter: measured 2026-11-21 for each op of this table on
# tflite-runtime 2.14.0 and ai-edge-litert 2.3.0.
REQUIRED_INPUTS: Mapping[str, int] = {
    **dict.fromkeys(("TANH", "LOGISTIC", "RELU", "SOFTMAX", "GELU", "RSQRT", "CAST", "DEQUANTIZE", "QUANTIZE"), 1),
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "NEG", "SQRT", "ABS", "EXP"), 1),
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "BATCH_MATMUL"), 2),
    **dict.fromkeys(("FULLY_CONNECTED", "GATHER", "MEAN", "SUM", "REDUCE_MAX", "TRANSPOSE", "EXPAND_DIMS"), 2),
    **dict.fromkeys(("PAD", "TILE", "SPLIT", "EQUAL", "LESS", "GREATER", "NOT_EQUAL", "CUMSUM"), 2),
    **dict.fromkeys(("EMBEDDING_LOOKUP", "ARG_MAX", "GATHER_ND"), 2),
    **dict.fromkeys(("SELECT", "SELECT_V2", "SLICE", "DYNAMIC_UPDATE_SLICE"), 3),
    "STRIDED_SLICE": 4,
}
_VARIADIC = ("CONCATENATION", "PACK", "UNPACK", "ADD_N", "SPLIT", "SPLIT_V")


def kernel_form(op: OpSummary) -> str:
    """Returns the op with the dtypes of its inputs and outputs: "ADD qint8,qint8->qint8".

    Quantized integers are "q…"; "~" follows weights with a scale a channel, "#" those with a scale a block, "-" stands
    for an input left out. Of ops with any number of inputs or outputs, two alike stand for all that follow.
    """
    inputs = [_tensor_form(tensor) for tensor in op.inputs]
    while inputs and inputs[-1] == "-":
        inputs.pop()  # A last input that is named as missing is the same as one that is not named.
    outputs = [_tensor_form(tensor) for tensor in op.outputs]
    if op.name in _VARIADIC:
        inputs, outputs = _shortened(inputs), _shortened(outputs)
    return f"{op.name} {','.join(inputs)}->{','.join(outputs)}"


def _tensor_form(tensor: TensorSummary | None) -> str:
    if tensor is None:
        return "-"
    quantized = tensor.quantization != "none" and tensor.dtype in _MAYBE_QUANTIZED
    several = "~" if tensor.quantization == "per_channel" else "#" if tensor.quantization == "blockwise" else ""
    return ("q" if quantized else "") + tensor.dtype + several


def _shortened(forms: Sequence[str]) -> list[str]:
    return [form for _, group in itertools.groupby(forms) for form in list(group)[:2]]
