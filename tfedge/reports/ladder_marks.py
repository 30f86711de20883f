"""What both kinds of a ladder's quality give to its table and its picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tfedge.validation.task_accuracy import TaskAccuracy
from tfedge.validation.tensor_accuracy import TensorAccuracy

Accuracy = TaskAccuracy | TensorAccuracy


@dataclasses.dataclass(frozen=True)
class QualityColumn:
    """A column: its heading and the text of a cell."""

    title: str
    cell: Callable[[Accuracy], str]


@dataclasses.dataclass(frozen=True)
class Mark:
    """Where a file stands on the axis of quality of the picture; None: no interval."""

    value: float
    low: float | None
    high: float | None
