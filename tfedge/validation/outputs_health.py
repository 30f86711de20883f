"""Health of outputs: answers that no right model gives, whatever the expected ones are.

Gates: `outputs_finite` (NaN, infinity), `outputs_not_zero`, `outputs_vary` (the same whatever the input),
`inputs_heard` (an input that changes nothing), `decoder_listens` (the same of what feeds a decoder). Each looks at the
target's outputs; what the reference kernels do too is the file's own doing and called that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfedge.checks.verdict import Finding
from tfedge.runtime.signatures import Array, Signatures, TensorSpec
from tfedge.validation.cases import Case, Key, Outcome
from tfedge.validation.real_values import held, is_quantized, to_real
from tfedge.validation.tolerance import LARGEST_RATIO, kind_of

_LEAST_CASES = 3  # Two random inputs may well fall into one class.
_OWN = "; the reference kernels say the same, so it is the file itself"
_NAN_FIX = "mask with a finite number (-30), never -inf, and divide by max(count, 1); then convert again"


@dataclasses.dataclass(frozen=True)
class Outputs:
    """What a file gave for some cases, on a target and, where it is known, on the reference kernels.

    Attributes:
        signatures: of the file.
        cases: in order.
        actual: of the target, one outcome a case.
        expected: of the reference; None where there is none.
        unread: outputs that no input reaches in the graph: constants by construction.
        is_real: whether the inputs are a user's, and not made up.
    """

    signatures: Signatures
    cases: Sequence[Case]
    actual: Sequence[Outcome]
    expected: Sequence[Outcome] | None = None
    unread: frozenset[Key] = frozenset()
    is_real: bool = False

    def keys(self) -> Iterator[tuple[Key, TensorSpec]]:
        """Yields every output that some case gave."""
        called = {call.signature for case in self.cases for call in case.calls}
        for name in called & set(self.signatures):
            for output, spec in self.signatures[name].outputs.items():
                yield (name, output), spec

    def by_case(self, key: Key, outcomes: Sequence[Outcome], extreme: bool = False) -> list[tuple[str, list[Array]]]:
        """Returns (case, the output of each call) for the cases that are extreme, or for those that are not."""
        found = []
        for case, outcome in zip(self.cases, outcomes, strict=True):
            arrays = [
                outputs[key[1]] for call, outputs in zip(case.calls, outcome, strict=True) if call.signature == key[0]
            ]
            if arrays and case.is_extreme == extreme:
                found.append((case.name, arrays))
        return found


def check_values(outputs: Outputs) -> tuple[Finding, ...]:
    """Judges the numbers themselves: finite, not all zero, not the same whatever the input."""
    return (_finite(outputs), *_zero_and_constant(outputs))


def _finite(outputs: Outputs) -> Finding:
    bad: list[str] = []
    counts: dict[str, int] = {}
    minus, large, own = [], [], True
    for key, spec in outputs.keys():
        if kind_of(spec) != "float":
            continue
        for name, arrays in outputs.by_case(key, outputs.actual):
            joined = np.concatenate([np.ravel(array) for array in arrays])
            what = "NaN" if np.isnan(joined).any() else "infinity" if np.isposinf(joined).any() else ""
            if what:
                bad.append(f"{what} in {_named(key)} (case {name})")
                counts[name] = 1
                own = own and _is_finite_too(outputs, key, name) is False
            elif np.isneginf(joined).any():
                minus.append(f"-infinity in {_named(key)} (case {name})")
        for name, arrays in outputs.by_case(key, outputs.actual, extreme=True):
            if not all(np.isfinite(array).all() for array in arrays):
                large.append(f"{_named(key)} (case {name})")
    if bad:
        only_padding = all("padd" in name for name in counts)
        return Finding(
            "outputs_finite",
            "fail",
            f"{bad[0]}; in {len(counts)} of {len(outputs.cases)} cases" + (_OWN if own else ""),
            cause="0/0 or a softmax over nothing, where all is padding"
            if only_padding
            else "an overflow or 0/0 inside",
            consequence="the app shows nonsense, or compares with NaN, which is never true",
            fix=_NAN_FIX,
            measured=float(len(counts)),
            limit=0.0,
        )
    if large or minus:
        told = f"finite for usual inputs; not for {large[0]}" if large else f"{minus[0]}, which a logarithm of 0 gives"
        consequence = (
            "features that are not normalized overflow" if large else "arithmetic on it (a mean, a product) gives NaN"
        )
        return Finding("outputs_finite", "pass", told, consequence=consequence)
    return Finding("outputs_finite", "pass", f"every number is finite in {len(outputs.cases)} cases")


def _is_finite_too(outputs: Outputs, key: Key, case: str) -> bool | None:
    """Whether the reference's numbers are finite in that case; None where there is no reference."""
    if outputs.expected is None:
        return None
    arrays = dict(outputs.by_case(key, outputs.expected)).get(case, [])
    return all(np.isfinite(array).all() for array in arrays)


def _zero_and_constant(outputs: Outputs) -> Iterator[Finding]:
    zero: list[tuple[str, bool]] = []
    constant: list[tuple[str, bool]] = []
    notes: list[str] = []
    judged = 0
    for key, spec in outputs.keys():
        found = outputs.by_case(key, outputs.actual)
        if not _is_constant(found):
            judged += len(found) >= _LEAST_CASES
            continue
        judged += 1
        own = outputs.expected is not None and _is_constant(outputs.by_case(key, outputs.expected))
        is_zero = not any(to_real(array, spec).any() for _, arrays in found for array in arrays)
        if key in outputs.unread or (own and not outputs.is_real and _may_saturate(spec, found)):
            notes.append(_named(key))
        else:
            (zero if is_zero else constant).append((_named(key), own))
    if not judged:
        return
    yield _same("outputs_not_zero", zero, "all zero", [] if constant else notes)
    yield _same("outputs_vary", constant, "the same whatever the input", notes)


def _same(gate: str, found: list[tuple[str, bool]], what: str, notes: list[str]) -> Finding:
    if found:
        own = all(is_own for _, is_own in found)
        names = ", ".join(name for name, _ in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        return Finding(
            gate,
            "fail",
            f"{names} {'is' if len(found) == 1 else 'are'} {what}" + (_OWN if own else ""),
            cause="a dead layer, or a scale that rounds everything to one value"
            if own
            else "a kernel of this runtime does not compute what the file says",
            consequence="the app gives one answer to everything",
            fix="look at the weights and scales of the layers before it, layer by layer"
            if own
            else "convert for this runtime, or ship a newer one",
            measured=float(len(found)),
            limit=0.0,
        )
    if notes and gate == "outputs_vary":
        return Finding(
            gate,
            "pass",
            f"{', '.join(notes[:3])}: the same in every made-up case",
            consequence="either constant on purpose, or saturated: with --inputs it is judged on yours",
        )
    return Finding(gate, "pass", f"no output is {what}")


def _is_constant(found: Sequence[tuple[str, list[Array]]]) -> bool:
    """Whether an output is the same in all cases of its commonest form, of which there are enough to tell."""
    forms: dict[tuple[tuple[int, ...], ...], list[list[Array]]] = {}
    for _, arrays in found:
        forms.setdefault(tuple(array.shape for array in arrays), []).append(arrays)
    largest = max(forms.values(), key=len, default=[])
    if len(largest) < _LEAST_CASES or not largest[0][0].size:
        return False
    return all(
        np.array_equal(one, other) for arrays in largest[1:] for one, other in zip(largest[0], arrays, strict=True)
    )


def _may_saturate(spec: TensorSpec, found: Sequence[tuple[str, list[Array]]]) -> bool:
    """Whether a right model may give one value for all made-up inputs: a class, a count, a saturated probability."""
    return kind_of(spec) != "float" or is_quantized(spec) or found[0][1][0].size == 1


def _named(key: Key) -> str:
    return f"{key[1]!r} of {key[0]!r}" if key[0] else repr(key[1])


def real_change(
    outputs: Outputs, one: Outcome, other: Outcome, case: Case, signature: str
) -> tuple[float, Mapping[str, float]]:
    """Returns how much two outcomes of a case differ: the largest relative change, and that of each output.

    Only calls of `signature` count, and of its outputs those that are no state: a cache holds what was put into it,
    whether or not it is ever read. 0 means that nothing changed at all.
    """
    changes: dict[str, float] = {}
    known = outputs.signatures[signature]
    answers = {name: spec for name, spec in known.outputs.items() if name not in known.inputs}
    for name, spec in (answers or known.outputs).items():
        pairs = [
            (held(to_real(first[name], spec)), held(to_real(second[name], spec)))
            for call, first, second in zip(case.calls, one, other, strict=True)
            if call.signature == signature and name in first and name in second
            if first[name].shape == second[name].shape
        ]
        gap = sum(float(np.sum((first - second) ** 2)) for first, second in pairs)
        size = sum(float(np.sum(first**2)) for first, _ in pairs)
        changes[name] = min((gap / size) ** 0.5, LARGEST_RATIO) if size else float(gap > 0)
    return max(changes.values(), default=0.0), changes
