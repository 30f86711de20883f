"""Rules on what numbers become: masks that eat the int8 range, NaN in weights, probabilities too small to store."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfedge.checks.rules.rule import Case, Rule, Words, found, key, note, tensor_place
from tfedge.checks.verdict import Finding
from tfedge.modelfile.summary import OpSummary, TensorSummary

_PRODUCTS = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "BATCH_MATMUL", "TRANSPOSE_CONV")
_SPREADING = (*_PRODUCTS, "ADD", "SUB", "MUL", "DIV")  # One NaN in an input is a NaN in an output.
_MASKING = ("ADD", "SUB", "SELECT", "SELECT_V2", "MUL", "MINIMUM", "MAXIMUM")
_PASSING = ("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "QUANTIZE", "SLICE", "STRIDED_SLICE")
_LONGEST_WAY = 8  # Ops between a mask and its SOFTMAX; a graph from outside may lead in a circle.
_FLOATS = ("float32", "float16", "float64")
_LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
# A step of the logits, natural logarithm: rounding moves a logit by half a step, so attention weights by a factor of
# exp(0.5 * step): 1.65 at 1, 1.13 at 0.25.
_STEP_FAILS, _STEP_NOTED = 1.0, 0.25
# Share of a range above 0 under which the range belongs to a mask and not to scores.
_MASK_SHARE = 0.1
_SOFTMAX_STEPS = 256  # The fixed output scale of int8 SOFTMAX is 1/256.


def _softmaxes(case: Case) -> Iterator[tuple[OpSummary, TensorSummary]]:
    for op in case.graph.ops:
        source = op.inputs[0] if op.name == "SOFTMAX" and op.inputs else None
        if source is not None and source.dtype in _LIMITS and source.num_scales == 1:
            yield op, source


def _is_masked(case: Case, source: TensorSummary) -> bool:
    """Whether logits come from an op that a mask is put on with, and not from a product, as a classifier's do."""
    for _ in range(_LONGEST_WAY):
        made = case.subject.producers.get(key(source))
        if made is None or made.name in _MASKING:
            return made is not None
        if made.name not in _PASSING or not made.inputs or made.inputs[0] is None:
            return False
        source = made.inputs[0]
    return False


def _step(op: OpSummary, source: TensorSummary) -> float:
    """Returns the step of a SOFTMAX's logits where its range is a mask's, far more below 0 than above; else 0."""
    low, high = (limit - (source.zero_point or 0) for limit in _LIMITS[source.dtype])
    beta = op.options.get("beta", 1.0)
    step = (source.scale or 0.0) * (float(beta) if isinstance(beta, int | float) else 1.0)
    return step if high <= _MASK_SHARE * -low else 0.0


def mask_range(case: Case) -> Iterator[Finding]:
    """Quantized attention scores whose range is a mask's: the scores themselves fall on one step.

    A mask of -1e9 (or -inf) that is added to scores of -5 to 5 takes the whole int8 range. Measured: word error rate
    100 % with -1e9, +1.0 points with -30 (half-trained G2P Transformer, 2026-11); every runtime computes the same. A
    step of the logits of 1.0 or more fails, 0.25 to 1.0 is a note.
    """
    wide = [
        (op.place, step)
        for op, source in _softmaxes(case)
        if (step := _step(op, source)) >= _STEP_NOTED and _is_masked(case, source)
    ]
    for places, fails in (
        ([f"{place}: a step of {step:.3g}" for place, step in wide if step >= _STEP_FAILS], True),
        ([f"{place}: a step of {step:.3g}" for place, step in wide if step < _STEP_FAILS], False),
    ):
        words = Words(
            "attention scores quantized over the range of a mask",
            "The mask's constant is part of the tensor that is quantized, and decides its scale.",
            "use a mask of -30 or so in the model before quantizing (masked weights of exp(-30) are 0 in int8 anyway)",
            "The scores that are not masked round to a few values: attention is uniform or random, on every runtime.",
        )
        yield from found("mask_range", words, places) if fails else note("mask_range", words, places)


def softmax_keys(case: Case) -> Iterator[Finding]:
    """int8 SOFTMAX over more than 256 places: weights under 1/512 are stored as 0.

    Published: the output scale is fixed at 1/256 (activations.cc). A note: the loss depends on the data.
    """
    words = Words(
        f"int8 SOFTMAX over more than {_SOFTMAX_STEPS} places",
        "Probabilities are stored in steps of 1/256.",
        "keep SOFTMAX in float32 (selective quantization), or shorten the source",
        "Attention that is spread over a long source vanishes: all its weights round to 0.",
    )
    places = [
        f"{op.place}: {source.shape[-1]} places"
        for op, source in _softmaxes(case)
        if source.dtype != "int16" and source.shape and source.shape[-1] > _SOFTMAX_STEPS
    ]
    yield from note("softmax_keys", words, places)


def non_finite_weights(case: Case) -> Iterator[Finding]:
    """NaN or infinity in stored weights: every answer that they enter is NaN.

    NaN fails in products and arithmetic, infinity in products; -inf in a mask that is added is usual and passes.
    Measured 2026-11-21 on both runtimes, and the same on every one: it is IEEE arithmetic.
    """
    words = Words(
        "weights that are NaN or infinite",
        "Training diverged, or a float16 conversion overflowed (65504 is its largest number).",
        "find the layer's weights in the checkpoint; take an earlier one, or train on with a lower learning rate",
        "Every output that these weights enter is NaN.",
    )
    places = []
    for tensor in case.graph.weights:
        if tensor.dtype not in _FLOATS:
            continue
        readers = set(_reading_ops(case, tensor))
        what = _non_finite(case, tensor, infinity=bool(readers & set(_PRODUCTS)))
        if what and readers & set(_SPREADING):
            places.append(f"{tensor_place(tensor)}: {what}")
    yield from found("non_finite_weights", words, places)


def _reading_ops(case: Case, tensor: TensorSummary) -> Iterator[str]:
    """Yields the ops that read a stored tensor, those behind a DEQUANTIZE included (weights stored in float16)."""
    for op in case.subject.buffer_readers.get(tensor.buffer, ()):
        yield op.name
        if op.name in ("DEQUANTIZE", "CAST"):
            for made in op.outputs:
                yield from (reader.name for reader in case.subject.readers.get(key(made), ()))


def _non_finite(case: Case, tensor: TensorSummary, infinity: bool) -> str:
    """Returns "NaN" or "infinity" where the first of them is met; empty where there is none that matters."""
    for piece in case.subject.stored.pieces(tensor):
        if np.isfinite(piece).all():
            continue
        if np.isnan(piece).any():
            return "NaN"
        if infinity:
            return "infinity"
    return ""


def zero_weights(case: Case) -> Iterator[Finding]:
    """Weights of a product that are all zero: the layer says nothing.

    A note: an untrained or pruned layer is legal, and runs. But a file from which weights were lost looks the same.
    """
    words = Words(
        "weights that are all zero",
        "The layer was not trained, was pruned whole, or its weights were not loaded before conversion.",
        "compare with the checkpoint",
        "The layer's output does not depend on its input.",
    )
    places = []
    for tensor in case.graph.weights:
        readers = case.subject.buffer_readers.get(tensor.buffer, ())
        if any(op.name in _PRODUCTS and _is_weight(op, tensor) for op in readers) and _all_zero(case, tensor):
            places.append(tensor_place(tensor))
    yield from note("zero_weights", words, places)


def _is_weight(op: OpSummary, tensor: TensorSummary) -> bool:
    weights = op.inputs[1] if len(op.inputs) > 1 else None
    return weights is not None and weights.buffer == tensor.buffer


def _all_zero(case: Case, tensor: TensorSummary) -> bool:
    pieces = case.subject.stored.pieces(tensor)
    seen = False
    for piece in pieces:  # Of trained weights the first piece ends it.
        seen = True
        if np.any(piece != (tensor.zero_point or 0)):
            return False
    return seen


RULES = tuple(Rule(check.__name__, check) for check in (mask_range, softmax_keys, non_finite_weights, zero_weights))
