"""How many instructions a whole decode takes on an emulated ARM core: exact, repeatable, and no milliseconds."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.errors import ConfigError, MeasurementError
from tfedge.runtime import worker
from tfedge.runtime.environments import Environment
from tools.instructions.emulator import Emulator
from tools.instructions.functions import Library

GUEST = pathlib.Path(__file__).with_name("guest.py")
REPEATS = 3  # of which the middle one counts: now and then one is 0.2 % above, when Python rewrites its own code
TIMEOUT_S = 3600.0  # a hang; float32 at beam 4 takes a minute, since the emulator computes float in software


@dataclasses.dataclass(frozen=True)
class Job:
    """Decodes to count.

    Attributes:
        path: a .tflite file.
        signature: with `source_ids`, such as `greedy` or `beam`.
        sources: ids with the stop token, without padding.

    Raises:
        ConfigError: no source.
    """

    path: pathlib.Path
    signature: str
    sources: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if not self.sources or not all(self.sources):
            raise ConfigError(
                f"expected at least one source of one id to decode with {self.path}; got {self.sources!r}"
            )


@dataclasses.dataclass(frozen=True)
class Count:
    """What was counted.

    Attributes:
        job: of what.
        instructions: int64 (repeats, sources): guest instructions from setting the inputs to having read the outputs.
        answers: of each source, the first output by name, flat.
    """

    job: Job
    instructions: np.ndarray
    answers: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> float:
        """Instructions a decode: each source's median, and their mean."""
        return float(np.median(self.instructions, axis=0).mean())

    @property
    def spread(self) -> float:
        """How far repeats of a decode differ, as a share: 0.001 is 0.1 %."""
        return float((self.instructions.max(0) / self.instructions.min(0) - 1.0).max())


def count(emulator: Emulator, environment: Environment, jobs: Sequence[Job], repeats: int = REPEATS) -> list[Count]:
    """Counts the decodes of jobs, all in one process of the emulated Python.

    Raises:
        MeasurementError: the process died, hung, or wrote other marks than were asked for.
    """
    marks, said, _ = _run(emulator, environment, jobs, repeats, False)
    return read_counts(marks, said["answers"], jobs, repeats)


def read_counts(marks: Sequence[str], answers: Sequence[Any], jobs: Sequence[Job], repeats: int) -> list[Count]:
    """Returns the counts that lie between the plugin's lines `mark NUMBER TOTAL`.

    Raises:
        MeasurementError: other lines than two for each decode, numbered from 0.
    """
    matches = [re.fullmatch(r"mark (\d+) (\d+)", line) for line in marks]
    numbers = [int(match[1]) for match in matches if match]
    expected = 2 * repeats * sum(len(job.sources) for job in jobs)
    if not all(matches) or numbers != list(range(expected)):
        raise MeasurementError(
            f"expected {expected} marks of the plugin, from 0 on; got {len(marks)} lines; measure again"
        )
    totals = np.array([int(match[2]) for match in matches if match], np.int64)
    each, found, place = totals[1::2] - totals[::2], [], 0
    for job, answer in zip(jobs, answers, strict=True):
        size = repeats * len(job.sources)
        table = each[place : place + size].reshape(repeats, len(job.sources))
        found.append(Count(job, table, tuple(tuple(row) for row in answer)))
        place += size
    return found


def count_functions(emulator: Emulator, environment: Environment, job: Job) -> dict[str, int]:
    """Returns the instructions of one decode of the job's first source by function, most first.

    A library without symbols stands under its file's name.

    Raises:
        MeasurementError: as `count`.
    """
    first = dataclasses.replace(job, sources=job.sources[:1])
    marks, said, blocks = _run(emulator, environment, [first], 1, True)
    read_counts(marks, said["answers"], [first], 1)
    names: dict[str, int] = {}
    for address, total in blocks[1].items():
        number = total - blocks[0].get(address, 0)
        if number:
            places = [
                (path, address - low + off) for path, low, high, off in said["libraries"] if low <= address < high
            ]
            name = Library.at(places[0][0]).function_at(places[0][1]) if places else "outside of any library"
            names[name] = names.get(name, 0) + number
    return dict(sorted(names.items(), key=lambda pair: -pair[1]))


def _run(
    emulator: Emulator, environment: Environment, jobs: Sequence[Job], repeats: int, with_blocks: bool
) -> tuple[list[str], dict[str, Any], list[Mapping[int, int]]]:
    """Returns the lines of marks, the guest's answers, and of each mark the counters of blocks by address."""
    facts = [{"path": str(job.path.absolute()), "signature": job.signature, "sources": job.sources} for job in jobs]
    request = {"runtime": environment.target.name, "jobs": facts, "repeats": repeats, "with_blocks": with_blocks}
    with tempfile.TemporaryDirectory(prefix="tfedge-instructions-") as name:
        folder = pathlib.Path(name)
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        files = [str(path) for path in (GUEST, worker.__file__, folder / "request.json", folder / "answers.json")]
        command = [*emulator.command(environment.command, folder / "counts"), *files]
        # What the host's user has set must not change what is counted: nothing of it is handed on.
        fixed = {"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        variables = {**fixed, **environment.variables, **emulator.variables}
        try:
            done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise MeasurementError(
                f"expected {environment.target} to decode within {TIMEOUT_S:g} s; it did not end; give it less"
            ) from None
        if done.returncode:
            raise _died(done, environment)
        said = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
        marks, blocks = _read_lines(folder / "counts")
    return marks, said, blocks


def _read_lines(path: pathlib.Path) -> tuple[list[str], list[Mapping[int, int]]]:
    marks: list[str] = []
    blocks: list[Mapping[int, int]] = []
    held: dict[int, int] = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("block "):
                _, address, number = line.split()
                held[int(address, 16)] = held.get(int(address, 16), 0) + int(number)
            else:
                marks.append(line.strip())
                blocks.append(held)
                held = {}
    return marks, blocks


def _died(done: subprocess.CompletedProcess[str], environment: Environment) -> MeasurementError:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    number = -done.returncode if done.returncode < 0 else done.returncode - 128
    by_signal = number in {each.value for each in signal.Signals}
    end = f"died by {signal.Signals(number).name}" if by_signal else f"ended with exit code {done.returncode}"
    last = f", and said last: {lines[-1][:300]}" if lines else ""
    return MeasurementError(f"expected {environment.target} to decode; it {end}{last}; try the file with tfedge check")
