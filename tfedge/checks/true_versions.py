"""The op version that says what a quantized op means, so that a runtime that cannot compute it refuses the file.

Facts of TensorFlow Lite's own versioning (google-ai-edge/LiteRT, tflite/converter/tools/versioning/op_version.cc,
2026-08-21): per-channel int8 weights under float activations are FULLY_CONNECTED 12, CONV_2D 5, DEPTHWISE_CONV_2D 6;
a per-channel table is EMBEDDING_LOOKUP 4; per-channel values are DEQUANTIZE 5 and QUANTIZE 3. An older kernel under a
lower version reads one scale of many, and says nothing.
"""

from __future__ import annotations

import math

from tfedge.modelfile.summary import OpSummary, TensorSummary

PER_CHANNEL_HYBRID = {"FULLY_CONNECTED": 12, "CONV_2D": 5, "DEPTHWISE_CONV_2D": 6}
# By the input or output that has the scales.
_PER_CHANNEL_INPUT = {"EMBEDDING_LOOKUP": (1, 4), "DEQUANTIZE": (0, 5)}
_PER_CHANNEL_QUANTIZE = 3
# From these on a version says "a scale a channel": what a rewrite to one scale takes back.
TAKEN_BACK = {"FULLY_CONNECTED": PER_CHANNEL_HYBRID["FULLY_CONNECTED"], "EMBEDDING_LOOKUP": 4}
_WEIGHTS = 1  # Position of the weights among an op's inputs.


def weights_of(op: OpSummary) -> TensorSummary | None:
    """Returns the weights of a product (its second input); None where it has none."""
    return op.inputs[_WEIGHTS] if len(op.inputs) > _WEIGHTS else None


def is_per_channel(tensor: TensorSummary | None) -> bool:
    """Whether a tensor has int8 values with one scale a channel."""
    return tensor is not None and tensor.dtype == "int8" and tensor.quantization == "per_channel"


def is_hybrid(op: OpSummary) -> bool:
    """Whether an op multiplies float activations with int8 weights, quantizing the activations as it runs."""
    return op.input_dtypes[:2] == ("float32", "int8") and op.output_dtypes[:1] == ("float32",)


def true_version(op: OpSummary) -> int:
    """Returns the lowest version that says what this op's scales mean; its own where that is enough.

    Only versions that per-channel scales ask for are known here: an op may need a higher one for another reason.
    """
    needed = 1
    if op.name in PER_CHANNEL_HYBRID and is_hybrid(op) and is_per_channel(weights_of(op)):
        needed = PER_CHANNEL_HYBRID[op.name]
    elif op.name in _PER_CHANNEL_INPUT:
        position, version = _PER_CHANNEL_INPUT[op.name]
        if len(op.inputs) > position and is_per_channel(op.inputs[position]):
            needed = version
    elif op.name == "QUANTIZE" and any(is_per_channel(tensor) for tensor in op.outputs):
        needed = _PER_CHANNEL_QUANTIZE
    return max(op.version, needed)


def lowest_version(op: OpSummary, one_scale: bool = False) -> int:
    """Returns the lowest version that says what an op means; its own where that is not known, or is lower.

    Writers give all ops of a kind the version of the one that needs most, so an op may say more than it means.

    Args:
        op: any op; FULLY_CONNECTED and EMBEDDING_LOOKUP are known.
        one_scale: whether its weights will have one scale.
    """
    if op.name == "EMBEDDING_LOOKUP":
        plain = op.input_dtypes[1:2] in (("float32",), ("int8",)) and (one_scale or not is_per_channel(weights_of(op)))
        return 1 if plain else op.version
    if op.name != "FULLY_CONNECTED":
        return op.version
    return min(op.version, _lowest_product_version(op, one_scale))


def _lowest_product_version(op: OpSummary, one_scale: bool) -> int:
    """Published: float 1, shuffled weights 2, hybrid 3, int8 4, dimensions kept 5, two inputs 6, int16 7, sparse 8,
    hybrid of activations with a zero point 9, biases of a type of their own 11."""
    weights = weights_of(op)
    if weights is None or weights.dtype not in ("float32", "int8", "uint8", "int16"):
        return op.version  # 4 and 2 bits came at several versions, as the activations are.
    is_sparse = weights.is_constant and weights.dtype == "int8" and weights.weight_bytes != math.prod(weights.shape)
    reasons = {
        2: bool(op.options.get("weightsFormat")),
        3: is_hybrid(op),
        4: op.input_dtypes[0] == "int8",
        5: bool(op.options.get("keepNumDims")),
        6: len(op.inputs) == 2,
        7: op.input_dtypes[0] == "int16",
        8: is_sparse,
        9: is_hybrid(op) and bool(op.options.get("asymmetricQuantizeInputs")),
        11: bool(op.options.get("quantizedBiasType")),
        12: is_hybrid(op) and is_per_channel(weights) and not one_scale,
    }
    return max((version for version, applies in reasons.items() if applies), default=1)
