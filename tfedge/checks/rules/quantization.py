"""Rules on quantization parameters: scales and zero points that kernels ignore, refuse, or cannot mean."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.checks.forms import FIXED_OUTPUTS, KEEPING_OPS
from tfedge.checks.rules.rule import Case, Rule, Words, judged, tensor_place
from tfedge.checks.verdict import Finding
from tfedge.modelfile.summary import OpSummary, TensorSummary

_PRODUCTS = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")
_LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "int4": (-8, 7), "int2": (-2, 1)}
# Scales that differ by less are one scale, written by two programs: float32 has 24 bits.
_SAME = 1e-6
# How far bias scale and input scale times weight scale may differ in units of the output scale: kernel_util.cc, checked
# when tensors are allocated ("scale_diff / output_scale <= 0.02").
_BIAS_LIMIT = 0.02
_SMALLEST = float(np.finfo(np.float32).tiny)  # XNNPACK refuses scales below the smallest normal number.


def _weights(op: OpSummary) -> TensorSummary | None:
    return op.inputs[1] if op.name in _PRODUCTS and len(op.inputs) > 1 else None


def _kind(op: OpSummary) -> str:
    """Returns "hybrid" where activations are floats, else "static"."""
    first = op.inputs[0] if op.inputs else None
    return "hybrid" if first is not None and first.dtype == "float32" else "static"


def _scaled(op: OpSummary) -> Iterator[tuple[TensorSummary, str]]:
    """Yields the integer tensors of an op that have scales, each with its part in the op."""
    for tensor in op.inputs:
        if tensor is not None and tensor.dtype in _LIMITS and tensor.num_scales:
            yield tensor, "weights" if tensor.is_constant else "input"
    for tensor in op.outputs:
        if tensor.dtype in _LIMITS and tensor.num_scales:
            yield tensor, "output"


def weights_zero_point(case: Case) -> Iterator[Finding]:
    """int8 weights whose zero point is not 0, where a kernel takes it for 0.

    The quantization specification says 0. Measured 2026-11-21 (probes "weights_zero_point …"): with float activations
    tflite-runtime 2.14 ignores it (wrong), LiteRT 2.3 refuses; with int8 activations one scale is right on both, a
    scale a channel is wrong on 2.14 and refused by 2.3. With int8 activations one scale too is wrong on LiteRT 1.0 to
    2.1.4 and on Android's 2.16.1, where XNNPACK does it: its own kernel is right.
    """
    words = Words(
        "int8 weights with a zero point that is not 0",
        "The specification of int8 weights says zero point 0; kernels do not read it.",
        "quantize the weights symmetrically",
    )
    hits = []
    for op, _ in case.running_forms:
        weights = _weights(op)
        if op.name != "FULLY_CONNECTED" or weights is None or weights.dtype != "int8" or not weights.num_scales:
            continue
        if np.any(case.subject.stored.zero_points(weights) != 0):
            several = "~" if weights.quantization == "per_channel" else ""
            hits.append((f"weights_zero_point {_kind(op)}{several}", op.place))
    yield from judged(case, "weights_zero_point", words, hits)


def bad_scale(case: Case) -> Iterator[Finding]:
    """A scale of zero, below zero, NaN or infinite in an op that computes.

    Measured 2026-11-21 (probes "bad_scale …"): LiteRT 2.3 refuses all, tflite-runtime 2.14 refuses some,
    computes zeros, NaN or nonsense from others, and on ARM dies of some. Ops that only move values do not read scales.
    """
    words = Words(
        "a scale that is zero, negative, or no number",
        "Calibration met a constant or broken tensor, or a tool wrote the file wrongly.",
        "calibrate again with real inputs, and keep NaN and constant inputs out of the representative data",
    )
    hits = []
    for op, _ in case.running_forms:
        if op.name in KEEPING_OPS:
            continue
        for tensor, part in _scaled(op):
            what = _bad(case.subject.stored.scales(tensor) if tensor.num_scales > 1 else np.array([tensor.scale]))
            if what:
                role = _kind(op) if part == "weights" else part
                hits.append((f"bad_scale {role} {what}", f"{tensor_place(tensor)} of {op.place}"))
    yield from judged(case, "bad_scale", words, hits)


def _bad(scales: npt.NDArray[Any]) -> str:
    """Returns what is wrong with the worst of some scales; empty where all are numbers above 0."""
    if np.all(np.isfinite(scales) & (scales >= _SMALLEST)):
        return ""
    if np.any(np.isnan(scales)):
        return "nan"
    if np.any(np.isinf(scales)):
        return "infinite"
    return "negative" if np.any(scales < 0) else "zero"


def missing_scale(case: Case) -> Iterator[Finding]:
    """int8 weights of a FULLY_CONNECTED without any scale.

    Measured 2026-11-21 (probes "no_scale …"): with float activations both runtimes take the scale for 0 and return the
    bias alone; with int8 activations both refuse.
    """
    words = Words(
        "int8 weights without a scale",
        "A tool dropped the quantization parameters; the stored integers alone mean nothing.",
        "convert again from the float model",
    )
    hits = []
    for op, _ in case.running_forms:
        weights = _weights(op)
        if op.name == "FULLY_CONNECTED" and weights is not None and weights.dtype == "int8":
            if weights.is_constant and weights.quantization == "none":
                hits.append((f"no_scale {_kind(op)}", op.place))
    yield from judged(case, "missing_scale", words, hits)


def zero_point_range(case: Case) -> Iterator[Finding]:
    """A zero point that the dtype cannot hold.

    Measured 2026-11-21 (probes "zero_point_outside …"): LiteRT 2.3 refuses, tflite-runtime 2.14 computes nonsense.
    """
    words = Words(
        "a zero point outside its dtype",
        "Zero points of uint8 were carried over to int8 (128 too many), or a tool wrote the file wrongly.",
        "convert again; from uint8 to int8, subtract 128 from values and zero points",
    )
    hits = []
    for op, _ in case.running_forms:
        if op.name in KEEPING_OPS:
            continue
        for tensor, part in _scaled(op):
            low, high = _LIMITS[tensor.dtype]
            if tensor.num_scales == 1 and tensor.zero_point is not None and not low <= tensor.zero_point <= high:
                probe = f"zero_point_outside {'output' if part == 'output' else 'input'}"
                hits.append((probe, f"{tensor_place(tensor)} of {op.place}"))
    yield from judged(case, "zero_point_range", words, hits)


def quantized_axis(case: Case) -> Iterator[Finding]:
    """Scales a channel along another dimension than the outputs.

    Measured 2026-11-21 (probes "wrong_axis …"): FULLY_CONNECTED and BATCH_MATMUL with float activations are silently
    wrong on both runtimes; int8 FULLY_CONNECTED is wrong on tflite-runtime 2.14, dies on ARM, and is refused by 2.3.
    """
    words = Words(
        "weights with scales along another dimension than their outputs",
        "Kernels take scale i for output i, and do not ask which dimension the file names.",
        "quantize along the output dimension (0 of FULLY_CONNECTED)",
    )
    hits = []
    for op, _ in case.running_forms:
        weights = op.inputs[1] if len(op.inputs) > 1 else None
        if weights is None or weights.quantization != "per_channel" or weights.dtype not in _LIMITS:
            continue
        if op.name == "FULLY_CONNECTED" and weights.quantized_dimension != 0:
            hits.append((f"wrong_axis FULLY_CONNECTED {_kind(op)}", op.place))
        elif op.name == "BATCH_MATMUL" and _kind(op) == "hybrid":
            outputs = len(weights.shape) - (2 if op.options.get("adjY") else 1)
            if weights.quantized_dimension != outputs:
                hits.append(("wrong_axis BATCH_MATMUL hybrid", op.place))
    yield from judged(case, "quantized_axis", words, hits)


def bias_scale(case: Case) -> Iterator[Finding]:
    """A bias whose scale is far from input scale times weight scale.

    Kernels add the stored bias to sums of that scale. Measured 2026-11-21 (probe "bias_scale far"): tflite-runtime 2.14
    refuses beyond 2 % of the output scale (its GetQuantizedConvolutionMultipler); LiteRT 2.3 with XNNPACK takes the
    right scale and ignores the stated one. With a scale a channel nobody looks.
    """
    words = Words(
        "a bias with another scale than input scale times weight scale",
        "A tool requantized the weights and left the bias, or the other way round.",
        "requantize the bias with input scale times weight scale",
    )
    hits = []
    for op, _ in case.running_forms:
        weights, bias = _weights(op), op.inputs[2] if len(op.inputs) > 2 else None
        first = op.inputs[0] if op.inputs else None
        scales = [t.scale if t is not None and t.num_scales == 1 else None for t in (first, weights, bias)]
        output = op.outputs[0].scale if op.outputs else None
        if first is None or first.dtype not in ("int8", "uint8") or None in scales or not output:
            continue
        product, stated = (scales[0] or 0.0) * (scales[1] or 0.0), scales[2] or 0.0
        if math.isfinite(product) and abs(product - stated) / output > _BIAS_LIMIT:
            hits.append(("bias_scale far", op.place))
    yield from judged(case, "bias_scale", words, hits)


def bias_dtype(case: Case) -> Iterator[Finding]:
    """An int64 bias under int8 activations: the kernel reads 32 bits and takes half of each number.

    Measured 2026-11-21 (probe "bias_int64"): silently wrong on both runtimes, x86 and ARM. With int16 activations int64
    is right.
    """
    words = Words(
        "an int64 bias under int8 activations",
        "The kernel reads int32 and does not ask for the dtype.",
        "store the bias as int32",
    )
    hits = []
    for op, _ in case.running_forms:
        bias = op.inputs[2] if op.name == "FULLY_CONNECTED" and len(op.inputs) > 2 else None
        first = op.inputs[0] if op.inputs else None
        if bias is not None and bias.dtype == "int64" and first is not None and first.dtype == "int8":
            hits.append(("bias_int64", op.place))
    yield from judged(case, "bias_dtype", words, hits)


def scale_changed(case: Case) -> Iterator[Finding]:
    """An op that only moves values, between tensors of different scales.

    Measured 2026-11-21, a probe an op ("scale_changed …"): kernels copy the stored integers, so they mean other numbers
    (RESHAPE, GATHER, TILE, MAXIMUM, SELECT_V2, …: wrong on both runtimes), or they refuse (CONCATENATION, PACK, PAD on
    LiteRT, …).
    """
    words = Words(
        "an op that moves values between tensors of different scales",
        "The kernel copies stored integers; only QUANTIZE goes from one scale to another.",
        "give both sides one scale, or put a QUANTIZE between",
    )
    hits = []
    for op, _ in case.running_forms:
        if op.name not in KEEPING_OPS or not op.outputs:
            continue
        made = op.outputs[0]
        moved = [t for t in op.inputs if t is not None and t.dtype == made.dtype and _one_scale(t)]
        if _one_scale(made) and any(_differs(tensor, made) for tensor in (*moved, *op.outputs[1:])):
            hits.append((f"scale_changed {op.name}", op.place))
    yield from judged(case, "scale_changed", words, hits)


def _one_scale(tensor: TensorSummary) -> bool:
    # int8 alone was measured: kernels of TensorFlow 1's uint8 rescale in places (CONCATENATION).
    return tensor.num_scales == 1 and tensor.dtype == "int8"


def _differs(left: TensorSummary, right: TensorSummary) -> bool:
    first, second = left.scale or 0.0, right.scale or 0.0
    return left.zero_point != right.zero_point or abs(first - second) > _SAME * max(abs(first), abs(second))


def fixed_output_scale(case: Case) -> Iterator[Finding]:
    """SOFTMAX, LOGISTIC, TANH, LOG_SOFTMAX or L2_NORMALIZATION with another output scale than the kernel's own.

    Measured 2026-11-21 (probes "fixed_scale …", "fixed_zero_point …"): int8 SOFTMAX must be 1/256 with zero point -128,
    and so on; others are refused when tensors are allocated. LOGISTIC of another scale runs on LiteRT 2.3.
    """
    words = Words(
        "an output scale that the kernel does not allow",
        "The kernel's tables hold one output scale: 1/256 for probabilities.",
        "set the output's scale to the kernel's, and requantize what follows",
    )
    hits = []
    for op, _ in case.running_forms:
        output = op.outputs[0] if op.outputs else None
        fixed = FIXED_OUTPUTS.get(op.name, {}).get(output.dtype) if output is not None else None
        if output is None or fixed is None or output.scale is None or output.zero_point is None:
            continue
        if abs(output.scale / fixed[0] - 1) > _SAME:
            hits.append((f"fixed_scale {op.name} {output.dtype}", op.place))
        elif output.zero_point != fixed[1]:
            hits.append((f"fixed_zero_point {op.name} {output.dtype}", op.place))
    yield from judged(case, "fixed_output_scale", words, hits)


RULES = tuple(
    Rule(check.__name__, check)
    for check in (
        *(weights_zero_point, bad_scale, missing_scale, zero_point_range, quantized_axis),
        *(bias_scale, bias_dtype, scale_changed, fixed_output_scale),
    )
)
