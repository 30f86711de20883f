"""How sure a measured share is: seeded bootstrap intervals and an exact paired test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError

CONFIDENCE = 0.95
DEFAULT_RESAMPLES = 2000


def bootstrap_mean(
    values: npt.ArrayLike, seed: int, resamples: int = DEFAULT_RESAMPLES, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Returns the percentile bootstrap interval of the mean of `values`, float (n,).

    Drawing n examples with replacement is drawing how often each distinct value comes, which is one
    multinomial draw: the same distribution as resampling indices, at a cost that does not grow with n.

    Args:
        values: one number an example; few distinct ones (errors are 0 or 1, differences -1, 0 or 1).
        seed: of the resampling, so that a report can be computed again to the digit.
        resamples: how many means to draw.
        confidence: mass between the two ends.

    Raises:
        ConfigError: no values, or fewer than 100 resamples.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ConfigError(f"a bootstrap needs values of shape (n,), n > 0; got shape {array.shape}")
    if resamples < 100 or not 0 < confidence < 1:
        raise ConfigError(
            f"a bootstrap needs 100 resamples and a confidence in (0, 1); got {resamples} and {confidence}"
        )
    distinct, counts = np.unique(array, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(array.size, counts / array.size, size=resamples)
    means = drawn @ distinct / array.size
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def bootstrap_sums(
    sums: npt.NDArray[np.float64],
    statistic: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    seed: int,
    resamples: int = DEFAULT_RESAMPLES,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """Returns the percentile bootstrap interval of a statistic of sums over examples, such as a ratio of two.

    Args:
        sums: (n, k), the k summands of each example.
        statistic: sums (k, resamples) -> its values (resamples,).

    Raises:
        ConfigError: no example.
    """
    if sums.ndim != 2 or not len(sums):
        raise ConfigError(f"a bootstrap needs summands of shape (n, k), n > 0; got shape {sums.shape}")
    count = len(sums)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    low, high = np.quantile(statistic((drawn @ sums).T), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def bootstrap_paired_difference(
    only_target_wrong: int, only_reference_wrong: int, num_examples: int, seed: int, resamples: int = DEFAULT_RESAMPLES
) -> tuple[float, float]:
    """Returns the interval of (target's share of errors - reference's), in shares, paired by example.

    One made-up pair of each discordant kind is added before resampling (Bonett and Price 2012 do so for
    their adjusted Wald interval). Without it, two systems that agree on the five words tried would get
    the interval [0, 0] and a proof of equality from five words; with it they get about +-40 points.

    Args:
        only_target_wrong: examples that the target gets wrong and the reference right.
        only_reference_wrong: examples that the reference gets wrong and the target right.
        num_examples: all examples, the concordant ones included.
    """
    concordant = num_examples - only_target_wrong - only_reference_wrong
    if min(only_target_wrong, only_reference_wrong, concordant) < 0 or num_examples == 0:
        raise ConfigError(
            f"discordant pairs must be part of the examples; got {only_target_wrong} and {only_reference_wrong} "
            f"of {num_examples}"
        )
    differences = np.repeat([1.0, -1.0, 0.0], [only_target_wrong + 1, only_reference_wrong + 1, concordant])
    return bootstrap_mean(differences, seed, resamples)


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Returns the two-sided exact p value of McNemar's test on the two discordant counts.

    Under "both err alike", each discordant pair is a fair coin: p is a sign test's.

    Example:
        >>> mcnemar_exact(0, 5)
        0.0625
    """
    if only_first < 0 or only_second < 0:
        raise ConfigError(f"discordant counts must not be negative; got {only_first} and {only_second}")
    pairs, fewer = only_first + only_second, min(only_first, only_second)
    # Integers of any length: exact at every count, where floats would underflow from 1,075 pairs on.
    term = tail = 1
    for drawn in range(fewer):
        term = term * (pairs - drawn) // (drawn + 1)
        tail += term
    return min(1.0, float(2 * tail / (1 << pairs)))
