"""How soon an alarm comes: rows, or windows, from the start of an anomalous segment to the first alarm in it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tfedge.errors import InputError
from tfedge.validation.roc import Array


@dataclasses.dataclass(frozen=True)
class DetectionDelay:
    """Of one stream at one threshold.

    Attributes:
        num_segments: runs of anomalies that follow each other.
        num_detected: of them, with an alarm before their end.
        mean_delay: examples from a segment's start to its first alarm, 0 where the first one rings; over the detected
            segments, None where there are none.
        max_delay: the longest of them.
        false_alarms_per_1000: alarms at normal examples, of 1,000 normal ones.
    """

    num_segments: int
    num_detected: int
    mean_delay: float | None
    max_delay: int | None
    false_alarms_per_1000: float

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values."""
        return dataclasses.asdict(self)


def detection_delay(scores: Array, labels: Array, threshold: float) -> DetectionDelay:
    """Returns how soon `scores`, in the order of the stream, tell of its anomalies.

    Args:
        scores: real (N,); an alarm rings at `threshold` or above.
        labels: (N,), 1 of anomalies and 0 of normal examples.

    Raises:
        InputError: no anomaly or no normal example, or arrays that do not fit each other.
    """
    if scores.shape != labels.shape or scores.ndim != 1:
        raise InputError(f"expected scores (N,) and as many labels; got {scores.shape} and {labels.shape}")
    is_anomaly = labels == 1
    if is_anomaly.all() or not is_anomaly.any():
        raise InputError(f"expected anomalies and normal examples; got {is_anomaly.sum()} of {len(labels)} anomalies")
    rings = scores >= threshold
    edges = np.diff(np.concatenate([[0], is_anomaly.astype(np.int8), [0]]))
    segments = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    firsts = [np.flatnonzero(rings[start:end]) for start, end in segments]
    delays = [int(first[0]) for first in firsts if len(first)]
    return DetectionDelay(
        num_segments=len(firsts),
        num_detected=len(delays),
        mean_delay=float(np.mean(delays)) if delays else None,
        max_delay=max(delays, default=None),
        false_alarms_per_1000=1000 * float(rings[~is_anomaly].mean()),
    )
