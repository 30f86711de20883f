"""Golden cases as calls: `encode` once, then `decode_step` along the expected answer and not along the file's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tfedge.modelfile.golden import KERAS, GoldenCase
from tfedge.runtime.signatures import Signatures
from tfedge.text.tokenizer import START_ID
from tfedge.validation.cases import Call, Case
from tfedge.validation.real_values import from_real

ENCODE, DECODE_STEP = "encode", "decode_step"
_TOKEN, _POSITION, _SOURCE = "token_ids", "cache_update_index", "source_ids"


def golden_runs(cases: Sequence[GoldenCase], signatures: Signatures) -> tuple[Case, ...]:
    """Returns one case a golden case, in the form that a file with `signatures` takes.

    A file with `encode` and `decode_step` is driven step by step with Keras' answer as its past; any other signature
    that takes `source_ids` alone is called once with it.
    """
    if ENCODE in signatures and DECODE_STEP in signatures:
        return tuple(Case(case.name, _steps(case, signatures)) for case in cases)
    single = [name for name, signature in signatures.items() if list(signature.inputs) == [_SOURCE]]
    return tuple(
        Case(case.name, tuple(Call(name, {_SOURCE: _source(case, signatures, name)}) for name in single))
        for case in cases
        if single
    )


def _steps(case: GoldenCase, signatures: Signatures) -> tuple[Call, ...]:
    encode, step = signatures[ENCODE], signatures[DECODE_STEP]
    calls = [Call(ENCODE, {_SOURCE: _source(case, signatures, ENCODE)})]
    states = {name: (0, name) for name in step.inputs if name in encode.outputs}
    caches = [name for name in step.inputs if name in step.outputs]
    empty = {name: from_real(np.zeros(step.inputs[name].shape), step.inputs[name]) for name in caches}
    tokens = [START_ID, *case.expected_ids[KERAS][:-1]]
    for position, token in enumerate(tokens):
        given = {_TOKEN: np.array([[token]], np.int32), _POSITION: np.array([position], np.int32)}
        before: Mapping[str, tuple[int, str]] = {name: (position, name) for name in caches} if position else {}
        calls.append(Call(DECODE_STEP, given if position else {**given, **empty}, {**states, **before}))
    return tuple(calls)


def _source(case: GoldenCase, signatures: Signatures, name: str) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    source = np.zeros(signatures[name].inputs[_SOURCE].shape, np.int32)
    source[0, : len(case.source_ids)] = case.source_ids
    return source
