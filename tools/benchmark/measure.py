"""The interleaved run: contenders in processes of their own, one pass over the sources each in turn."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.errors import MeasurementError
from tfedge.progress import SILENT, Reporter

WARMUP_PASSES = 3
RESAMPLES = 500


@dataclasses.dataclass(frozen=True)
class Contender:
    """One way to decode.

    Attributes:
        name: for tables.
        search: "greedy" or "beam 4": only the same are compared.
        config: what `tools.benchmark.contender` is told.
        size_bytes: of its file or folder.
        is_peer: whether another tool made it.
        has_our_weights: whether it should give the same answers.
    """

    name: str
    search: str
    config: Mapping[str, Any]
    size_bytes: int
    is_peer: bool = False
    has_our_weights: bool = True


@dataclasses.dataclass(frozen=True)
class Timing:
    """What one contender did.

    Attributes:
        contender: which.
        samples_ms: float (rounds, sources).
        answers: of each source, without the stop token.
        peak_bytes: resident memory of its process at most, Python and libraries included.
    """

    contender: Contender
    samples_ms: np.ndarray
    answers: tuple[tuple[int, ...], ...]
    peak_bytes: int

    @property
    def typical_ms(self) -> float:
        """Geometric mean over sources of each source's median."""
        return typical(self.samples_ms)


def typical(samples_ms: np.ndarray) -> float:
    """Returns the geometric mean over sources of each source's median of float (rounds, sources)."""
    return float(np.exp(np.mean(np.log(np.median(samples_ms, axis=0)))))


def speed_ratio(one: Timing, other: Timing, seed: int = 0) -> tuple[float, float, float]:
    """Returns how many times as fast `one` is as `other`, with a 95 % bootstrap interval over rounds."""
    rng, rounds = np.random.default_rng(seed), len(one.samples_ms)
    ratios = []
    for _ in range(RESAMPLES):  # The same rounds of both: a burst of other work meets both.
        drawn = rng.integers(0, rounds, rounds)
        ratios.append(typical(other.samples_ms[drawn]) / typical(one.samples_ms[drawn]))
    low, high = np.percentile(ratios, [2.5, 97.5])
    return other.typical_ms / one.typical_ms, float(low), float(high)


class _Process:
    """A contender that runs."""

    def __init__(self, contender: Contender) -> None:
        command = [sys.executable, "-m", "tools.benchmark.contender", json.dumps(dict(contender.config))]
        self.contender = contender
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait_until_ready(self) -> None:
        self._read()

    def _read(self) -> dict[str, Any]:
        stdout = self._process.stdout
        line = stdout.readline() if stdout else ""
        if not line:
            raise MeasurementError(
                f"expected {self.contender.name} to decode; its process ended with exit code {self._process.wait()}; "
                "its own words are above"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def decode(self, sources: Sequence[Sequence[int]], passes: int) -> dict[str, Any]:
        if self._process.stdin is None or self._process.poll() is not None:
            return self._read()
        self._process.stdin.write(json.dumps({"sources": [list(each) for each in sources], "passes": passes}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()


@contextlib.contextmanager
def _started(contenders: Sequence[Contender]) -> Iterator[list[_Process]]:
    processes: list[_Process] = []
    try:
        for contender in contenders:
            processes.append(_Process(contender))
        for process in processes:
            process.wait_until_ready()
        yield processes
    finally:
        for process in processes:
            process.stop()


def measure(
    contenders: Sequence[Contender],
    sources: Sequence[Sequence[int]],
    rounds: int,
    reporter: Reporter = SILENT,
) -> list[Timing]:
    """Times whole decodes, one thread, batch 1, in turns: A B C A B C ...

    Args:
        sources: ids without padding and stop token, the same for all.
        rounds: passes over the sources that count, of each contender.

    Raises:
        MeasurementError: a contender died.
    """
    with _started(contenders) as processes:
        for process in processes:
            process.decode(sources, WARMUP_PASSES)
        samples: list[list[list[int]]] = [[] for _ in processes]
        last: list[dict[str, Any]] = [{} for _ in processes]
        with reporter.bar("rounds", rounds) as bar:
            for _ in range(rounds):
                for place, process in enumerate(processes):
                    last[place] = process.decode(sources, 1)
                    samples[place].append([times[0] for times in last[place]["ns"]])
                bar.advance()
        return [
            Timing(
                process.contender,
                np.array(times, np.float64) / 1e6,
                tuple(tuple(answer) for answer in end["answers"]),
                int(end["peak_bytes"]),
            )
            for process, times, end in zip(processes, samples, last, strict=True)
        ]


def answers_of(
    contender: Contender, sources: Sequence[Sequence[int]], reporter: Reporter = SILENT
) -> list[tuple[int, ...]]:
    """Returns the answers to many sources, untimed: for quality."""
    with _started([contender]) as (process,), reporter.bar(contender.name, len(sources)) as bar:
        answers: list[tuple[int, ...]] = []
        for start in range(0, len(sources), 100):
            part = sources[start : start + 100]
            answers += [tuple(answer) for answer in process.decode(part, 1)["answers"]]
            bar.advance(len(part))
        return answers
