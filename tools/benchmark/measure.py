"""The interleaved run: contenders in processes of their own, one pass over the sources each in turn."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.progress import SILENT, Reporter
from tfedge.validation.latency import resampled_typical, typical
from tools.benchmark.answering import AnsweringProcess, started

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


def speed_ratio(one: Timing, other: Timing, seed: int = 0) -> tuple[float, float, float]:
    """Returns how many times as fast `one` is as `other`, with a 95 % bootstrap interval over rounds."""
    rounds = [np.split(each.samples_ms, len(each.samples_ms)) for each in (one, other)]
    drawn = resampled_typical(rounds, seed, RESAMPLES)
    low, high = np.percentile(drawn[:, 1] / drawn[:, 0], [2.5, 97.5])
    return other.typical_ms / one.typical_ms, float(low), float(high)


def _started(contenders: Sequence[Contender]) -> contextlib.AbstractContextManager[list[AnsweringProcess]]:
    command = [sys.executable, "-m", "tools.benchmark.contender"]
    return started("decode", [(each.name, [*command, json.dumps(dict(each.config))]) for each in contenders])


def _decode(process: AnsweringProcess, sources: Sequence[Sequence[int]], passes: int) -> dict[str, Any]:
    return process.ask({"sources": [list(each) for each in sources], "passes": passes})


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
            _decode(process, sources, WARMUP_PASSES)
        samples: list[list[list[int]]] = [[] for _ in processes]
        last: list[dict[str, Any]] = [{} for _ in processes]
        with reporter.bar("rounds", rounds) as bar:
            for _ in range(rounds):
                for place, process in enumerate(processes):
                    last[place] = _decode(process, sources, 1)
                    samples[place].append([times[0] for times in last[place]["ns"]])
                bar.advance()
        return [
            Timing(
                contender,
                np.array(times, np.float64) / 1e6,
                tuple(tuple(answer) for answer in end["answers"]),
                int(end["peak_bytes"]),
            )
            for contender, times, end in zip(contenders, samples, last, strict=True)
        ]


def answers_of(
    contender: Contender, sources: Sequence[Sequence[int]], reporter: Reporter = SILENT
) -> list[tuple[int, ...]]:
    """Returns the answers to many sources, untimed: for quality."""
    with _started([contender]) as (process,), reporter.bar(contender.name, len(sources)) as bar:
        answers: list[tuple[int, ...]] = []
        for start in range(0, len(sources), 100):
            part = sources[start : start + 100]
            answers += [tuple(answer) for answer in _decode(process, part, 1)["answers"]]
            bar.advance(len(part))
        return answers
