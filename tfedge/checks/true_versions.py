"""The op version that says what a quantized op means, so that a runtime that cannot compute it refuses the file.

Facts of TensorFlow Lite's own versioning (google-ai-edge/LiteRT, tflite/converter/tools/versioning/op_version.cc,
2026-08-21): per-channel int8 weights under float activations are FULLY_CONNECTED 12, CONV_2D 5, DEPTHWISE_CONV_2D 6;
a per-channel table is EMBEDDING_LOOKUP 4; per-channel values are DEQUANTIZE 5 and QUANTIZE 3. An older kernel under a
lower version reads one scale of many, and says nothing.
"""

from __future__ import annotations

from tfedge.modelfile.summary import OpSummary, TensorSummary

PER_CHANNEL_HYBRID = {"FULLY_CONNECTED": 12, "CONV_2D": 5, "DEPTHWISE_CONV_2D": 6}
# By the input or output that has the scales.
_PER_CHANNEL_INPUT = {"EMBEDDING_LOOKUP": (1, 4), "DEQUANTIZE": (0, 5)}
_PER_CHANNEL_QUANTIZE = 3
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


def one_scale_version(op: OpSummary) -> int:
    """Returns the version of an op on int8 weights and float activations once its weights have one scale.

    Published: hybrid FULLY_CONNECTED 3, with dimensions kept 5, two inputs 6, activations with a zero point 9; a
    look-up 1. A version that did not ask for several scales stays: it may stand for something else.
    """
    if op.name == "EMBEDDING_LOOKUP":
        return 1 if op.version == _PER_CHANNEL_INPUT[op.name][1] else op.version
    if op.name != "FULLY_CONNECTED" or op.version < PER_CHANNEL_HYBRID[op.name]:
        return op.version
    needed = 3
    if op.options.get("keepNumDims"):
        needed = 5
    if len(op.inputs) == 2:
        needed = 6
    if op.options.get("asymmetricQuantizeInputs"):
        needed = 9
    return needed
