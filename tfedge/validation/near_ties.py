"""Is a token that two devices write differently a near tie, which rounding decides, or a wrong one?"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tfedge.modelfile.pack import Pack
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.case_trace import FIRST_LOGITS, Numbers
from tfedge.validation.stage_tolerance import StageTolerance
from tfedge.validation.stage_tracing import stages_not_shown, step_logits

# Both logits of a tie move. One of them was measured to move 4.2 times as far as the logits do on average (600 words,
# two runtimes, static int8), and on average they move a third of what is allowed: 2 * 4.2 / 3, rounded up.
_OUTLIER = 3.0


@dataclasses.dataclass(frozen=True)
class Fork:
    """Two answers that part ways.

    Attributes:
        case: name.
        source_ids: of the text, with the stop token.
        prefix: tokens that both wrote.
        expected, actual: the two next tokens.
    """

    case: str
    source_ids: tuple[int, ...]
    prefix: tuple[int, ...]
    expected: int
    actual: int


@dataclasses.dataclass(frozen=True)
class Tie:
    """What the logits say: how far the two candidates are apart, and how far right devices may move them."""

    gap: float
    limit: float

    @property
    def is_near(self) -> bool:
        """Whether rounding explains that two devices chose differently."""
        return self.gap <= self.limit

    def __str__(self) -> str:
        return f"the two are {self.gap:.3g} apart in logits, rounding moves up to {self.limit:.3g}"


def tie_of(logits: Numbers, expected: int, actual: int, tolerance: StageTolerance) -> Tie:
    """Judges by the logits of the step at which two devices chose `expected` and `actual`."""
    values = logits.reals.reshape(-1)
    limit = _OUTLIER * tolerance.relative * float(np.std(values))
    if not 0 <= max(expected, actual) < len(values):
        return Tie(float("inf"), limit)
    return Tie(abs(float(values[expected] - values[actual])), limit)


def ties_of(
    pack: Pack, runtime: str | Environment, forks: Sequence[Fork], tolerance: StageTolerance
) -> Mapping[str, Tie]:
    """Asks the file itself for the logits at each fork; by name of the case, empty where it cannot show them.

    Raises:
        WorkerError: the runtime refused, crashed or hung.
    """
    spec = TaskSpec.from_json(dict(pack.task))
    found = {}
    with Worker(runtime) as worker:
        worker.load(pack.path)
        if FIRST_LOGITS in stages_not_shown(worker.describe()):
            return {}
        for fork in forks:
            source = np.zeros(spec.max_source_length, np.int32)
            ids = fork.source_ids[: spec.max_source_length]
            source[: len(ids)] = ids
            logits = step_logits(worker, source, fork.prefix)
            found[fork.case] = tie_of(logits, fork.expected, fork.actual, tolerance)
    return found
