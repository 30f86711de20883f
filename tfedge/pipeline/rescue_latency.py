"""How long a rescued file takes over others, in one interleaved run; says nothing where the machine is too busy."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Mapping, Sequence

from tfedge.errors import MeasurementError, WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.progress import Reporter
from tfedge.runtime.client import GREEDY, STEPS
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.latency import LatencyCandidate, measure_latency
from tfedge.validation.latency_comparison import compare_latency
from tfedge.validation.performance import decodes_of

Ratio = tuple[float, float, float]


def latency_ratios(
    models: Mapping[str, bytes], target: str, runtime: str, spec: TaskSpec, texts: Sequence[str], reporter: Reporter
) -> dict[str, Ratio]:
    """Returns the ratio of the typical time of model `target` to that of each other one: (ratio, low, high).

    All go through the in-graph loop where every one has it, else through the host's. Where a run is invalid, as on a
    busy machine, or a runtime refuses a file, the reason is said and nothing returned.

    Args:
        models: label -> bytes.
        texts: that occur; a dozen of them is timed.
    """
    loops = all(GREEDY in read_graph(data).signatures for data in models.values())
    with tempfile.TemporaryDirectory(prefix="tfedge-latency-") as folder:
        candidates = []
        for label, data in models.items():
            path = pathlib.Path(folder) / f"{label}.tflite"
            path.write_bytes(data)
            candidates.append(LatencyCandidate(label, runtime, path, GREEDY if loops else STEPS))
        try:
            reports = measure_latency(candidates, decodes_of(spec, texts), reporter=reporter)
            by_label = dict(zip(models, reports, strict=True))
            compared = {
                label: compare_latency(by_label[label], by_label[target]) for label in models if label != target
            }
        except (MeasurementError, WorkerError) as error:
            reporter.say(f"not measured: {error}")
            return {}
    return {label: (each.ratio, each.ratio_low, each.ratio_high) for label, each in compared.items()}
