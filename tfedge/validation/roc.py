"""Area under the ROC curve with DeLong's interval, alone and paired.

E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 1988, https://doi.org/10.2307/2531595; ranks as in
X. Sun, W. Xu, IEEE Signal Processing Letters 2014, https://doi.org/10.1109/LSP.2014.2337313.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import InputError

Array = npt.NDArray[Any]
_NORMAL = 1.96  # 95 % of a normal distribution lie within so many deviations.


def placements(scores: Array, labels: Array) -> tuple[Array, Array]:
    """Returns of each anomaly the share of normal examples below it, and of each normal one that of anomalies above.

    Equal scores count half. The mean of either is the area under the curve.

    Args:
        scores: real (N,), larger for anomalies.
        labels: (N,), 1 of anomalies and 0 of normal examples.

    Raises:
        InputError: one kind is missing, a score that is not finite, or arrays that do not fit each other.
    """
    if scores.shape != labels.shape or scores.ndim != 1 or not np.isfinite(scores).all():
        raise InputError(f"expected finite scores (N,) and as many labels; got {scores.shape} and {labels.shape}")
    positive, negative = scores[labels == 1], scores[labels == 0]
    if not len(positive) or not len(negative):
        raise InputError(
            f"expected anomalies and normal examples; got {len(positive)} and {len(negative)}; give data with both"
        )
    ordered = np.sort(negative)
    of_positive = _half(ordered, positive) / len(negative)
    of_negative = 1 - _half(np.sort(positive), negative) / len(positive)
    return of_positive, of_negative


def roc_auc(scores: Array, labels: Array) -> float:
    """Returns the area under the ROC curve, 0 to 1; InputError as `placements`."""
    return float(placements(scores, labels)[0].mean())


def auc_interval(scores: Array, labels: Array) -> tuple[float, float]:
    """Returns the 95 % interval of the area, within 0 and 1; InputError as `placements`."""
    area = roc_auc(scores, labels)
    half = _NORMAL * math.sqrt(_variance(*placements(scores, labels)))
    return max(0.0, area - half), min(1.0, area + half)


def paired_interval(scores: Array, others: Array, labels: Array) -> tuple[float, float]:
    """Returns the 95 % interval of the area of `others` minus that of `scores`, of the same examples.

    Where both order all examples alike the variance is 0: no example tells them apart.
    """
    first, second = placements(scores, labels), placements(others, labels)
    gap = float(second[0].mean() - first[0].mean())
    half = _NORMAL * math.sqrt(_variance(second[0] - first[0], second[1] - first[1]))
    return gap - half, gap + half


def _variance(of_positive: Array, of_negative: Array) -> float:
    parts = (np.var(each, ddof=1) / len(each) if len(each) > 1 else 0.0 for each in (of_positive, of_negative))
    return float(sum(parts))


def _half(ordered: Array, values: Array) -> Array:
    """Returns how many of `ordered` are below each value, equal ones counted half."""
    below, up_to = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    counted: Array = (below + up_to) / 2
    return counted
