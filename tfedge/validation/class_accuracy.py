"""Accuracy of a classifier: the share of right answers with its interval, alone and against the float Keras model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tfedge.config import from_keys
from tfedge.errors import ConfigError, InputError
from tfedge.modelfile.tensor_cases import array_from_json, array_to_json, rounded
from tfedge.validation import intervals
from tfedge.validation.loss import Loss

Array = npt.NDArray[Any]
Labels = npt.NDArray[np.int64]
# As many as a person looks at.
MAX_ERRORS = 24


@dataclasses.dataclass(frozen=True, eq=False)
class ClassError:
    """An example that the file gets wrong.

    Attributes:
        index: its place among those scored.
        input: what the model was given, without the batch.
        label: the right class.
        answer: the class it said.
        probability: that it gave to its answer.
    """

    index: int
    input: Array
    label: int
    answer: int
    probability: float

    def to_json(self) -> dict[str, Any]:
        """Returns the error as JSON values."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**fields, "input": array_to_json(self.input)}

    @classmethod
    def from_json(cls, value: Any) -> ClassError:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        read = from_keys(cls, value, "errors")
        return dataclasses.replace(read, input=array_from_json(read.input))


@dataclasses.dataclass(frozen=True)
class ClassAccuracy:
    """Accuracy of a file, and what it loses against Keras where Keras' answers are known.

    Attributes:
        num_examples: scored.
        accuracy: percent of right answers.
        accuracy_low: lower end of its 95 % bootstrap interval, percent; over groups where there are, else examples.
        accuracy_high: its upper end.
        confusion: counts, (right class, answered class).
        resamples: of the bootstrap.
        seed: of the bootstrap.
        num_groups: such as persons, each drawn whole; None where examples are drawn.
        identical_share: 0 to 1: share of answers that are Keras' own.
        reference_accuracy: percent: of Keras on the same examples.
        only_target_wrong: examples that only the file gets wrong.
        only_reference_wrong: examples that only Keras gets wrong.
        points_lost: `reference_accuracy` minus `accuracy`; above 0 the file is worse.
        points_lost_low: lower end of its paired 95 % interval, over examples.
        points_lost_high: its upper end.
        mcnemar_p: exact two-sided p of "both get examples wrong equally often".
        errors: some of the examples that the file gets wrong.
    """

    kind: ClassVar[str] = "classes"
    num_examples: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    confusion: tuple[tuple[int, ...], ...]
    resamples: int
    seed: int
    num_groups: int | None = None
    identical_share: float | None = None
    reference_accuracy: float | None = None
    only_target_wrong: int | None = None
    only_reference_wrong: int | None = None
    points_lost: float | None = None
    points_lost_low: float | None = None
    points_lost_high: float | None = None
    mcnemar_p: float | None = None
    errors: tuple[ClassError, ...] = dataclasses.field(default=(), compare=False)

    def __post_init__(self) -> None:
        if sum(map(sum, self.confusion)) != self.num_examples or self.num_examples < 1:
            raise ConfigError(f"`confusion` must count {self.num_examples} examples; got {self.confusion!r:.200}")
        if not 0 <= self.accuracy_low <= self.accuracy_high <= 100 or not 0 <= self.accuracy <= 100:
            raise ConfigError(
                f"an accuracy must be a percent, low before high; got {self.accuracy} ({self.accuracy_low} to "
                f"{self.accuracy_high})"
            )
        if self.identical_share is not None and not 0 <= self.identical_share <= 1:
            raise ConfigError(f"`identical_share` must be between 0 and 1; got {self.identical_share}")

    @property
    def loss(self) -> Loss | None:
        """Against Keras; None where its answers are not known."""
        if self.points_lost is None or self.points_lost_low is None or self.points_lost_high is None:
            return None
        low, high = self.points_lost_low, self.points_lost_high
        return Loss(self.points_lost, low, high, self.num_examples, "example", "accuracy", self.mcnemar_p)

    @property
    def class_accuracies(self) -> tuple[float | None, ...]:
        """Percent of right answers to the examples of each class; None of one without examples."""
        rows = enumerate(self.confusion)
        return tuple(100 * row[place] / sum(row) if sum(row) else None for place, row in rows)

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values; `from_json` of it is equal to this."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        errors = [error.to_json() for error in self.errors]
        return {"kind": self.kind, **fields, "confusion": [list(row) for row in self.confusion], "errors": errors}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ClassAccuracy:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        read = from_keys(cls, {key: each for key, each in value.items() if key != "kind"}, "accuracy")
        confusion = tuple(tuple(row) for row in read.confusion)
        return dataclasses.replace(
            read, confusion=confusion, errors=tuple(ClassError.from_json(each) for each in read.errors)
        )


def score_classes(
    probabilities: Array,
    labels: Labels,
    reference: Array | None = None,
    groups: Array | None = None,
    inputs: Array | None = None,
    *,
    seed: int = 0,
    resamples: int = intervals.DEFAULT_RESAMPLES,
) -> ClassAccuracy:
    """Scores answers; the class of the largest probability is the answer, the first of equal ones.

    Args:
        probabilities: real (N, classes); an answer that holds NaN or infinity is wrong.
        labels: int (N,).
        reference: Keras' own, (N, classes).
        groups: text (N,): whose each example is; the interval is then over them.
        inputs: (N, ...), of which some that are answered wrongly are kept.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Raises:
        InputError: no example, or arrays that do not fit each other.
    """
    _check(probabilities, labels, reference, groups)
    answers = _answers(probabilities)
    is_wrong = answers != labels
    confusion = np.zeros((probabilities.shape[1],) * 2, np.int64)
    # What is no class is counted as a wrong one.
    np.add.at(confusion, (labels, np.where(answers < 0, (labels + 1) % len(confusion), answers)), 1)
    low, high = _interval(is_wrong, groups, seed, resamples)
    report = ClassAccuracy(
        num_examples=len(labels),
        accuracy=100 * float(1 - is_wrong.mean()),
        accuracy_low=100 * (1 - high),
        accuracy_high=100 * (1 - low),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        resamples=resamples,
        seed=seed,
        num_groups=None if groups is None else len(set(groups.tolist())),
        errors=_errors(probabilities, labels, answers, inputs),
    )
    return report if reference is None else _with_reference(report, answers, _answers(reference), labels)


def _with_reference(report: ClassAccuracy, answers: Labels, keras: Labels, labels: Labels) -> ClassAccuracy:
    count = report.num_examples
    only_target = int(((answers != labels) & (keras == labels)).sum())
    only_reference = int(((answers == labels) & (keras != labels)).sum())
    low, high = intervals.bootstrap_paired_difference(only_target, only_reference, count, report.seed, report.resamples)
    return dataclasses.replace(
        report,
        identical_share=float((answers == keras).mean()),
        reference_accuracy=100 * float((keras == labels).mean()),
        only_target_wrong=only_target,
        only_reference_wrong=only_reference,
        points_lost=100 * (only_target - only_reference) / count,
        points_lost_low=100 * low,
        points_lost_high=100 * high,
        mcnemar_p=intervals.mcnemar_exact(only_target, only_reference),
    )


def _answers(probabilities: Array) -> Labels:
    """Returns int64 (N,): the class of each; -1 of one that is not finite, which is no class."""
    is_finite = np.isfinite(probabilities).all(axis=1)
    places: Labels = np.where(is_finite, np.where(is_finite[:, None], probabilities, 0).argmax(axis=1), -1)
    return places


def _interval(is_wrong: Array, groups: Array | None, seed: int, resamples: int) -> tuple[float, float]:
    """Returns the interval of the share of wrong answers.

    Windows of one person are alike, so that drawing single ones would promise too much: persons are drawn, each with
    all of its windows.
    """
    if groups is None:
        return intervals.bootstrap_mean(is_wrong, seed, resamples)
    sums = np.array([[is_wrong[groups == each].sum(), (groups == each).sum()] for each in np.unique(groups)], float)
    return intervals.bootstrap_sums(sums, lambda drawn: drawn[0] / np.maximum(drawn[1], 1), seed, resamples)


def _errors(probabilities: Array, labels: Labels, answers: Labels, inputs: Array | None) -> tuple[ClassError, ...]:
    """Returns the first that are wrong; none of an answer that is no class, which has no probability to show."""
    if inputs is None:
        return ()
    places = np.flatnonzero((answers != labels) & (answers >= 0))[:MAX_ERRORS]
    return tuple(
        # Half precision, at half the size, is as good to look at.
        ClassError(
            int(at), rounded(inputs[at]), int(labels[at]), int(answers[at]), float(probabilities[at, answers[at]])
        )
        for at in places
    )


def _check(probabilities: Array, labels: Labels, reference: Array | None, groups: Array | None) -> None:
    shapes: dict[str, Sequence[int]] = {"probabilities": probabilities.shape, "labels": labels.shape}
    shapes |= {} if reference is None else {"reference": reference.shape}
    shapes |= {} if groups is None else {"groups": groups.shape}
    is_alike = len({shape[0] for shape in shapes.values() if shape}) == 1 and probabilities.ndim == 2
    if not is_alike or not len(labels) or (reference is not None and reference.shape != probabilities.shape):
        raise InputError(f"expected probabilities (N, classes) and as many labels, one or more; got {shapes}")
    if labels.min() < 0 or labels.max() >= probabilities.shape[1]:
        raise InputError(
            f"expected labels of 0 to {probabilities.shape[1] - 1}; got {int(labels.min())} to {int(labels.max())}"
        )
