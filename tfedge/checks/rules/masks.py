"""Rules on attention masks in files of any dtype: too large, added twice, or multiplied where they must be added."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tfedge.checks.rules.rule import Case, Rule, Words, key, note
from tfedge.checks.rules.score_terms import PASSING, ScoreTerms
from tfedge.checks.verdict import Finding
from tfedge.modelfile.summary import OpSummary, TensorSummary

# 255 steps of int8 over 100 are 0.4 each: a score is off by up to 0.2, its weight by a fifth; exp(-30) is 1e-13.
_MAX_MASK = 100.0
_LARGEST = {"float32": float(np.finfo(np.float32).max), "float16": float(np.finfo(np.float16).max)}
_SUMS = ("SUM", "DIV", "MEAN", "L2_NORMALIZATION")  # What brings weights to a sum of 1 again.
_FARTHEST = 8  # Ops between SOFTMAX and what its weights are multiplied by.


def _softmaxes(case: Case) -> Iterator[tuple[OpSummary, TensorSummary]]:
    for op in case.graph.ops:
        source = op.inputs[0] if op.name == "SOFTMAX" and op.inputs else None
        if source is not None and op.subgraph in case.subject.reachable:
            yield op, source


def mask_magnitude(case: Case) -> Iterator[Finding]:
    """Scores of a float file that a mask beyond -100 is added to: no harm in float, the end of it in int8.

    A note on files that nothing is quantized in; of quantized ones the range tells (`mask_range`). Measured: word error
    rate 100 % with -1e9, +1.0 points with -30 (half-trained G2P Transformer, 2026-11).
    """
    words = Words(
        "attention scores masked by a large number",
        "int8 spreads 256 steps over the whole range of a tensor, and the mask is most of it.",
        "mask by -30 in the model before it is quantized to int8 scores, or keep scores and SOFTMAX in float",
        "In float32 it does no harm; static int8 of this file computes with scores that are all one number.",
    )
    places = []
    if case.subject.is_float:
        terms = ScoreTerms(case.subject)
        for op, source in _softmaxes(case):
            largest = max(terms.masks(source), default=0.0)
            if largest > _MAX_MASK:
                places.append(f"{op.place}: -{largest:.4g}")
    yield from note("mask_magnitude", words, places)


def mask_doubled(case: Case) -> Iterator[Finding]:
    """Scores that get two masks or more added: a position that all forbid takes their sum.

    A note where it matters: the scores are quantized, or may still be, or the sum is beyond the largest number, and a
    row that is masked whole is NaN on LiteRT 2.3 (measured 2026-11-21, -3e38 twice; tflite-runtime 2.14 is uniform).
    """
    words = Words(
        "attention scores with several masks added up",
        "A position that two masks forbid takes their sum, which sets the range of int8 scores.",
        "combine the masks as booleans (and) and add one bias made of the result",
        "int8 scores get twice as coarse as one mask needs; where the sum is -inf, a row masked whole may be NaN.",
    )
    places = []
    terms = ScoreTerms(case.subject)
    for op, source in _softmaxes(case):
        masks = terms.masks(source)
        limit = _LARGEST.get(source.dtype, math.inf)
        overflows = sum(masks) > limit and max(masks) <= limit
        if len(masks) > 1 and (case.subject.is_float or source.num_scales or overflows):
            told = f", together -{sum(masks):.4g}" if sum(masks) else ""
            more = f", which is -inf in {source.dtype}" if overflows else ""
            places.append(f"{op.place}: {len(masks)} masks{told}{more}")
    yield from note("mask_doubled", words, places)


def mask_multiplied(case: Case) -> Iterator[Finding]:
    """Scores, or the weights that SOFTMAX makes of them, multiplied by a mask of 0 and 1, and no mask added.

    A note: the file computes what the model says, on every runtime. A score of 0 has the weight of exp(0); weights that
    are multiplied after SOFTMAX do not add up to 1, unless they are divided by their sum.
    """
    words = Words(
        "a mask multiplied where it must be added",
        "SOFTMAX gives a score of 0 the weight of exp(0), not 0; weights multiplied after it do not add up to 1.",
        "add a bias of 0 and -30 to the scores before SOFTMAX, and multiply nothing",
        "Padding is attended to, or weakens what is not padding: the answer to a text depends on how far it is padded.",
    )
    places = []
    terms = ScoreTerms(case.subject)
    for op, source in _softmaxes(case):
        if terms.masks(source):
            continue
        before, after = terms.multiplied(source), _multiplied_after(case, terms, op)
        if before is not None:
            places.append(f"{before.place}: scores, before {op.place}")
        if after is not None:
            places.append(f"{after.place}: weights, after {op.place}")
    yield from note("mask_multiplied", words, places)


def _multiplied_after(case: Case, terms: ScoreTerms, softmax: OpSummary) -> OpSummary | None:
    """Returns the MUL of a SOFTMAX's weights with flags that goes into a product as it is."""
    for op in _readers(case, softmax):
        if op.name != "MUL" or not terms.flags_beside(op, lambda one: not terms.is_flags(one)):
            continue
        names = {reader.name for reader in _readers(case, op)}
        if names & {"BATCH_MATMUL", "FULLY_CONNECTED"} and not names & set(_SUMS):
            return op
    return None


def _readers(case: Case, op: OpSummary) -> Iterator[OpSummary]:
    """Yields the ops that read what an op makes, those behind ops that only hand it on included."""
    waiting = list(op.outputs)
    for _ in range(_FARTHEST):
        here, waiting = waiting, []
        for tensor in here:
            for reader in case.subject.readers.get(key(tensor), ()):
                yield reader
                if reader.name in PASSING and reader.inputs[0] is not None and key(reader.inputs[0]) == key(tensor):
                    waiting += reader.outputs


RULES = tuple(Rule(check.__name__, check) for check in (mask_magnitude, mask_doubled, mask_multiplied))
