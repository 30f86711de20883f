"""How long one decode or call takes: raw samples with their conditions, and a measurement that says when it is invalid.

The protocol: every candidate has a worker process of its own, all open at once, one running at a time. Each is warmed
up until two successive windows agree, then all take turns (A B C A B C ...) until every one has enough runs and
seconds. So what else the machine does meets all of them alike, and a round of A and B is a pair.

Accuracy is never measured in the same run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError, one_of
from tfedge.progress import SILENT, Bar, Reporter
from tfedge.runtime.client import GREEDY, Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.workload import ALL_ENTRIES, Samples, Workload

MIN_RUNS = 100
MIN_SECONDS = 1.0  # of decoding, above any scheduler's time slice by two orders
# A bootstrap over n rounds understates the spread by sqrt((n - 1) / n): 5 % at 10 rounds.
MIN_ROUNDS = 10
MAX_SECONDS = 60.0
# What is sure to 5 %: successive warm-up windows agree to it, and the interval stays within it.
TOLERANCE = 0.05
MAX_WARMUP_WINDOWS = 20
# A decode that shares its core with one other busy thread takes at most twice as long. When one decode in ten takes
# longer still, it waited in a queue, and the figures describe the load of the machine.
MAX_SPREAD_RATIO = 2.0
DEFAULT_RESAMPLES = 500

_TURN_RUNS = 10  # at least: a process that was switched to starts with cold caches, which one sample in ten may show
_TURN_SECONDS = 0.05


@dataclasses.dataclass(frozen=True)
class LatencyReport:
    """Times of one model on one runtime, with everything they depend on; statistics are derived.

    Attributes:
        label: the candidate's name, for tables.
        samples_ms: milliseconds of each decode or call, in order: setting inputs, interpreter calls, reading outputs;
            wall clock inside the worker. Sample k belongs to source k % num_sources.
        turn_runs: how many samples each turn took, whole passes over the sources; round k of every report of one run
            is its turn k.
        num_sources: sources that a pass decodes, or calls that it makes.
        warmup_runs: runs before the first sample.
        is_warm: whether the warm-up became stable.
        num_threads: threads the interpreter was asked to use.
        runtime: `name==version@arch`.
        model_sha256: of the file that the worker loaded.
        cpu: model, cores and int8 features of the machine.
        entry: `greedy`, `encode+decode_step`, or the `signatures` of a file of tensors.
        sources_sha256: of the decoded ids, or of the inputs of the calls.
        run_id: the same for all reports of one interleaved run.
        calls: the signature that each source calls; empty where each is a decode.
    """

    label: str
    samples_ms: tuple[float, ...]
    turn_runs: tuple[int, ...]
    num_sources: int
    warmup_runs: int
    is_warm: bool
    num_threads: int
    runtime: str
    model_sha256: str
    cpu: str
    entry: str
    sources_sha256: str
    run_id: str
    calls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.samples_ms or not all(0 < sample < float("inf") for sample in self.samples_ms):
            raise ConfigError(
                f"`samples_ms` must hold positive milliseconds, one at least; got {self.samples_ms[:3]} ..."
            )
        whole = self.num_sources >= 1 and all(runs >= 1 and runs % self.num_sources == 0 for runs in self.turn_runs)
        if not whole or sum(self.turn_runs) != len(self.samples_ms):
            raise ConfigError(
                f"`turn_runs` must be whole passes over {self.num_sources} sources and add up to the "
                f"{len(self.samples_ms)} samples; got {self.turn_runs[:3]} ... with sum {sum(self.turn_runs)}"
            )
        if self.num_threads < 1 or self.warmup_runs < 0:
            raise ConfigError(
                f"threads must be 1 or more and warm-up runs 0 or more; got {self.num_threads}, {self.warmup_runs}"
            )
        if self.entry not in ALL_ENTRIES:
            raise one_of("`entry`", self.entry, ALL_ENTRIES)
        if self.calls and len(self.calls) != self.num_sources:
            raise ConfigError(f"`calls` must name the signature of {self.num_sources} sources; got {self.calls}")
        RuntimeTarget.parse(self.runtime)

    @property
    def num_runs(self) -> int:
        """Number of samples."""
        return len(self.samples_ms)

    @property
    def latency_p50_ms(self) -> float:
        """Median milliseconds of a decode or call, over all sources."""
        return self.percentile_ms(50)

    @property
    def latency_p90_ms(self) -> float:
        """Milliseconds that nine decodes of ten stay below; holds long sources as well as noise."""
        return self.percentile_ms(90)

    def percentile_ms(self, percent: float, signature: str | None = None) -> float:
        """Returns that percentile of the samples: of the calls of one signature, or of all."""
        if signature is None:
            return float(np.percentile(self.samples_ms, percent))
        places = [place for place, name in enumerate(self.calls) if name == signature]
        return float(np.percentile(np.reshape(self.samples_ms, (-1, self.num_sources))[:, places], percent))

    @functools.cached_property
    def typical_ms(self) -> float:
        """Geometric mean over sources of each source's median; a steadier statistic than p50.

        Where half of the sources are short and half long, p50 falls into the gap between them, where noise moves it.
        """
        return typical(np.concatenate(self.turns_ms))

    @functools.cached_property
    def typical_interval_ms(self) -> tuple[float, float]:
        """95 % bootstrap interval of `typical_ms` over rounds."""
        low, high = np.percentile(resampled_typical_ms([self])[:, 0], [2.5, 97.5])
        return float(low), float(high)

    @property
    def turns_ms(self) -> list[npt.NDArray[np.float64]]:
        """The samples of each turn, float (passes, num_sources), milliseconds."""
        turns = np.split(np.asarray(self.samples_ms), np.cumsum(self.turn_runs)[:-1])
        return [turn.reshape(-1, self.num_sources) for turn in turns]

    @property
    def total_seconds(self) -> float:
        """Seconds spent in the measured decodes."""
        return sum(self.samples_ms) / 1000

    @property
    def spread_ratio(self) -> float:
        """p90 of each sample over the median of its own source: noise alone, 1.0 for none."""
        passes = np.reshape(self.samples_ms, (-1, self.num_sources))
        return float(np.percentile(passes / np.median(passes, axis=0), 90))

    @property
    def invalid_reasons(self) -> tuple[str, ...]:
        """Why the figures must not be relied on; empty for a valid measurement."""
        reasons = []
        if self.num_runs < MIN_RUNS:
            reasons.append(f"too few runs: {self.num_runs} of {MIN_RUNS}")
        if len(self.turn_runs) < MIN_ROUNDS:
            reasons.append(f"too few rounds: {len(self.turn_runs)} of {MIN_ROUNDS}")
        if self.total_seconds < MIN_SECONDS:
            reasons.append(f"too short: {self.total_seconds:.2f} s of {MIN_SECONDS:g} s")
        if not self.is_warm:
            reasons.append(f"not warm: medians still moved by over {TOLERANCE:.0%} after {self.warmup_runs} runs")
        (low, high), middle = self.typical_interval_ms, self.typical_ms
        if max(high / middle, middle / low) > 1 + TOLERANCE:
            reasons.append(f"unstable: {middle:.3g} ms may be {low:.3g} to {high:.3g} ms, limit {TOLERANCE:.0%}")
        if self.spread_ratio > MAX_SPREAD_RATIO:
            reasons.append(f"busy machine: p90 of the noise is {self.spread_ratio:.2f} p50, limit {MAX_SPREAD_RATIO:g}")
        return tuple(reasons)

    @property
    def is_valid(self) -> bool:
        """Whether nothing speaks against the figures."""
        return not self.invalid_reasons

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values; `from_json` of it is equal to this report. `calls` are there or not."""
        fields = dataclasses.asdict(self)
        calls = fields.pop("calls")
        fields |= {"samples_ms": list(self.samples_ms), "turn_runs": list(self.turn_runs)}
        return {**fields, "calls": list(calls)} if calls else fields

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LatencyReport:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: an unknown or missing key, or an illegal value.
        """
        keys = {field.name for field in dataclasses.fields(cls)} - {"calls"}
        if not isinstance(value, Mapping) or set(value) - {"calls"} != keys:
            got = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            raise ConfigError(f"a latency report must have the keys {sorted(keys)}; got {got}")
        lists = {key: tuple(value[key]) for key in ("samples_ms", "turn_runs", "calls") if key in value}
        return cls(**{**value, **lists})


def typical(samples_ms: npt.NDArray[np.float64]) -> float:
    """Returns the geometric mean over sources of each source's median, of float (passes, num_sources)."""
    medians = np.median(samples_ms, axis=0)  # (num_sources,)
    return float(np.exp(np.mean(np.log(medians))))


def resampled_typical(
    sides: Sequence[Sequence[npt.NDArray[np.float64]]], seed: int = 0, resamples: int = DEFAULT_RESAMPLES
) -> npt.NDArray[np.float64]:
    """Returns `typical`, float (resamples, len(sides)), with rounds drawn with replacement.

    Rounds, because noise comes in bursts that are longer than a decode; the same rounds for every side, because a burst
    that is longer than a turn meets all of them.

    Args:
        sides: of each what it took in each round, float (passes, num_sources).
    """
    num_rounds = min(len(turns) for turns in sides)
    rng = np.random.default_rng(seed)
    found = np.empty((resamples, len(sides)))
    for row in found:
        drawn = rng.integers(0, num_rounds, num_rounds)
        row[:] = [typical(np.concatenate([turns[index] for index in drawn])) for turns in sides]
    return found


def resampled_typical_ms(
    reports: Sequence[LatencyReport], seed: int = 0, resamples: int = DEFAULT_RESAMPLES
) -> npt.NDArray[np.float64]:
    """Returns `resampled_typical` of reports."""
    return resampled_typical([report.turns_ms for report in reports], seed, resamples)


@dataclasses.dataclass(frozen=True)
class LatencyCandidate:
    """One thing to time: a model file, on a runtime, through an entry.

    Attributes:
        label: names it in tables and progress.
        runtime: `tflite-runtime` or `ai-edge-litert`, or the environment of a target that runs on this processor.
        model_path: the `.tflite`.
        entry: `greedy`, `encode+decode_step` or `signatures`.
    """

    label: str
    runtime: str | Environment
    model_path: str | os.PathLike[str]
    entry: str = GREEDY


class _Runner:
    """A candidate's worker and what it has measured."""

    def __init__(self, candidate: LatencyCandidate, worker: Worker, workload: Workload, threads: int) -> None:
        self.candidate = candidate
        self._worker = worker
        self._workload = workload
        self._num_threads = threads
        self.model_sha256 = worker.load(candidate.model_path, num_threads=threads)
        self.warmup_runs = 0
        self.is_warm = False
        self._turns: list[npt.NDArray[np.int64]] = []
        self.runs, self.seconds = 0, 0.0

    def _time(self) -> Samples:
        return self._workload.time(self._worker, self.candidate.entry, _TURN_RUNS, _TURN_SECONDS)

    def warm_up(self) -> None:
        """Runs windows of one turn until the medians of two successive ones agree, or the bound is reached."""
        before = 0.0
        for _ in range(MAX_WARMUP_WINDOWS):
            window = self._time()
            self.warmup_runs += len(window)
            median = float(np.median(window))
            if abs(median - before) <= TOLERANCE * before:
                self.is_warm = True
                return
            before = median

    def turn(self) -> None:
        """Adds one turn of samples."""
        samples = self._time()
        self._turns.append(samples)
        self.runs += len(samples)
        self.seconds += float(samples.sum()) / 1e9

    def share_done(self, min_runs: int, min_seconds: float, max_seconds: float) -> float:
        """Returns how much of the minimums is met, 0 to 1; 1 too when the time is up."""
        if self.seconds >= max_seconds:
            return 1.0
        shares = [self.runs / min_runs, len(self._turns) / MIN_ROUNDS]
        shares += [self.seconds / min_seconds] if min_seconds else []
        return min(1.0, *shares)

    def report(self, run_id: str) -> LatencyReport:
        info = self._worker.info
        return LatencyReport(
            label=self.candidate.label,
            samples_ms=tuple(float(sample) / 1e6 for turn in self._turns for sample in turn),
            turn_runs=tuple(len(turn) for turn in self._turns),
            num_sources=self._workload.num_sources,
            warmup_runs=self.warmup_runs,
            is_warm=self.is_warm,
            num_threads=self._num_threads,
            runtime=str(info.target),
            model_sha256=self.model_sha256,
            cpu=info.cpu,
            entry=self.candidate.entry,
            sources_sha256=self._workload.sha256,
            run_id=run_id,
            calls=self._workload.calls,
        )


def measure_steadily(
    candidates: Sequence[LatencyCandidate], workload: Workload, *, min_seconds: float, reporter: Reporter = SILENT
) -> tuple[LatencyReport, ...]:
    """Measures as `measure_latency`, and where a run could be valid and is not once more, for twice the time.

    Returns all of one run or all of the other, since ratios are within a run: the one with more valid reports.
    """
    reports = measure_latency(candidates, workload, min_seconds=min_seconds, reporter=reporter)
    if min_seconds < MIN_SECONDS or all(report.is_valid for report in reports):
        return reports
    reporter.say("other work on this machine disturbed the run: once more, for twice the time")
    again = measure_latency(candidates, workload, min_seconds=2 * min_seconds, reporter=reporter)
    return max(reports, again, key=lambda run: sum(report.is_valid for report in run))


def measure_latency(
    candidates: Sequence[LatencyCandidate],
    workload: Workload,
    *,
    num_threads: int = 1,
    min_runs: int = MIN_RUNS,
    min_seconds: float = MIN_SECONDS,
    max_seconds: float = MAX_SECONDS,
    python: str = sys.executable,
    timeout_s: float = 60.0,
    reporter: Reporter = SILENT,
) -> tuple[LatencyReport, ...]:
    """Times candidates in one interleaved run; one report each, in their order, valid or not.

    Costs, for each candidate, the start of a process, the warm-up, and `min_seconds` or ten passes over the sources,
    whichever is longer: ten to twenty sources of the task's usual lengths are enough.

    Args:
        workload: the same for all candidates.
        num_threads: threads of every interpreter.
        min_runs: decodes of each candidate, at least; fewer than MIN_RUNS makes an invalid report.
        min_seconds: seconds of decoding of each candidate, at least; under MIN_SECONDS makes an invalid report.
        max_seconds: of decoding of each candidate, after which it counts as done.
        python: the Python of the workers.
        timeout_s: as `Worker`.
        reporter: gets one bar; its note is the candidate whose turn it is.

    Raises:
        ConfigError: no candidates, a label twice, a minimum below 1 run or 0 s, an entry of another workload.
        ArtifactError, RuntimeUnavailableError, WorkerError: from a candidate's worker; nothing is reported then.
    """
    labels = [candidate.label for candidate in candidates]
    _check_plan(labels, min_runs, min_seconds)
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(reporter.bar("latency", len(labels)))
        runners = [
            _Runner(each, stack.enter_context(Worker(each.runtime, python, timeout_s)), workload, num_threads)
            for each in candidates
        ]
        for runner in runners:
            bar.advance(0, f"{runner.candidate.label}: warming up")
            runner.warm_up()
        shares = dict.fromkeys(labels, 0.0)
        while min(shares.values()) < 1.0:
            for runner in runners:
                runner.turn()
                share = runner.share_done(min_runs, min_seconds, max_seconds)
                _advance(bar, shares, runner.candidate.label, share)
        run_id = uuid.uuid4().hex
        return tuple(runner.report(run_id) for runner in runners)


def _check_plan(labels: Sequence[str], min_runs: int, min_seconds: float) -> None:
    if not labels or len(set(labels)) < len(labels):
        raise ConfigError(f"expected candidates with labels of their own; got {labels}; name each differently")
    if min_runs < 1 or not min_seconds >= 0:
        raise ConfigError(f"expected min_runs of 1 or more and min_seconds of 0 or more; got {min_runs}, {min_seconds}")


def _advance(bar: Bar, shares: dict[str, float], label: str, share: float) -> None:
    bar.advance(share - shares[label], label)
    shares[label] = share
