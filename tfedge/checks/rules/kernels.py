"""Rules on the form of an op: dtypes and scales that a kernel refuses, misreads or dies of.

Every answer is measured: a probe is a file with one op of the same form and a right answer in NumPy
(`tfedge.checks.probes`), run on each release and architecture; the answers are in `measured_runtimes.json`. A form
that a target runs rightly, or that was never asked of any, is passed over. The functions below share what they look
for (`_family`) and differ in what they say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tfedge.checks.rules.rule import Case, Rule, Words, judged, risked
from tfedge.checks.verdict import Finding
from tfedge.modelfile.summary import OpSummary, TensorSummary
from tfedge.runtime.targets import ANDROID

_LOW_BIT = ("int4", "int2", "uint4")
NO_BIAS_FORM = "FULLY_CONNECTED qint8,qint8~->qint8"
_SHORT_FLOATS = ("float16", "bfloat16")
_WIDE = ("float64", "int64", "uint64", "uint32", "complex64", "complex128")
_NEED_BIAS = ("CONV_2D", "DEPTHWISE_CONV_2D")
# tflite-runtime 2.14 on ARM multiplies one row with a kernel of its own, which minds a missing bias and takes 4 outputs
# and 8 inputs or more (measured: 1 to 7 outputs by 1 to 31 inputs; probes "one_row…").
_ROW_KERNEL_OUTPUTS, _ROW_KERNEL_INPUTS = 4, 8
# Its kernel for 4-bit weights reads a scale a channel, and takes 4 outputs or more and an even number of inputs from 32
# on (measured: 1 to 48 outputs by 2 to 64 inputs, x86 and ARM; probes "four_bit_kernel…"); the rest goes through the
# 8-bit kernel.
_FOUR_BIT_OUTPUTS, _FOUR_BIT_INPUTS = 4, 32


def _quantized(tensor: TensorSummary | None, dtype: str) -> bool:
    return tensor is not None and tensor.dtype == dtype and tensor.quantization != "none"


def _has_bias(op: OpSummary) -> bool:
    return len(op.inputs) > 2 and op.inputs[2] is not None


def _family(op: OpSummary) -> str:
    """Returns the rule that speaks for an op whose form a runtime fails: the most telling thing about it."""
    tensors = [tensor for tensor in (*op.inputs, *op.outputs) if tensor is not None]
    dtypes = {tensor.dtype for tensor in tensors}
    kinds = {tensor.quantization for tensor in op.inputs if tensor is not None}
    if "blockwise" in kinds:
        return "blockwise_weights"
    if dtypes & set(_LOW_BIT):
        return "low_bit_weights"
    if op.name in _NEED_BIAS and not _has_bias(op):
        return "missing_bias"
    if op.name == "FULLY_CONNECTED" and "per_channel" in kinds and _quantized(op.inputs[0], "int8"):
        return "per_channel_no_bias"
    if op.name == "BATCH_MATMUL" and "float32" in dtypes and "int8" in dtypes:
        return "hybrid_batch_matmul"
    if op.name == "DEPTHWISE_CONV_2D" and "float32" in dtypes and "int8" in dtypes and "per_channel" not in kinds:
        return "hybrid_depthwise"
    if "per_channel" in kinds:
        return "per_channel_weights"
    for family, of_family in (
        ("int16_kernels", ("int16",)),
        ("float16_compute", _SHORT_FLOATS),
        ("uint8_kernels", ("uint8",)),
        ("wide_dtypes", _WIDE),
    ):
        if dtypes & set(of_family):
            return family
    return "kernel_dtypes"


def probe_of(op: OpSummary, form: str) -> str:
    """Returns the probe that stands for an op, by its form; by its shape too where a kernel is chosen by that."""
    x, weights = (*op.inputs[:2], None, None)[:2]
    if op.name != "FULLY_CONNECTED" or x is None or weights is None or len(weights.shape) != 2:
        return f"kernel {form}"
    outputs, inputs = weights.shape
    if form == NO_BIAS_FORM and _rows(x) <= 1:
        narrow, shallow = outputs < _ROW_KERNEL_OUTPUTS, inputs < _ROW_KERNEL_INPUTS
        return f"one_row{'_narrow' if narrow else '_shallow' if shallow else ''} FULLY_CONNECTED"
    if form.startswith("FULLY_CONNECTED float32,qint4~") and x.dtype == "float32":
        if takes_four_bit_kernel(weights):
            return "four_bit_kernel FULLY_CONNECTED"
    return f"kernel {form}"


def takes_four_bit_kernel(weights: TensorSummary) -> bool:
    """Whether 4-bit weights (outputs, inputs) of a float FULLY_CONNECTED have a kernel of their own in 2.14."""
    outputs, inputs = weights.shape[-2:]
    return weights.dtype == "int4" and outputs >= _FOUR_BIT_OUTPUTS and inputs >= _FOUR_BIT_INPUTS and inputs % 2 == 0


def _rows(tensor: TensorSummary) -> int:
    """Returns how many rows a product has; 0 where a caller decides it."""
    if tensor.has_dynamic_shape:
        return 0
    return math.prod(tensor.shape[:-1])


def _hits(case: Case, rule: str) -> list[tuple[str, str]]:
    return [(probe_of(op, form), op.place) for op, form in case.running_forms if _family(op) == rule]


def _spoken(case: Case, rule: str, what: str, cause: str, fix: str, consequence: str = "") -> Iterator[Finding]:
    yield from judged(case, rule, Words(what, cause, fix, consequence), _hits(case, rule))


def per_channel_weights(case: Case) -> Iterator[Finding]:
    """int8 weights with one scale a channel where a kernel reads one for all: silently wrong.

    Measured 2026-11-21: FULLY_CONNECTED, BATCH_MATMUL and EMBEDDING_LOOKUP with float activations on tflite-runtime
    2.14 take the first scale for every row (cosine 0.0 to 0.05), whatever version the op states; ai-edge-litert 2.3 is
    right. Android's TFLite 2.16.1 is right for FULLY_CONNECTED on x86_64 and wrong on arm64-v8a, with XNNPACK, which
    leaves such products to it, as without: its kernel for ARM multiplies by no scale at all (answers are 1 / scale too
    large), and an emulator on a PC hides that. litert-quantizer 0.11 writes such files under FULLY_CONNECTED version 5,
    which every runtime accepts.
    """
    does = "reads the first scale and applies it to every channel"
    if case.target.name == ANDROID:
        does = "does not apply each channel's own scale"
    return _spoken(
        case,
        "per_channel_weights",
        "int8 weights with one scale a channel, in a kernel that this target has only for one scale",
        f"The kernel {does}; the op's version does not say otherwise.",
        "quantize these weights per tensor (tfedge check --fix does), or use a runtime that reads all scales",
    )


def hybrid_batch_matmul(case: Case) -> Iterator[Finding]:
    """BATCH_MATMUL of float activations with stored int8 weights: tflite-runtime 2.14 reads one scale of many.

    Measured 2026-11-21 (probe "kernel BATCH_MATMUL float32,qint8~->float32"): wrong on 2.14, right on LiteRT 2.3; with
    one scale right on both.
    """
    return _spoken(
        case,
        "hybrid_batch_matmul",
        "BATCH_MATMUL of float activations with int8 weights",
        "The hybrid kernel of this target reads the first scale of the weights and applies it to every channel.",
        "quantize these weights per tensor, or make the product a FULLY_CONNECTED (Dense, EinsumDense with 2-D kernel)",
    )


def per_channel_no_bias(case: Case) -> Iterator[Finding]:
    """int8 FULLY_CONNECTED with a scale a channel and no bias: SIGSEGV of tflite-runtime 2.14 on ARM; x86 runs it.

    The NEON path passes a null bias to the requantization loop (cpu_backend_gemm_gemmlowp.h). Measured 2026-11-21 on
    emulated Cortex-A72: one row with 4 or more outputs and 8 or more inputs takes another kernel and is right; every
    other shape dies. Keras writes it for use_bias=False, for biases that are all zero, and for a free batch.
    """
    cause = "The kernel for several rows reads the bias without asking whether there is one."
    fix = "add a bias of zeros (tfedge check --fix does), fix the batch so that the bias folds in, or use one scale"
    what = "int8 FULLY_CONNECTED with one scale a channel and without a bias"
    yield from _spoken(case, "per_channel_no_bias", what, cause, fix)
    free = [
        (f"kernel {form}", op.place)
        for op, form in case.running_forms
        if form == NO_BIAS_FORM and op.inputs[0] is not None and _rows(op.inputs[0]) == 0
    ]
    later = f"{case.target} dies by a signal as soon as a caller gives two rows or more; one row is right."
    yield from risked(case, "per_channel_no_bias", Words(f"{what}, free batch", cause, fix, later), free)


def hybrid_depthwise(case: Case) -> Iterator[Finding]:
    """DEPTHWISE_CONV_2D of float activations with int8 weights of one scale: wrong on every runtime measured.

    The hybrid kernel reads a scale for each channel and does not look how many there are: past the first it reads
    memory that belongs to something else. Measured 2026-11-21 on both runtimes, x86 and ARM; right per channel.
    """
    return _spoken(
        case,
        "hybrid_depthwise",
        "DEPTHWISE_CONV_2D of float activations with int8 weights of one scale",
        "The hybrid kernel takes as many scales as there are channels, and the file has one.",
        "quantize these weights per channel, or keep them in float32",
    )


def missing_bias(case: Case) -> Iterator[Finding]:
    """CONV_2D and DEPTHWISE_CONV_2D without a bias: refused, and SIGSEGV.

    Measured 2026-11-21 on both runtimes, x86 and ARM, float and quantized: CONV_2D "has_bias was not true",
    DEPTHWISE_CONV_2D dies. Converters always write one; tools that edit a file may take it out.
    """
    return _spoken(
        case,
        "missing_bias",
        "a convolution without a bias",
        "The kernels of convolutions read a bias without asking whether there is one.",
        "add a bias of zeros, as converters do",
    )


def low_bit_weights(case: Case) -> Iterator[Finding]:
    """Weights of 4 or 2 bits in a kernel that reads them as 8, refuses them, or does not know the type.

    Measured 2026-11-21: tflite-runtime 2.14 computes nonsense from int4 CONV_2D and from small per-channel
    FULLY_CONNECTED (under 4 outputs or 32 inputs) with float activations, refuses EMBEDDING_LOOKUP and DEQUANTIZE of
    int4, and knows no int2; it is right for one scale in FULLY_CONNECTED. LiteRT 2.3 is right for FULLY_CONNECTED,
    CONV_2D and look-ups.
    """
    return _spoken(
        case,
        "low_bit_weights",
        "weights of 4 or 2 bits, in a kernel that this target has only for 8",
        "Packed weights came late to most kernels; older ones read two weights as one, or refuse the type.",
        "use int8 weights for this target (recipe dynamic_wi8_afp32), or a newer runtime",
    )


def blockwise_weights(case: Case) -> Iterator[Finding]:
    """Weights with a scale a block of 32 or more: known to LiteRT 2 alone.

    Measured 2026-11-21: tflite-runtime 2.14 computes zeros or dies (probes "blockwise int4", "blockwise int8"); LiteRT
    2.3 is right for int4 in FULLY_CONNECTED and refuses int8.
    """
    words = Words(
        "weights with one scale a block",
        "Older runtimes do not know this part of the format and take the weights for unquantized.",
        "quantize with one scale a tensor or a channel for this target",
    )
    hits = []
    for op, _ in case.running_forms:
        for tensor in op.inputs:
            if tensor is not None and tensor.quantization == "blockwise":
                hits.append((f"blockwise {tensor.dtype}", op.place))
    yield from judged(case, "blockwise_weights", words, hits)


def int16_kernels(case: Case) -> Iterator[Finding]:
    """int16 activations in a kernel without int16: refused when the op first runs.

    Measured 2026-11-21, a probe an op: RSQRT, TILE, BATCH_MATMUL with int8 weights, GELU, NOT_EQUAL, QUANTIZE from
    int8 and more on tflite-runtime 2.14; SQUARED_DIFFERENCE, ELU, HARD_SWISH and more on both. A file of 16 by 8 bits
    with LayerNormalization runs on neither.
    """
    return _spoken(
        case,
        "int16_kernels",
        "int16 activations in ops that this target computes in other dtypes only",
        "16 by 8 bit quantization covers few kernels, and which they are differs by release.",
        "keep these ops in float32 (selective quantization), or use int8 activations",
    )


def float16_compute(case: Case) -> Iterator[Finding]:
    """Ops that compute in float16 or bfloat16: most kernels take float32 only.

    Measured 2026-11-21, a probe an op: tflite-runtime 2.14 refuses nearly all, LiteRT 2.3 has many. Weights stored in
    float16 behind a DEQUANTIZE run everywhere and are not met by this rule.
    """
    return _spoken(
        case,
        "float16_compute",
        "ops in float16, which this target computes in float32 only",
        "The file computes in half precision, not only stores its weights so.",
        "convert from float32 with recipe float16_weights: stored in float16, computed in float32",
    )


def uint8_kernels(case: Case) -> Iterator[Finding]:
    """uint8, the quantization of TensorFlow 1, in kernels that dropped or never had it.

    Measured 2026-11-21, a probe an op: GELU, ELU, RSQRT, SQUARED_DIFFERENCE, BATCH_MATMUL and more are refused, weights
    of uint8 under float activations are read as int8 and wrong; ADD, MUL, FULLY_CONNECTED and CONV_2D run.
    """
    return _spoken(
        case,
        "uint8_kernels",
        "uint8 in ops that this target computes in other dtypes only",
        "uint8 is the quantization of TensorFlow 1; later kernels have int8 only.",
        "convert again with int8, from the float model",
    )


def wide_dtypes(case: Case) -> Iterator[Finding]:
    """64-bit numbers in kernels of 32 bits.

    Measured 2026-11-21, a probe an op: float64 is refused by nearly all; int64 by ABS, ARG_MAX, SPLIT (2.14),
    POW, FLOOR_DIV and more. GATHER, CAST, ADD, MUL and comparisons take int64.
    """
    return _spoken(
        case,
        "wide_dtypes",
        "64-bit numbers in ops that this target computes in 32 bits only",
        "The model computes in NumPy's or TensorFlow's default width.",
        "use int32 and float32 in the model (ids, positions, constants)",
    )


def kernel_dtypes(case: Case) -> Iterator[Finding]:
    """Any other form that was measured to fail: int8 DIV, SQRT and LOG on tflite-runtime 2.14, bool in PACK, …

    Measured 2026-11-21, a probe a form of op.
    """
    return _spoken(
        case,
        "kernel_dtypes",
        "ops in dtypes that this target's kernels do not compute",
        "The kernel of this release has no code for these dtypes, or code that ignores their scales.",
        "keep these ops in float32 (selective quantization), or use a runtime that computes them",
    )


RULES = tuple(
    Rule(check.__name__, check)
    for check in (
        *(per_channel_weights, hybrid_batch_matmul, per_channel_no_bias, hybrid_depthwise, missing_bias),
        *(low_bit_weights, blockwise_weights, int16_kernels, float16_compute, uint8_kernels, wide_dtypes),
        kernel_dtypes,
    )
)
