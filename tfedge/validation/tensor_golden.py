"""Golden cases of tensors on a runtime: does this file answer as Keras did, as nearly as it did when it was made?"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tfedge.checks.verdict import Finding
from tfedge.errors import WorkerError
from tfedge.modelfile.graph import GraphSummary
from tfedge.modelfile.tensor_cases import TensorCase, TensorGolden
from tfedge.runtime.client import Worker
from tfedge.runtime.signatures import Array, Signatures, TensorSpec
from tfedge.validation.cases import Call, Case, Outcome, run_case
from tfedge.validation.comparison import percent_words
from tfedge.validation.real_values import from_real, is_quantized, to_real
from tfedge.validation.tolerance import Difference, Tolerance, difference, kind_of, measured_tolerance

GATE = "golden_cases"
# A coarse file was far from Keras when it was made, which its recipe's quality gate has judged. On another runtime it
# is a few steps farther (0.51 and 0.53 measured on two), and half as much again is more. But an answer that is wrong by
# as much as answers differ from each other says nothing of its input.
_OTHER_RUNTIME, _NO_ANSWER = 1.5, 1.0
_LEAST_USUAL = 3  # Cases, before their mean says what does not depend on the input.


@dataclasses.dataclass(frozen=True)
class _Found:
    """One output of one case.

    Attributes:
        key: "signature/output".
        case: its name.
        difference: from Keras' answer.
        tolerance: what is allowed.
    """

    key: str
    case: str
    difference: Difference
    tolerance: Tolerance

    @property
    def excess(self) -> float:
        """How much of what is allowed was needed; above 1 it is too much."""
        return self.difference.relative / self.tolerance.relative


def real_cases(golden: Sequence[TensorCase], signatures: Signatures) -> tuple[Case, ...]:
    """Returns golden cases as calls of a file, in the form in which it takes its inputs.

    Raises:
        WorkerError: (bad_request) the file has other signatures or inputs than its pack says.
    """
    cases = []
    for case in golden:
        known = signatures.get(case.signature)
        if known is None or set(known.inputs) != set(case.inputs):
            got = ", ".join(known.inputs) if known else "no such signature"
            raise WorkerError(
                f"expected signature {case.signature!r} with inputs {', '.join(case.inputs)}; got {got}; "
                "convert it again",
                kind="bad_request",
            )
        inputs = {key: _taken(array, known.inputs[key]) for key, array in case.inputs.items()}
        cases.append(Case(case.name, (Call(case.signature, inputs),)))
    return tuple(cases)


def run_golden(worker: Worker, golden: TensorGolden) -> tuple[Outcome, ...]:
    """Runs golden cases on the loaded file; returns the outputs of each.

    Raises:
        CallFailedError: a call was refused, crashed or hung.
        WorkerError: the file does not fit its pack.
    """
    return tuple(run_case(worker, case) for case in real_cases(golden.cases, worker.describe()))


def distances(cases: Sequence[TensorCase], outcomes: Sequence[Outcome], signatures: Signatures) -> dict[str, float]:
    """Returns "signature/output" -> the largest relative difference from Keras' answers, 0 or more.

    Raises:
        WorkerError: (bad_request) an output is missing or has another shape than Keras'.
    """
    worst: dict[str, float] = {}
    for case, key, found in _differences(cases, outcomes, signatures):
        place = f"{case.signature}/{key}"
        worst[place] = max(worst.get(place, 0.0), found.relative)
    return worst


def check_tensor_golden(
    golden: TensorGolden, outcomes: Sequence[Outcome], signatures: Signatures, graph: GraphSummary
) -> Finding:
    """Compares a file's outputs with Keras' answers; the limit follows from how far it was when it was made.

    Args:
        golden: cases with answers.
        outcomes: of the file on the target, one a case.
        signatures: of the file.
        graph: of the file: one without integers may differ by the order of its sums alone.
    """
    try:
        found = [
            _judged(golden, case, key, each, signatures, graph)
            for case, key, each in _differences(golden.cases, outcomes, signatures)
        ]
    except WorkerError as error:
        return Finding(GATE, "fail", str(error), fix="convert it again")
    worst = max(found, key=lambda one: one.excess)
    wrong = {one.case for one in found if one.excess > 1}
    measured, limit = worst.difference.relative, worst.tolerance.relative
    message = (
        f"{len(golden.cases) - len(wrong)} of {len(golden.cases)} cases answer as Keras does; farthest: {worst.key!r} "
        f"is {percent_words(measured)} off, at most {percent_words(limit)}, in case {worst.case}"
    )
    if not wrong:
        return Finding(GATE, "pass", message, measured=measured, limit=limit)
    return Finding(
        GATE,
        "fail",
        message + f" (cosine {worst.difference.cosine:.2f})",
        cause=f"when it was made it was {percent_words(golden.distances[worst.key])} off on LiteRT",
        consequence="the app gets other answers than the Keras model gives",
        fix="try another recipe or runtime; tfedge inspect --compare names the layer",
        measured=measured,
        limit=limit,
    )


def _judged(
    golden: TensorGolden, case: TensorCase, key: str, found: Difference, signatures: Signatures, graph: GraphSummary
) -> _Found:
    place = f"{case.signature}/{key}"
    spec = _plain(signatures[case.signature].outputs[key])
    recorded = golden.distances[place]
    tolerance = measured_tolerance(spec, Difference(recorded), graph)
    limit = max(tolerance.relative, min(_OTHER_RUNTIME * recorded, _NO_ANSWER))
    return _Found(place, case.name, found, dataclasses.replace(tolerance, relative=limit))


def _differences(
    cases: Sequence[TensorCase], outcomes: Sequence[Outcome], signatures: Signatures
) -> list[tuple[TensorCase, str, Difference]]:
    by_signature: dict[str, list[TensorCase]] = {}
    for case in cases:
        by_signature.setdefault(case.signature, []).append(case)
    usual = {name: _usual(of_one) for name, of_one in by_signature.items()}
    found = []
    for case, outcome in zip(cases, outcomes, strict=True):
        for key, want in case.expected.items():
            spec = signatures[case.signature].outputs.get(key)
            got = outcome[0].get(key)
            if spec is None or got is None or got.shape != want.shape:
                shape = "nothing" if got is None else f"shape {got.shape}"
                raise WorkerError(
                    f"expected output {key!r} of {case.signature!r} with shape {want.shape}; got {shape}",
                    kind="bad_request",
                )
            mean, typical = usual[case.signature][key]
            real = to_real(got, spec) if is_quantized(spec) else got
            found.append((case, key, difference([real], [want], _plain(spec), mean, typical)))
    return found


def _usual(cases: Sequence[TensorCase]) -> Mapping[str, tuple[list[Array] | None, float]]:
    """Returns of each output its mean over cases (None of too few), and its usual Euclidean length."""
    found: dict[str, tuple[list[Array] | None, float]] = {}
    for key in cases[0].expected:
        rows: Array = np.stack([case.expected[key] for case in cases]).astype(np.float64)
        mean = [rows.mean(axis=0)] if len(cases) >= _LEAST_USUAL else None
        lengths = np.linalg.norm(rows.reshape(len(rows), -1), axis=1)
        found[key] = (mean, float(np.median(lengths)))
    return found


def _taken(array: Array, spec: TensorSpec) -> Array:
    return from_real(array, spec) if is_quantized(spec) and array.dtype.kind == "f" else array


def _plain(spec: TensorSpec) -> TensorSpec:
    """Returns the form of an output's real numbers."""
    if kind_of(spec) != "quantized":
        return spec
    return dataclasses.replace(spec, dtype="float64", scales=(), zero_points=())
