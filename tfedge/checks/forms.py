"""The form of an op: its name and the dtypes it is used with, as a kernel sees it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from tfedge.modelfile.graph import OpSummary, TensorSummary

# dtypes that mean one thing with a scale and another without: "q" before the dtype says that it has one.
_MAYBE_QUANTIZED = ("int8", "uint8", "int16", "int32", "int64", "int4", "int2")
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
