"""Outcomes of cases on the target against outcomes that are right: one finding that names the worst output."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfedge.checks.verdict import Finding
from tfedge.modelfile.graph import GraphSummary
from tfedge.runtime.signatures import Array, Signatures, TensorSpec
from tfedge.validation.cases import Case, Key, Outcome
from tfedge.validation.real_values import held, to_real
from tfedge.validation.tolerance import (
    Difference,
    Tolerance,
    difference,
    kind_of,
    measured_tolerance,
    rounding_tolerance,
    worst_of,
)

GATE = "matches_reference"
_LEAST_USUAL = 3  # Cases of one form, before their mean says what does not depend on the input.
# By whether the right answers are those of the same file.
_FIXES = {
    True: "convert for this runtime, or ship a newer one",
    False: "look at calibration and at mask values (-30, not -1e9); keep the layers that lose most in float",
}
_LIKE, _NEXT_TO_NOTHING = 0.99, 0.01  # Cosine; percent.
_Form = tuple[tuple[int, ...], ...]  # Shapes of an output, one a call.


@dataclasses.dataclass(frozen=True)
class _Usual:
    """What an output is like in most cases.

    Attributes:
        means: its mean over the cases of one form, as real numbers, one array a call.
        size: its Euclidean length, the median over cases.
    """

    means: Mapping[_Form, list[Array]]
    size: float


@dataclasses.dataclass(frozen=True)
class Judged:
    """One output, compared over all cases.

    Attributes:
        key: signature and output.
        tolerance: what is allowed.
        difference: of the case that is farthest off.
        case: its name.
    """

    key: Key
    tolerance: Tolerance
    difference: Difference
    case: str

    @property
    def passes(self) -> bool:
        """Whether a right implementation may be as far away."""
        return self.tolerance.allows(self.difference)

    @property
    def excess(self) -> float:
        """How much of what is allowed was needed; above 1 it is too much."""
        allowed = self.tolerance
        return max(self.difference.relative / allowed.relative, self.difference.steps / allowed.steps)


def compare(
    cases: Sequence[Case],
    actual: Sequence[Outcome],
    expected: Sequence[Outcome],
    signatures: Signatures,
    graph: GraphSummary,
    others: Sequence[Sequence[Outcome]] = (),
    against: str = "LiteRT's reference kernels",
    is_other: bool = False,
) -> Finding:
    """Judges the outputs of `cases`.

    Args:
        cases: in order, with one outcome each in `actual` and `expected`.
        actual: of the target.
        expected: right ones; outputs that it lacks are not compared.
        signatures: of the file.
        graph: of the file.
        others: of other right implementations of the same file, for the tolerance; none: `expected` comes from
            another file, or from the user, and the tolerance is that of rounding.
        against: who gave `expected`, for the message.
        is_other: whether the target is one of these others, so that their difference is its own.
    """
    shapes = _other_shapes(cases, actual, expected)
    if shapes:
        return Finding(
            GATE,
            "fail",
            f"{shapes}, compared with {against}",
            cause="the runtime computes other shapes",
            consequence="a caller reads outside the output, or misses a part of it",
            fix="export with fixed shapes, or use another runtime",
        )
    judged = [
        _judge(key, spec, cases, actual, expected, others, graph)
        for key, spec in _outputs(signatures)
        if any(_arrays(case, outcome, key) for case, outcome in zip(cases, expected, strict=True) if not case.is_empty)
    ]
    if not judged:
        return Finding(GATE, "not_measured", f"expected outputs to compare with {against}; there are none")
    return _finding(judged, len(cases), against, is_other, is_same_file=bool(others))


def farthest(
    cases: Sequence[Case], actual: Sequence[Outcome], expected: Sequence[Outcome], signatures: Signatures
) -> float:
    """Returns how far two runs of a file are apart: the largest relative difference of an output that holds numbers.

    Infinite where they differ in shape.
    """
    if _other_shapes(cases, actual, expected):
        return float("inf")
    found = [0.0]
    for key, spec in _outputs(signatures):
        if kind_of(spec) != "ids":
            usual = _usual(key, spec, cases, expected)
            found += [each.relative for _, each in _differences(key, spec, cases, actual, expected, usual)]
    return max(found)


def _judge(
    key: Key,
    spec: TensorSpec,
    cases: Sequence[Case],
    actual: Sequence[Outcome],
    expected: Sequence[Outcome],
    others: Sequence[Sequence[Outcome]],
    graph: GraphSummary,
) -> Judged:
    usual = _usual(key, spec, cases, expected)
    tolerance = rounding_tolerance(spec, graph)
    if others:
        found = [each for other in others for _, each in _differences(key, spec, cases, other, expected, usual)]
        measured = worst_of(found)
        tolerance = measured_tolerance(spec, measured, graph)
    judged = [
        Judged(key, tolerance, each, case.name)
        for case, each in _differences(key, spec, cases, actual, expected, usual)
    ]
    return max(judged, key=lambda one: one.excess)


def _differences(
    key: Key,
    spec: TensorSpec,
    cases: Sequence[Case],
    actual: Sequence[Outcome],
    expected: Sequence[Outcome],
    usual: _Usual,
) -> Iterator[tuple[Case, Difference]]:
    for case, got, want in zip(cases, actual, expected, strict=True):
        wanted = _arrays(case, want, key)
        if wanted and not case.is_empty:
            mean = None if case.is_extreme else usual.means.get(_form(wanted))
            yield case, difference(_arrays(case, got, key), wanted, spec, mean, usual.size)


def _usual(key: Key, spec: TensorSpec, cases: Sequence[Case], expected: Sequence[Outcome]) -> _Usual:
    """Returns what an output is like in the usual cases that have a finite answer."""
    groups: dict[_Form, list[list[Array]]] = {}
    for case, outcome in zip(cases, expected, strict=True):
        arrays = _arrays(case, outcome, key)
        is_usual = not case.is_extreme and not case.is_empty
        if arrays and is_usual and all(np.isfinite(array).all() for array in arrays):
            groups.setdefault(_form(arrays), []).append([held(to_real(array, spec)) for array in arrays])
    means = {
        form: [np.mean(step, axis=0) for step in zip(*members, strict=True)]
        for form, members in groups.items()
        if len(members) >= _LEAST_USUAL
    }
    sizes = [
        float(np.sqrt(sum(np.sum(array**2) for array in arrays))) for members in groups.values() for arrays in members
    ]
    return _Usual(means, float(np.median(sizes)) if sizes else 0.0)


def _form(arrays: Sequence[Array]) -> _Form:
    return tuple(array.shape for array in arrays)


def _outputs(signatures: Signatures) -> Iterator[tuple[Key, TensorSpec]]:
    for name, signature in signatures.items():
        for output, spec in signature.outputs.items():
            yield (name, output), spec


def _arrays(case: Case, outcome: Outcome, key: Key) -> list[Array]:
    """Returns an output of each call of its signature in a case."""
    signature, output = key
    calls = zip(case.calls, outcome, strict=True)
    return [outputs[output] for call, outputs in calls if call.signature == signature and output in outputs]


def _other_shapes(cases: Sequence[Case], actual: Sequence[Outcome], expected: Sequence[Outcome]) -> str:
    """Names the first output whose shape is not the expected one; empty where all agree."""
    for case, got, want in zip(cases, actual, expected, strict=True):
        for call, one, other in zip(case.calls, got, want, strict=True):
            for name, array in other.items():
                if name not in one or one[name].shape != array.shape:
                    shape = f"shape {one[name].shape}" if name in one else "not there"
                    return (
                        f"output {name!r} of {call.signature!r} is {shape}, expected {array.shape} (case {case.name})"
                    )
    return ""


def _finding(judged: Sequence[Judged], num_cases: int, against: str, is_other: bool, is_same_file: bool) -> Finding:
    worst = max(judged, key=lambda one: one.excess)
    wrong = [one for one in judged if not one.passes]
    figure, limit = _numbers(worst)
    cases = f"{num_cases} {'case' if num_cases == 1 else 'cases'}"
    if not wrong:
        message = f"{cases} agree with {against}; farthest: {describe(worst)}"
        return Finding(GATE, "pass", message, measured=figure, limit=limit)
    message = f"{describe(worst)}, compared with {against}; {len(wrong)} of {len(judged)} outputs differ in {cases}"
    unknown = all(not one.tolerance.is_known for one in wrong)
    if unknown and not (is_other and any(kind_is_numeric(one) for one in wrong)):
        return Finding(
            GATE,
            "not_measured",
            message,
            cause="right implementations differ as much on this file: a small rounding decides its answer",
            fix="give real inputs with --inputs, and outputs to compare with: --reference, or expected_NAME",
            measured=figure,
            limit=limit,
        )
    return Finding(
        GATE,
        "fail",
        message,
        cause=_cause(worst, is_same_file),
        consequence="the app gets wrong answers and no error",
        fix=_FIXES[is_same_file],
        measured=figure,
        limit=limit,
    )


def kind_is_numeric(one: Judged) -> bool:
    """Whether an output holds numbers and not ids, of which a rounding may change all that follow."""
    return one.tolerance.kind != "ids"


def _cause(worst: Judged, is_same_file: bool) -> str:
    if not is_same_file:
        return "conversion or quantization changed what the model computes, or a kernel of this runtime does"
    if worst.tolerance.kind == "ids" or worst.difference.cosine > 0.5:
        return "a kernel of this runtime computes something else than the file says"
    return "the answer has next to nothing in common with the right one: a kernel reads this file's weights otherwise"


def _numbers(worst: Judged) -> tuple[float, float]:
    """Returns the figure that decided and its limit: steps where they are the larger excess, else the ratio."""
    allowed, found = worst.tolerance, worst.difference
    if allowed.kind == "quantized" and found.steps / allowed.steps >= found.relative / allowed.relative:
        return found.steps, allowed.steps
    return found.relative, allowed.relative


def describe(worst: Judged) -> str:
    """Returns an output and how far it is off, in words."""
    signature, output = worst.key
    where = f"{output!r} of {signature!r}" if signature else repr(output)
    figure, limit = _numbers(worst)
    allowed, found = worst.tolerance, worst.difference
    if allowed.kind == "ids":
        how = f"{figure:.0%} of its values differ, at most {limit:.0%}"
    elif allowed.kind == "quantized" and figure == found.steps:
        how = f"{figure:.0f} quantization steps off, at most {limit:.0f}"
    else:
        how = f"{percent_words(figure)} off, at most {percent_words(limit)}"
        how += "" if worst.passes or found.cosine > _LIKE else f" (cosine {found.cosine:.2f})"
    return (
        f"{where} is {how}, in case {worst.case}" if allowed.kind != "ids" else f"{where}: {how}, in case {worst.case}"
    )


def percent_words(ratio: float) -> str:
    """Returns a ratio with two digits that count: "5.2 %", "98 %"; what is next to nothing is called that."""
    percent = 100 * ratio
    if percent < _NEXT_TO_NOTHING:
        return f"under {_NEXT_TO_NOTHING:g} %" if percent else "0 %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"
