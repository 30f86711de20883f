"""How much faster one candidate is than another, and when the question has no answer."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfedge.errors import MeasurementError
from tfedge.validation.latency import DEFAULT_RESAMPLES, LatencyReport, resampled_typical_ms

# Conditions: must be the same, or the ratio is between machines or workloads and not between candidates.
CONDITIONS = ("cpu", "num_threads", "sources_sha256", "run_id")
# Subjects: two models on one runtime, one model on two runtimes, or one model by two entries. At most one may differ,
# so that the ratio has one cause.
SUBJECTS = ("model_sha256", "runtime", "entry")


@dataclasses.dataclass(frozen=True)
class LatencyComparison:
    """The latency of a target over that of a reference.

    Attributes:
        reference: label of the reference.
        target: label of the target.
        ratio: of `typical_ms`: the geometric mean, over the sources, of the ratio of their medians; below 1 the target
            is faster.
        ratio_low: lower end of the paired 95 % bootstrap interval over rounds.
        ratio_high: its upper end.
    """

    reference: str
    target: str
    ratio: float
    ratio_low: float
    ratio_high: float

    @property
    def is_distinguishable(self) -> bool:
        """Whether the interval excludes equal speed."""
        return self.ratio_high < 1 or self.ratio_low > 1


def check_comparable(reference: LatencyReport, target: LatencyReport) -> None:
    """Refuses reports whose ratio would mean nothing.

    Conditions (CPU, threads, sources, and the interleaved run itself) must be equal; of the subjects (model, runtime,
    entry) one may differ; both reports must be valid.

    Raises:
        MeasurementError: naming the fields that differ, or why a report is invalid.
    """
    for name in CONDITIONS:
        first, second = getattr(reference, name), getattr(target, name)
        if first != second:
            raise MeasurementError(
                f"expected runs with one {name}; got {first!r} for {reference.label} and {second!r} for {target.label}"
                "; measure both in one call of measure_latency"
            )
    differing = [name for name in SUBJECTS if getattr(reference, name) != getattr(target, name)]
    if len(differing) > 1:
        raise MeasurementError(
            f"expected runs that differ in one of {', '.join(SUBJECTS)}; {reference.label} and {target.label} differ "
            f"in {' and '.join(differing)}; compare them one step at a time"
        )
    for report in (reference, target):
        if not report.is_valid:
            raise MeasurementError(
                f"expected valid runs; {report.label} is invalid ({'; '.join(report.invalid_reasons)}); "
                "measure again, longer or on a quiet machine"
            )


def compare_latency(
    reference: LatencyReport, target: LatencyReport, *, seed: int = 0, resamples: int = DEFAULT_RESAMPLES
) -> LatencyComparison:
    """Returns how long the target takes over the reference, with a 95 % interval; paired by source and by round.

    Raises:
        MeasurementError: as `check_comparable`.
    """
    check_comparable(reference, target)
    typical = resampled_typical_ms([reference, target], seed, resamples)
    low, high = np.percentile(typical[:, 1] / typical[:, 0], [2.5, 97.5])
    ratio = target.typical_ms / reference.typical_ms
    return LatencyComparison(reference.label, target.label, ratio, float(low), float(high))
