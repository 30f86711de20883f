"""What a ladder measures of files on targets: what checks say, answers, latency, memory, delegate partitions."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
from collections.abc import Mapping, Sequence

from tfedge.checks.verdict import Finding
from tfedge.modelfile.graph import read_graph
from tfedge.pipeline.ladder_folder import LadderFolder
from tfedge.pipeline.ladder_subject import Answers, Place, Subject
from tfedge.progress import Reporter
from tfedge.reports.check import check_files
from tfedge.reports.trial import try_file
from tfedge.runtime.client import GREEDY, STEPS, Worker
from tfedge.runtime.limits import Limits
from tfedge.validation.ladder_limits import Speedup
from tfedge.validation.latency import LatencyCandidate, LatencyReport, measure_steadily
from tfedge.validation.latency_comparison import compare_latency
from tfedge.validation.memory import MemoryReport, measure_memory
from tfedge.validation.performance import FLOAT
from tfedge.validation.workload import Workload

EMULATED = "the target is emulated here"


def check_places(
    places: Sequence[Place], folder: LadderFolder, reporter: Reporter
) -> dict[tuple[str, str], tuple[Finding, ...]]:
    """Returns what static rules say of each file on each target and, where they forbid nothing, what running it shows.

    Raises:
        RuntimeUnavailableError: a target does not start.
    """
    found: dict[tuple[str, str], tuple[Finding, ...]] = {}
    waiting: dict[str, list[Place]] = {}
    for place in places:
        kept = folder.measured("check", place.pack.sha256, place.key[1])
        if kept is not None:
            found[place.key] = tuple(Finding.from_json(each) for each in kept["findings"])
            continue
        target = str(place.environment.target)
        static = check_files([place.pack.path], [target], run=False).files[0].targets[0].findings
        if any(finding.verdict == "fail" for finding in static):
            found[place.key] = static
        else:
            waiting.setdefault(str(place.pack.path), []).append(place)
    groups: dict[tuple[str, ...], list[str]] = {}  # Files that run on the same targets share their workers.
    for path, members in waiting.items():
        groups.setdefault(tuple(place.key[1] for place in members), []).append(path)
    for targets, paths in groups.items():
        report = check_files(paths, targets, reporter=reporter)
        for file in report.files:
            for check in file.targets:
                place = next(each for each in waiting[file.path] if each.key[1] == check.target)
                found[place.key] = check.findings
                findings = [finding.to_json() for finding in check.findings]
                folder.keep({"findings": findings}, "check", place.pack.sha256, check.target)
    return found


def ask_places(
    places: Sequence[Place], subject: Subject, is_test: bool, folder: LadderFolder, reporter: Reporter
) -> dict[tuple[str, str], Answers]:
    """Asks every file on its target, several side by side: nothing is timed here.

    Args:
        is_test: whether by the examples that nothing is chosen by.
    """
    found = {}
    subject.prepare(is_test)
    label = subject.scored_by if is_test else subject.decided_by
    with (
        concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool,
        reporter.bar(label, len(places)) as bar,
    ):
        futures = {}
        for place in places:
            kept = folder.measured(*subject.key(place, is_test))
            if kept is not None:
                found[place.key] = Answers.from_json(kept)
                bar.advance(1, " on ".join(place.key))
            else:
                futures[pool.submit(subject.ask, place, is_test)] = place
        for future in concurrent.futures.as_completed(futures):
            place = futures[future]
            answers = found[place.key] = future.result()
            if answers.accuracy is not None:
                folder.keep(answers.to_json(), *subject.key(place, is_test))
            bar.advance(1, " on ".join(place.key))
    return found


@dataclasses.dataclass(frozen=True)
class Timing:
    """What one file costs in time on one target.

    Attributes:
        latency: by the entry that one would call; None on an emulated target.
        speedup: over float32 by the same entry; None where it was not measured.
        untimed: why there is no latency or no speedup that can be relied on; empty where both are there.
        most_speedup: what it may be at best where `untimed` says that no more is known.
    """

    latency: LatencyReport | None
    speedup: Speedup | None
    untimed: str
    most_speedup: float | None = None


def time_places(
    places: Sequence[Place],
    entries: Mapping[tuple[str, str], str],
    workload: Workload,
    min_seconds: float,
    reporter: Reporter,
) -> dict[tuple[str, str], Timing]:
    """Times all files on all targets of this processor in one interleaved run.

    Args:
        places: that have run.
        entries: (recipe, target) -> entry.
    """
    found = {place.key: Timing(None, None, EMULATED) for place in places if place.is_emulated}
    native = [place for place in places if not place.is_emulated]
    if not native:
        return found
    candidates = [_candidate(place, entries[place.key]) for place in native]
    with_steps = {place.key[1] for place in native if entries[place.key] == STEPS}
    candidates += [
        _candidate(place, STEPS)
        for place in native
        if place.key[0] == FLOAT and entries[place.key] == GREEDY and place.key[1] in with_steps
    ]
    reports = measure_steadily(candidates, workload, min_seconds=min_seconds, reporter=reporter)
    timed = {report.label: report for report in reports}
    for place in native:
        entry = entries[place.key]
        latency = timed[_label(place.key, entry)]
        found[place.key] = _timing(latency, timed.get(_label((FLOAT, place.key[1]), entry)))
    return found


def _candidate(place: Place, entry: str) -> LatencyCandidate:
    return LatencyCandidate(_label(place.key, entry), place.environment, place.pack.path, entry)


def _label(key: tuple[str, str], entry: str) -> str:
    return f"{key[0]} on {key[1]} by {entry}"


def _timing(latency: LatencyReport, reference: LatencyReport | None) -> Timing:
    reasons = "; ".join(latency.invalid_reasons)
    if reference is None or reference is latency:
        return Timing(latency, None, reasons)
    # Noise widens the intervals; what lies beyond both of them is known all the same.
    most = reference.typical_interval_ms[1] / latency.typical_interval_ms[0]
    if reasons:
        return Timing(latency, None, reasons, most)
    if not reference.is_valid:
        return Timing(latency, None, f"float32: {'; '.join(reference.invalid_reasons)}", most)
    compared = compare_latency(reference, latency)
    speedup = Speedup(1 / compared.ratio, 1 / compared.ratio_high, 1 / compared.ratio_low, latency.entry)
    return Timing(latency, speedup, "")


def measure_place(place: Place, entry: str, workload: Workload) -> tuple[MemoryReport | None, dict[str, int]]:
    """Returns the memory of a process of its own, where that means anything, and partitions by signature.

    Raises:
        WorkerError: a file that has run before does not run now.
    """
    memory = None
    if not place.is_emulated:
        memory = measure_memory(place.environment, place.pack.path, workload.heaviest(), entry)
    graph = read_graph(place.pack.model_bytes)
    chosen = sorted({signature.subgraph for signature in graph.signatures.values()})
    with Worker(place.environment, limits=Limits()) as worker:
        trial = try_file(worker, place.pack.path, place.pack.file, graph, chosen)
    counts = {looked.index: looked.num_partitions for looked in trial.subgraphs}
    partitions = {name: counts.get(signature.subgraph) for name, signature in sorted(graph.signatures.items())}
    return memory, {name: count for name, count in partitions.items() if count is not None}
