"""What LiteRT's three sets of kernels answer to the same cases, and which of them is the reference.

The reference kernels come first: bit for bit the same on x86 and ARM. But they are not always right either: int8 DIV
and SUM of LiteRT 2.3 are off there, and refuse inputs that the others take. Where they stand alone against two that
agree, the two are believed.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Mapping, Sequence

from tfedge.errors import WorkerError
from tfedge.runtime.client import Worker
from tfedge.runtime.signatures import Signatures
from tfedge.validation.cases import CallFailedError, Case, Outcome, run_case, words_of
from tfedge.validation.comparison import farthest
from tfedge.validation.lane import Lane
from tfedge.validation.last_op import FATAL
from tfedge.validation.tolerance import CAP

REFERENCE, WITHOUT_DELEGATES, DEFAULT = "reference", "without_default_delegates", "default"
KERNELS = (REFERENCE, WITHOUT_DELEGATES, DEFAULT)
WORDS = {
    REFERENCE: "LiteRT's reference kernels",
    WITHOUT_DELEGATES: "LiteRT's kernels without delegates",
    DEFAULT: "LiteRT",
}
# Half of what may at most be allowed: two that are farther apart do not agree.
AGREE = CAP / 2
# Reference kernels are slow: a picture network takes seconds a case. Three cases are the least that tell something.
BUDGET_SECONDS, LEAST_CASES = 20.0, 3


@dataclasses.dataclass(frozen=True)
class Opinion:
    """What one set of kernels answers.

    Attributes:
        kernels: one of `KERNELS`.
        outcomes: by the name of the case; those that were refused or left out for lack of time are not there.
        refused: why, of the first case that was refused, or of the whole file; empty where nothing was.
        is_fatal: whether the interpreter died, hung or ran out of memory.
    """

    kernels: str
    outcomes: Mapping[str, Outcome]
    refused: str = ""
    is_fatal: bool = False

    def of(self, cases: Sequence[Case]) -> tuple[Outcome, ...] | None:
        """Returns an outcome for each of `cases`; None where one is missing."""
        if not all(case.name in self.outcomes for case in cases):
            return None
        return tuple(self.outcomes[case.name] for case in cases)


def ask(lane: Lane, path: str | os.PathLike[str], cases: Sequence[Case], kernels: str) -> Opinion:
    """Runs cases on one set of LiteRT's kernels.

    Raises:
        RuntimeUnavailableError: LiteRT does not start.
    """
    try:
        worker = lane.load(path, kernels)
        kept, outcomes, refused = run_cases(worker, cases, BUDGET_SECONDS)
    except WorkerError as error:
        return Opinion(kernels, {}, words_of(error), error.kind in FATAL)
    except CallFailedError as failed:
        return Opinion(kernels, {}, words_of(failed.error), failed.error.kind in FATAL)
    return Opinion(kernels, {case.name: outcome for case, outcome in zip(kept, outcomes, strict=True)}, refused)


def believed(opinions: Sequence[Opinion], cases: Sequence[Case], signatures: Signatures) -> Opinion | None:
    """Returns the opinion to compare with; None where no two sets of kernels ran the same cases.

    Args:
        opinions: in the order of `KERNELS`, the more trusted first.
        cases: that were asked.
        signatures: of the file.
    """
    most = max((len(opinion.outcomes) for opinion in opinions), default=0)
    full = [opinion for opinion in opinions if opinion.outcomes and len(opinion.outcomes) == most]
    if len(full) < 2:
        return None
    first, *rest = full
    asked = [case for case in cases if case.name in first.outcomes]
    if len(rest) < 2 or min(_distance(first, other, asked, signatures) for other in rest) <= AGREE:
        return first
    return rest[0] if _distance(rest[0], rest[1], asked, signatures) <= AGREE else first


def _distance(one: Opinion, other: Opinion, cases: Sequence[Case], signatures: Signatures) -> float:
    first, second = one.of(cases), other.of(cases)
    if first is None or second is None:
        return float("inf")
    return farthest(cases, second, first, signatures)


def run_cases(
    worker: Worker, cases: Sequence[Case], budget_s: float
) -> tuple[tuple[Case, ...], tuple[Outcome, ...], str]:
    """Runs cases until `budget_s` seconds are over, but `LEAST_CASES` at least.

    Returns:
        The cases that ran, an outcome each, and why others were refused ("" where none was).

    Raises:
        CallFailedError: the interpreter died, hung or ran out of memory.
    """
    kept: list[Case] = []
    outcomes: list[Outcome] = []
    refused = ""
    ends = time.monotonic() + budget_s
    for case in cases:
        if time.monotonic() > ends and len(kept) >= LEAST_CASES:
            break
        try:
            outcomes.append(run_case(worker, case))
            kept.append(case)
        except CallFailedError as failed:
            if failed.error.kind != "refused":
                raise
            refused = refused or words_of(failed.error)
    return tuple(kept), tuple(outcomes), refused
