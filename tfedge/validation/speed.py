"""The gate on speed of a run: a file against float32 on the same runtime, timed in one interleaved run."""

from __future__ import annotations

from tfedge.checks.verdict import Finding
from tfedge.errors import MeasurementError
from tfedge.validation.ladder_limits import Speedup, speed_gate
from tfedge.validation.latency import LatencyReport
from tfedge.validation.latency_comparison import compare_latency


def speed_finding(reference: LatencyReport | None, target: LatencyReport | None, min_speedup: float) -> Finding:
    """Returns the finding of the gate "speed".

    Args:
        reference: of float32; None where it was not timed.
        target: of the file judged; None where it was not timed.
        min_speedup: the least allowed.
    """
    if reference is None or target is None:
        return speed_gate(None, min_speedup, f"{'float32' if reference is None else 'the file'} did not run")
    try:
        compared = compare_latency(reference, target)
    except MeasurementError as error:
        return speed_gate(None, min_speedup, str(error))
    times = (1 / compared.ratio, 1 / compared.ratio_high, 1 / compared.ratio_low)
    return speed_gate(Speedup(*times, target.entry), min_speedup)
