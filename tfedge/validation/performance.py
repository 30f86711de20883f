"""Latency and memory of files that have proved right, in one interleaved run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tfedge.progress import SILENT, Reporter
from tfedge.runtime.client import GREEDY, STEPS
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.evaluate import Evaluation
from tfedge.validation.latency import (
    MIN_SECONDS,
    LatencyCandidate,
    LatencyReport,
    measure_latency,
    measure_steadily,
)
from tfedge.validation.memory import MemoryReport, measure_memory
from tfedge.validation.workload import Decodes, Workload

# Texts timed: quantiles of the lengths that occur, so that few texts stand for all.
TIMED_TEXTS = 12
FLOAT = "float32"


@dataclasses.dataclass(frozen=True)
class Performance:
    """What one file costs on one runtime.

    Attributes:
        latency: through the entry that one would ship.
        memory: likewise.
        steps_latency: through `encode` and `decode_step`, where that is another entry: what files without the loop
            in the graph are compared with.
    """

    latency: LatencyReport
    memory: MemoryReport
    steps_latency: LatencyReport | None = None


def timed_texts(texts: Sequence[str], count: int = TIMED_TEXTS) -> list[str]:
    """Returns `count` texts at even quantiles of length: the shortest, the longest, and what lies between."""
    by_length = sorted(texts, key=lambda text: (len(text), text))
    places = np.linspace(0, len(by_length) - 1, min(count, len(by_length))).round().astype(int)
    return [by_length[place] for place in places]


def decodes_of(spec: TaskSpec, texts: Sequence[str]) -> Decodes:
    """Returns what is timed of a task of texts: a few of what occurs, chosen by length."""
    return Decodes([spec.source_array(text)[0] for text in timed_texts(texts)], spec.max_target_length)


def label_of(evaluation: Evaluation) -> str:
    """Returns the name of a file on a runtime, unique where files are: two builds may differ by folder alone."""
    board = evaluation.environment.board if evaluation.environment else None
    return f"{evaluation.pack.path} on {evaluation.target.name}" + (f" of {board.name}" if board else "")


def measure_performance(
    evaluations: Sequence[Evaluation],
    workload: Workload,
    *,
    min_seconds: float = MIN_SECONDS,
    num_threads: int = 1,
    is_steady: bool = False,
    reporter: Reporter = SILENT,
) -> dict[str, Performance]:
    """Times all files on their runtimes in one interleaved run, then measures each one's memory in a fresh process.

    Args:
        evaluations: of files that have run, all of one task.
        workload: what they are asked.
        min_seconds: of decoding or calling, for each file on each runtime.
        num_threads: of the interpreters; 1 where `is_steady`.
        is_steady: whether a disturbed run is measured once more.

    Returns:
        `label_of(evaluation)` -> its performance.
    """
    if not evaluations:
        return {}
    candidates = [LatencyCandidate(label_of(each), each.runtime, each.pack.path, each.entry) for each in evaluations]
    if any(each.entry == STEPS for each in evaluations):
        candidates += [
            LatencyCandidate(f"{label_of(each)} by steps", each.runtime, each.pack.path, STEPS)
            for each in evaluations
            if each.entry == GREEDY and each.pack.manifest.recipe == FLOAT
        ]
    if is_steady:
        latencies = measure_steadily(candidates, workload, min_seconds=min_seconds, reporter=reporter)
    else:
        latencies = measure_latency(
            candidates, workload, num_threads=num_threads, min_seconds=min_seconds, reporter=reporter
        )
    timed = {latency.label: latency for latency in latencies}
    performance = {}
    with reporter.bar("memory", len(evaluations)) as bar:
        for each in evaluations:
            label = label_of(each)
            memory = measure_memory(
                each.runtime, each.pack.path, workload.heaviest(), each.entry, num_threads=num_threads
            )
            performance[label] = Performance(timed[label], memory, timed.get(f"{label} by steps"))
            bar.advance()
    return performance
