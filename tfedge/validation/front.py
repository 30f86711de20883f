"""The Pareto front over accuracy, latency and size, with margins below which two files count as equal.

Without margins every file is on the front: noise makes each the best at something. With them "no worse" is not
transitive, so files are taken best first and compared with those already kept: what dominates is always on the front.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from tfedge.errors import ConfigError, one_of

ACCURACY, LATENCY, SIZE = "accuracy", "latency", "size"
AXES = (ACCURACY, LATENCY, SIZE)
# One interleaved run is sure of 5 % (`latency.TOLERANCE`).
LATENCY_MARGIN = 0.05
# Two converters write the same weights with tables that differ by less.
SIZE_MARGIN = 0.01

# What follows where the preferred axis does not tell: a phone's user waits before a phone's memory fills.
_ORDERS = {
    LATENCY: (LATENCY, SIZE, ACCURACY),
    SIZE: (SIZE, LATENCY, ACCURACY),
    ACCURACY: (ACCURACY, LATENCY, SIZE),
}


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a file costs on one target; less is better.

    Attributes:
        name: of the recipe.
        lost: how much worse than the float reference answers, in points of word error rate or in a metric of
            tensors, from any zero; None: not measured.
        margin: what `lost` is sure to, such as half of its paired 95 % interval.
        latency_ms: of one decode; None: not measured.
        size_bytes: of the model part.
    """

    name: str
    lost: float | None
    margin: float
    latency_ms: float | None
    size_bytes: int

    def __post_init__(self) -> None:
        numbers = [value for value in (self.lost, self.margin, self.latency_ms) if value is not None]
        if not all(math.isfinite(value) for value in numbers) or self.margin < 0:
            raise ConfigError(f"a cost must be of finite numbers, its margin not below 0; got {self}")
        if (self.latency_ms is not None and self.latency_ms <= 0) or self.size_bytes < 1:
            raise ConfigError(f"latency and size must be above 0; got {self.latency_ms} ms, {self.size_bytes} bytes")


def standing(first: Cost, second: Cost) -> dict[str, int]:
    """Returns -1 for each axis on which `first` is better beyond the margin, 1 where it is worse, 0 where equal.

    An axis that was not measured for one of the two is 0: it speaks for neither.
    """
    points = 0.0
    if first.lost is not None and second.lost is not None:
        # The narrower interval: a wide one must not make its file as good as any other.
        margin = min(first.margin, second.margin)
        points = _beyond(first.lost - second.lost, margin)
    latency = 0.0
    if first.latency_ms is not None and second.latency_ms is not None:
        latency = _beyond(math.log(first.latency_ms / second.latency_ms), math.log1p(LATENCY_MARGIN))
    size = _beyond(math.log(first.size_bytes / second.size_bytes), math.log1p(SIZE_MARGIN))
    return {ACCURACY: int(points), LATENCY: int(latency), SIZE: int(size)}


def dominates(first: Cost, second: Cost) -> bool:
    """Whether `first` is no worse on every axis and better on one, beyond the margins."""
    signs = standing(first, second).values()
    return max(signs) <= 0 and min(signs) < 0


def rank(costs: Sequence[Cost], prefer: str = LATENCY) -> list[Cost]:
    """Returns `costs` best first: by the preferred axis, then by the others where margins hide the difference.

    Raises:
        ConfigError: `prefer` is no axis.
    """
    if prefer not in _ORDERS:
        raise one_of("`prefer`", prefer, AXES)
    left, ranked = list(costs), []
    while left:
        best = _best(left, _ORDERS[prefer])
        left.remove(best)
        ranked.append(best)
    return ranked


def front(costs: Sequence[Cost], prefer: str = LATENCY) -> tuple[list[Cost], Mapping[str, Cost]]:
    """Returns the front, best first, and for each file that is not on it the best one of the front that dominates it.

    Args:
        costs: with names of their own.
        prefer: the axis that decides which is best.
    """
    kept: list[Cost] = []
    dominated: dict[str, Cost] = {}
    for cost in rank(costs, prefer):
        by = next((other for other in kept if dominates(other, cost)), None)
        if by is None:
            kept.append(cost)
        else:
            dominated[cost.name] = by
    return kept, dominated


def _best(costs: Sequence[Cost], order: Sequence[str]) -> Cost:
    pool = list(costs)
    for axis in order:
        value = _VALUES[axis]
        measured = [cost for cost in pool if value(cost) is not None]
        if measured:  # What was not measured is not chosen before what was.
            least = min(measured, key=lambda cost: (value(cost), cost.name))  # noqa: B023 - used at once
            pool = [cost for cost in measured if standing(cost, least)[axis] <= 0]
    # All that are left are equal within the margins: the plain numbers decide, and the name where they are equal too.
    return min(pool, key=lambda cost: (*(_VALUES[axis](cost) or 0.0 for axis in order), cost.name))


_VALUES: Mapping[str, Callable[[Cost], float | None]] = {
    ACCURACY: lambda cost: cost.lost,
    LATENCY: lambda cost: cost.latency_ms,
    SIZE: lambda cost: cost.size_bytes,
}


def _beyond(difference: float, margin: float) -> int:
    """Returns the sign of a difference that is larger than its margin, else 0."""
    if abs(difference) <= margin + 1e-12:  # 1e-12: rounding of the logarithms, a millionth of a millionth.
        return 0
    return -1 if difference < 0 else 1
