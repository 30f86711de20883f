"""The area under the ROC curve and its intervals, against counting pairs and against published figures."""

from __future__ import annotations

import numpy as np
import pytest

from tfedge.errors import InputError
from tfedge.validation import roc

RANDOM = np.random.default_rng(3)


def test_roc_auc_when_scores_tie_is_the_share_of_pairs_in_order() -> None:
    scores, labels = RANDOM.integers(0, 6, 60).astype(float), RANDOM.integers(0, 2, 60)
    gaps = scores[labels == 1][:, None] - scores[labels == 0][None, :]

    assert roc.roc_auc(scores, labels) == pytest.approx(np.mean((gaps > 0) + 0.5 * (gaps == 0)))
    assert roc.roc_auc(-scores, labels) == pytest.approx(1 - roc.roc_auc(scores, labels))


def test_auc_interval_when_drawn_again_and_again_is_as_wide_as_the_spread() -> None:
    areas, halves = [], []
    for seed in range(300):
        random = np.random.default_rng(seed)
        labels = np.repeat([0, 1], [80, 40])
        scores = random.normal(labels * 1.2)
        low, high = roc.auc_interval(scores, labels)
        areas.append(roc.roc_auc(scores, labels))
        halves.append((high - low) / 2)

    # The mean half width is 1.96 deviations of the areas, and 300 draws tell a deviation to 4 %; thrice that is 12 %.
    assert np.mean(halves) == pytest.approx(1.96 * np.std(areas), rel=0.12)


def test_paired_interval_when_noise_is_shared_is_narrower_than_two_of_one() -> None:
    labels = np.repeat([0, 1], [300, 100])
    first = RANDOM.normal(labels * 1.5)
    second = first + RANDOM.normal(0, 0.05, 400)
    low, high = roc.paired_interval(first, second, labels)

    assert low < roc.roc_auc(second, labels) - roc.roc_auc(first, labels) < high
    assert high - low < 0.2 * np.subtract(*roc.auc_interval(first, labels)[::-1])
    assert roc.paired_interval(first, 2 * first + 1, labels) == (0.0, 0.0)


def test_paired_interval_when_the_second_is_noise_excludes_no_difference() -> None:
    labels = np.repeat([0, 1], [300, 100])
    low, high = roc.paired_interval(RANDOM.normal(labels * 1.5), RANDOM.normal(size=400), labels)

    assert high < 0


@pytest.mark.parametrize(
    ("scores", "labels"), [([1.0, 2.0], [1, 1]), ([1.0, 2.0], [0, 0]), ([1.0, np.nan], [0, 1]), ([1.0], [0, 1])]
)
def test_roc_auc_when_there_is_nothing_to_tell_apart_refuses(scores: list[float], labels: list[int]) -> None:
    with pytest.raises(InputError):
        roc.roc_auc(np.array(scores), np.array(labels))
