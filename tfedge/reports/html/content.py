"""What a page shows of a model's answers, whatever the task: counts of classes, cases, weights of attention."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.validation.alignment import Pair
from tfedge.validation.cross_attention import CrossAttention
from tfedge.validation.real_values import Reals

Counts = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class ClassCounts:
    """How often what is right was answered by what.

    Attributes:
        noun: what a class is, in the singular: "phone", "class".
        truths: names of the rows.
        answers: names of the columns; those that are classes in the order of `truths`, others behind them.
        counts: int64 (len(truths), len(answers)).
        caption: over what they were counted, and how.
    """

    noun: str
    truths: tuple[str, ...]
    answers: tuple[str, ...]
    counts: Counts
    caption: str


@dataclasses.dataclass(frozen=True, eq=False)
class TextCase:
    """One text with its answer.

    Attributes:
        text: as a user types it.
        references: right answers as texts.
        pairs: right and answered tokens, aligned with the closest right answer.
        attention: over its symbols; None where it was not computed.
    """

    text: str
    references: tuple[str, ...]
    pairs: tuple[Pair, ...]
    attention: CrossAttention | None = None

    @property
    def is_right(self) -> bool:
        """Whether the answer is one of the right ones."""
        return all(right == answer for right, answer in self.pairs)


@dataclasses.dataclass(frozen=True, eq=False)
class ArrayCase:
    """One input of numbers with its answer.

    Attributes:
        name: which one it is.
        values: (height, width, channels) of an image, (time, channels) of a signal, without batch.
        truth: name of the right class; empty where nobody knows it.
        answers: name and probability of the likeliest classes, the best first; of an anomaly its score.
        weights: float64, a weight for each place that attention pooling looks at, mean over heads; sums to 1. Of an
            image (rows, columns), of a signal (places in time,). None where they were not computed.
    """

    name: str
    values: npt.NDArray[Any]
    truth: str
    answers: tuple[tuple[str, float], ...]
    weights: Reals | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """Anomaly scores of examples whose kind is known.

    Attributes:
        values: float64 (N,).
        labels: int64 (N,): 1 of an anomaly.
        threshold: from which on something counts as one; None where none was chosen.
    """

    values: Reals
    labels: npt.NDArray[np.int64]
    threshold: float | None


@dataclasses.dataclass(frozen=True, eq=False)
class Content:
    """What the answers of a model are, as far as they are known.

    Attributes:
        runtime: that answered; empty where the file was not run.
        classes: right against answered, over all examples.
        wrong: cases whose answer is wrong.
        right: cases whose answer is right, or is judged by nobody.
        wrong_caption: which of the wrong cases these are, of how many.
        right_title: what the right cases are shown for.
        right_caption: what is shown of them: of attention what the weights are and where they come from.
        scores: of an anomaly detector.
        missing: what is left out and why, a sentence each.
    """

    runtime: str = ""
    classes: ClassCounts | None = None
    wrong: tuple[TextCase | ArrayCase, ...] = ()
    right: tuple[TextCase | ArrayCase, ...] = ()
    wrong_caption: str = ""
    right_title: str = "Where it looks"
    right_caption: str = ""
    scores: Scores | None = None
    missing: tuple[str, ...] = ()
