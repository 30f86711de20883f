"""Rules on how layers were written: normalizations, GELU, dense layers, indexing with None. They name the way out.

Most are notes: the file computes what its author wrote. What a runtime refuses of it, other rules fail.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfedge.checks.rules.kernels import NO_BIAS_FORM, probe_of
from tfedge.checks.rules.rule import Case, Rule, Words, key, note, risked
from tfedge.checks.rules.score_terms import ScoreTerms
from tfedge.checks.verdict import Finding
from tfedge.modelfile.summary import OpSummary, TensorSummary

_ROOTS = ("RSQRT", "SQRT")
_SQUARES = ("SQUARE", "SQUARED_DIFFERENCE")
_HIGHEST = {"int8": 127, "uint8": 255, "int16": 32767}
# Constants of the error function where a converter writes it out, one of each of its forms: 2 / sqrt(pi) of erfc, and
# the last of numerator and denominator of erf (TensorFlow 2.21, from StableHLO's chlo.erf and chlo.erfc).
_ERROR_FUNCTION = (1.1283791670955126, -1.60960333262415e-02, -1.42647390514189e-02)
_ERF_OPS = ("FlexErf", "FlexErfc")


def _ops(case: Case, *names: str) -> Iterator[OpSummary]:
    return (op for op in case.graph.ops if op.name in names and op.subgraph in case.subject.reachable)


def _made(case: Case, tensor: TensorSummary | None) -> OpSummary | None:
    return case.subject.producers.get(key(tensor)) if tensor is not None else None


def norm_epsilon(case: Case) -> Iterator[Finding]:
    """Normalizations whose epsilon is nothing in the dtype that they compute in, or that have none.

    A note, as it takes a row of nearly equal values to meet it. Measured 2026-11-21 (LayerNormalization of epsilon
    1e-12, TensorFlow 2.21): the converter stores it in float16 as 0, and a row of equal values is NaN on both runtimes;
    in int8 rows whose variance is under half a step come out all alike.
    """
    terms = ScoreTerms(case.subject)
    none, lost = [], []
    for op in _ops(case, *_ROOTS):
        met = _epsilon(case, terms, op)
        if met is None:
            continue
        epsilon, variance, dtype = met
        if variance.num_scales:
            smallest = _lost(op, variance, epsilon)
            if smallest is not None:
                lost.append(f"{op.place}: variances from {smallest:.2g} on, in steps of {variance.scale:.2g}")
        elif epsilon == 0:
            none.append(f"{op.place}: " + (f"epsilon of {dtype} is 0" if dtype else "no epsilon"))
    words = Words(
        "a normalization without an epsilon",
        "The smallest float16 is 6e-8: a smaller epsilon was stored as 0, or the model has none.",
        "train with an epsilon of 1e-6 or more (Keras' own defaults are 1e-3 and 1e-6)",
        "A row of equal values divides 0 by 0: its answer is NaN.",
    )
    yield from note("norm_epsilon", words, none)
    words = Words(
        "a variance quantized in steps that small rows are lost in",
        "One scale holds the variances of all rows, and the epsilon is far under a step of it.",
        "keep normalizations in float (recipe static_wi8_ai8_fc), or bring rows to one size before them",
        "Rows whose variance is under half a step are divided by 0, or by one and the same number.",
    )
    yield from note("norm_epsilon", words, lost)


def _epsilon(case: Case, terms: ScoreTerms, op: OpSummary) -> tuple[float, TensorSummary, str] | None:
    """Returns epsilon, the tensor that the root is taken of, and how epsilon is stored; None of no normalization."""
    total = op.inputs[0] if op.inputs else None
    made = _made(case, total)
    if made is not None and made.name == "DEQUANTIZE":  # Quantized up to here, the root in float.
        total = made.inputs[0]
        made = _made(case, total)
    if made is None or total is None:
        return None
    if made.name in ("ADD", "MAXIMUM") and len(made.inputs) == 2:
        for one, other in (made.inputs, made.inputs[::-1]):
            values = terms.values(one) if one is not None else None
            if values is not None and values.size == 1 and _is_variance(case, terms, other):
                return float(values[0]), total, terms.source(one).dtype if one is not None else ""
        return None
    readers = {reader.name for out in op.outputs for reader in case.subject.readers.get(key(out), ())}
    bounded = "MINIMUM" in readers or op.name == "SQRT"  # What bounds the root from outside is an epsilon too.
    return None if bounded or not _is_variance(case, terms, total) else (0.0, total, "")


def _is_variance(case: Case, terms: ScoreTerms, tensor: TensorSummary | None) -> bool:
    """Whether a tensor is a mean of squares."""
    mean = _made(case, terms.source(tensor)) if tensor is not None else None
    if mean is None or mean.name != "MEAN" or not mean.inputs or mean.inputs[0] is None:
        return False
    squares = _made(case, terms.source(mean.inputs[0]))
    if squares is None:
        return False
    is_product = squares.name == "MUL" and len({key(one) for one in squares.inputs if one is not None}) == 1
    return squares.name in _SQUARES or is_product


def _lost(op: OpSummary, variance: TensorSummary, epsilon: float) -> float | None:
    """Returns the smallest variance that calibration met, where that and epsilon are stored as 0; else None.

    The range of 1 / sqrt(v) tells it: of its largest number v is the inverse square. A root in float tells nothing, and
    takes 1 / 0 as soon as a row is that small.
    """
    half, root = (variance.scale or 0.0) / 2, op.outputs[0] if op.outputs else None
    if op.name != "RSQRT" or root is None or epsilon >= half:
        return None
    if not root.num_scales:
        return 0.0
    largest = (_HIGHEST.get(root.dtype, 0) - (root.zero_point or 0)) * (root.scale or 0.0)
    smallest = 1 / largest**2 if largest > 0 else 0.0
    return smallest if smallest < half else None


def gelu_exact(case: Case) -> Iterator[Finding]:
    """GELU by the error function: an op of TensorFlow, a polynomial of 25 to 65 ops, or a slow kernel.

    A note. Measured 2026-11-21, TensorFlow 2.21: keras.activations.gelu becomes the op GELU, other ways of writing it
    FlexErf; JAX's own becomes a polynomial in 1 / x**2, whose int8 scales reach 1e36: both runtimes die by SIGABRT as
    they load it. In float GELU takes 5.4 ns a value with erf and 1.6 with tanh on tflite-runtime 2.14 (x86); on LiteRT
    2.3 0.3 both.
    """
    cause = "Of the error function only the op GELU is builtin, and the converter knows few ways of writing it."
    fix = "write it as keras.activations.gelu or tf.nn.gelu with approximate=True"
    flex = Words("the error function as an op of TensorFlow", cause, fix, "No plain interpreter runs the file.")
    yield from note("gelu_exact", flex, [op.place for op in _ops(case, *_ERF_OPS) if op.kind == "flex"])
    written = Words(
        "the error function written out as a polynomial",
        cause,
        fix,
        "25 to 65 ops where GELU is one; static int8 of powers of 1 / x**2 killed both runtimes by SIGABRT.",
    )
    terms = ScoreTerms(case.subject)
    places = [op.place for op in _ops(case, "ADD") if _is_of_error_function(case, terms, op)]
    yield from note("gelu_exact", written, places)
    if case.target.name == "tflite-runtime":
        slow = Words(
            "GELU by the error function",
            "The kernel calls erf for each value.",
            fix,
            "In float it takes three times as long as with tanh, about 4 ns a value more (measured, x86).",
        )
        floats = [op for op in _ops(case, "GELU") if op.output_dtypes[:1] == ("float32",)]
        yield from note("gelu_exact", slow, [op.place for op in floats if not op.options.get("approximate")])


def _is_of_error_function(case: Case, terms: ScoreTerms, op: OpSummary) -> bool:
    for one, other in (op.inputs, op.inputs[::-1]) if len(op.inputs) == 2 else ():
        made, values = _made(case, other), terms.values(one) if one is not None else None
        if values is None or values.size != 1 or made is None or made.name != "MUL":
            continue
        if np.any(np.isclose(float(values[0]), _ERROR_FUNCTION, rtol=1e-5, atol=0)):  # float32 has 24 bits.
            return True
    return False


def dense_without_bias(case: Case) -> Iterator[Finding]:
    """FULLY_CONNECTED without a bias in a float file, for a target that dies of it in int8.

    A note: in float it runs. Quantized with a scale a channel, as converters do, it is what `per_channel_no_bias`
    fails: SIGSEGV of tflite-runtime 2.14 on ARM (one row of 8 inputs and 4 outputs or more excepted).
    """
    words = Words(
        "FULLY_CONNECTED without a bias",
        "The layer has use_bias=False, or biases that are all zero, which converters drop.",
        "give the layer a bias and train it, or quantize its weights with one scale",
        f"In float it runs; static int8 with one scale a channel kills {case.target} by a signal.",
    )
    hits = []
    if case.subject.is_float:
        for op in _ops(case, "FULLY_CONNECTED"):
            weights = op.inputs[1] if len(op.inputs) > 1 else None
            is_stored = weights is not None and ScoreTerms(case.subject).source(weights).is_constant
            if is_stored and (len(op.inputs) < 3 or op.inputs[2] is None):
                hits.append((probe_of(op, NO_BIAS_FORM), op.place))
    yield from risked(case, "dense_without_bias", words, hits)


def dense_open_shape(case: Case) -> Iterator[Finding]:
    """A FULLY_CONNECTED whose bias is added by an op of its own, behind a shape that is computed while running.

    A note, measured with TensorFlow 2.21: a Dense layer on three axes with a free batch becomes 11 ops in place of 1.
    """
    words = Words(
        "a dense layer whose bias did not fold in",
        "A size before the last axis was left open, so the converter computes shapes while running.",
        "convert with a fixed batch and length, or reshape to two axes before the layer",
        "11 ops in place of 1, of which delegates take few; in int8 the layer counts as one without a bias.",
    )
    places = []
    for op in _ops(case, "FULLY_CONNECTED"):
        has_bias = len(op.inputs) > 2 and op.inputs[2] is not None
        for reshape in () if has_bias else case.subject.readers.get(key(op.outputs[0]), ()):
            shape = reshape.inputs[1] if reshape.name == "RESHAPE" and len(reshape.inputs) > 1 else None
            if shape is not None and not shape.is_constant and _adds_bias(case, reshape):
                places.append(op.place)
    yield from note("dense_open_shape", words, places)


def _adds_bias(case: Case, reshape: OpSummary) -> bool:
    """Whether a stored vector as long as the last axis is added to what a RESHAPE makes."""
    made = reshape.outputs[0]
    for reader in case.subject.readers.get(key(made), ()):
        biases = [one for one in reader.inputs if one is not None and one.is_constant and one.shape == made.shape[-1:]]
        if reader.name == "ADD" and biases:
            return True
    return False


def none_indexing(case: Case) -> Iterator[Finding]:
    """FlexStridedSlice that gives its tensor an axis more: x[:, None, :] with two sizes open.

    A note beside `flex_op`, which fails the file: it says where the op comes from.
    """
    words = Words(
        "indexing with None, as an op of TensorFlow",
        "x[:, None, :] has no builtin form where two sizes are open; expand_dims has.",
        "use keras.ops.expand_dims, or fix the batch size",
        "No plain interpreter runs the file, because of one mask.",
    )
    places = [
        op.place
        for op in _ops(case, "FlexStridedSlice")
        if op.inputs and op.inputs[0] is not None and op.outputs and len(op.outputs[0].shape) > len(op.inputs[0].shape)
    ]
    yield from note("none_indexing", words, places)


RULES = tuple(
    Rule(check.__name__, check)
    for check in (norm_epsilon, gelu_exact, dense_without_bias, dense_open_shape, none_indexing)
)
