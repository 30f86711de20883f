"""Task accuracy: word error rate and token error rate with intervals, alone and against a reference system.

Everything here is a pure function over token sequences: a hypothesis is what the target model answered, a
word's references are its accepted variants, and reference outputs are what the reference system (Keras)
answered to the same words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.errors import ConfigError, InputError
from tfedge.validation import intervals
from tfedge.validation.edit_distance import edit_distance
from tfedge.validation.loss import Loss

Tokens = Sequence[str]


@dataclasses.dataclass(frozen=True)
class AccuracyReport:
    """Accuracy of a target system, and of its difference to a reference system where one was given.

    Attributes:
        num_examples: words scored.
        wer: percent of words whose output equals none of their references.
        wer_low: lower end of the 95 % bootstrap interval over words, percent.
        wer_high: its upper end, percent.
        per: percent: edits to the closest variant, summed, over the lengths of those variants, summed.
        resamples: bootstrap resamples behind each interval.
        seed: seed of the resampling.
        identical_share: 0 to 1: share of outputs equal to the reference system's, token by token.
        reference_wer: percent: the reference system's own word error rate on the same words.
        only_target_wrong: words that only the target gets wrong.
        only_reference_wrong: words that only the reference system gets wrong.
        wer_minus_reference_points: `wer` minus `reference_wer`, points; above 0 the target is worse.
        wer_minus_reference_low: lower end of its paired 95 % bootstrap interval, points.
        wer_minus_reference_high: its upper end, points.
        mcnemar_p: exact two-sided p of "both get words wrong equally often".
    """

    num_examples: int
    wer: float
    wer_low: float
    wer_high: float
    per: float
    resamples: int
    seed: int
    identical_share: float | None = None
    reference_wer: float | None = None
    only_target_wrong: int | None = None
    only_reference_wrong: int | None = None
    wer_minus_reference_points: float | None = None
    wer_minus_reference_low: float | None = None
    wer_minus_reference_high: float | None = None
    mcnemar_p: float | None = None

    def __post_init__(self) -> None:
        if self.num_examples < 1:
            raise ConfigError(f"`num_examples` must be 1 or more; got {self.num_examples}")
        if not 0 <= self.wer_low <= self.wer_high <= 100 or not 0 <= self.wer <= 100 or self.per < 0:
            raise ConfigError(
                f"error rates must be percents, low before high; got wer {self.wer} "
                f"({self.wer_low} to {self.wer_high}), per {self.per}"
            )
        if self.identical_share is not None and not 0 <= self.identical_share <= 1:
            raise ConfigError(f"`identical_share` must be between 0 and 1; got {self.identical_share}")
        paired = [getattr(self, key) is None for key in _PAIRED]
        if any(paired) and not all(paired):
            raise ConfigError(f"the fields {', '.join(_PAIRED)} must be given together or not at all")

    @property
    def has_reference(self) -> bool:
        """Whether the outputs were compared with a reference system's."""
        return self.identical_share is not None

    @property
    def loss(self) -> Loss | None:
        """Against the reference system; None where there was none."""
        points, low = self.wer_minus_reference_points, self.wer_minus_reference_low
        if points is None or low is None or self.wer_minus_reference_high is None:
            return None
        return Loss(points, low, self.wer_minus_reference_high, self.num_examples, "word", "WER", self.mcnemar_p)

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values; `from_json` of it is equal to this report."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> AccuracyReport:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: an unknown or missing key, or an illegal value.
        """
        keys = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(value, Mapping) or set(value) != keys:
            got = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            raise ConfigError(f"an accuracy report must have the keys {sorted(keys)}; got {got}")
        return cls(**value)


_PAIRED = tuple(field.name for field in dataclasses.fields(AccuracyReport) if field.default is None)


def score(
    hypotheses: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
    reference_outputs: Sequence[Tokens] | None = None,
    *,
    seed: int = 0,
    resamples: int = intervals.DEFAULT_RESAMPLES,
) -> AccuracyReport:
    """Scores the outputs of a target system; a word is right when it equals one of its variants.

    Args:
        hypotheses: tokens that the target answered, one sequence a word (may be empty).
        references: accepted variants of each word, one or more, none of them empty.
        reference_outputs: tokens that the reference system answered to the same words, in the same order.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Raises:
        InputError: no words, unequal lengths, a word without a variant, or a text where tokens are expected.
    """
    _check(hypotheses, references, reference_outputs)
    wrong = _wrong(hypotheses, references)
    low, high = intervals.bootstrap_mean(wrong, seed, resamples)
    report = AccuracyReport(
        num_examples=len(hypotheses),
        wer=100 * int(wrong.sum()) / len(hypotheses),
        wer_low=100 * low,
        wer_high=100 * high,
        per=_phone_error_rate(hypotheses, references),
        resamples=resamples,
        seed=seed,
    )
    if reference_outputs is None:
        return report
    return _with_reference(report, wrong, _wrong(reference_outputs, references), hypotheses, reference_outputs)


def _with_reference(
    report: AccuracyReport,
    wrong: np.ndarray[Any, np.dtype[np.bool_]],
    reference_wrong: np.ndarray[Any, np.dtype[np.bool_]],
    hypotheses: Sequence[Tokens],
    reference_outputs: Sequence[Tokens],
) -> AccuracyReport:
    count = report.num_examples
    only_target, only_reference = int((wrong & ~reference_wrong).sum()), int((reference_wrong & ~wrong).sum())
    low, high = intervals.bootstrap_paired_difference(only_target, only_reference, count, report.seed, report.resamples)
    identical = sum(
        list(output) == list(expected) for output, expected in zip(hypotheses, reference_outputs, strict=True)
    )
    return dataclasses.replace(
        report,
        identical_share=identical / count,
        reference_wer=100 * int(reference_wrong.sum()) / count,
        only_target_wrong=only_target,
        only_reference_wrong=only_reference,
        wer_minus_reference_points=100 * (only_target - only_reference) / count,
        wer_minus_reference_low=100 * low,
        wer_minus_reference_high=100 * high,
        mcnemar_p=intervals.mcnemar_exact(only_target, only_reference),
    )


def _wrong(outputs: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Returns bool (words,): whether each output equals none of its variants."""
    pairs = zip(outputs, references, strict=True)
    return np.array([list(output) not in [list(variant) for variant in variants] for output, variants in pairs])


def _phone_error_rate(hypotheses: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    edits = tokens = 0
    for output, variants in zip(hypotheses, references, strict=True):
        distances = [edit_distance(output, variant) for variant in variants]
        closest = min(range(len(variants)), key=distances.__getitem__)  # The first of equally close ones.
        edits += distances[closest]
        tokens += len(variants[closest])
    return 100 * edits / tokens


def _check(
    hypotheses: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
    reference_outputs: Sequence[Tokens] | None,
) -> None:
    sizes = {"hypotheses": len(hypotheses), "references": len(references)}
    if reference_outputs is not None:
        sizes["reference_outputs"] = len(reference_outputs)
    if len(set(sizes.values())) != 1 or not hypotheses:
        raise InputError(f"expected one entry a word in each list, one word or more; got {sizes}; align the lists")
    for index, variants in enumerate(references):
        # A text is a sequence of texts too, so that "K AE T" would be scored letter by letter without a word.
        texts = [hypotheses[index], variants, *variants, *((reference_outputs or {index: ()})[index],)]
        if any(isinstance(tokens, str) for tokens in texts):
            raise InputError(f"expected tokens, one text each, for word {index}; got a whole text; split it first")
        if not variants or not all(variants):
            raise InputError(f"expected one reference or more for word {index}, none empty; got {variants!r}")
