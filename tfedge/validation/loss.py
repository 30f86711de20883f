"""What a file loses against the float Keras model, in points of whatever its task is scored by."""

from __future__ import annotations

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True)
class Loss:
    """A paired difference.

    Attributes:
        points: above 0 the file is worse.
        low: lower end of its paired 95 % interval, points.
        high: its upper end.
        count: examples of both.
        unit: what one of them is called: "word".
        metric: of which points are lost: "WER".
        mcnemar_p: exact two-sided p of "both err equally often"; None where errors are not counted.
        is_share: whether the metric is a share of right answers, which one example alone moves by 100 / count points.
    """

    points: float
    low: float
    high: float
    count: int
    unit: str
    metric: str
    mcnemar_p: float | None = None
    is_share: bool = True


class Scored(Protocol):
    """An accuracy, of whatever kind."""

    @property
    def loss(self) -> Loss | None:
        """Against the reference's answers; None where there were none."""
