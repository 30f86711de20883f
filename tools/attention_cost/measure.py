"""One group of cells: all kinds of one length and recipe, converted, timed in turns, their instructions counted."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfedge.artifacts import sha256_hex
from tfedge.errors import ConfigError, ConversionError, MeasurementError, WorkerError
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment
from tools.attention_cost.layers import SIGNATURE, Converted, inputs
from tools.instructions.counting import Job, count
from tools.instructions.emulator import Emulator

RUNTIME = "ai-edge-litert"
WARMUP_CALLS = 2  # The first packs weights, and the second still allocates.
_TURN_SECONDS, _MAX_TURN_CALLS = 0.02, 20  # Many short calls, since a process that was switched to has cold caches.
_MIN_TURNS, _ENOUGH_MS = 3, 8_000.0  # A kind whose calls take seconds has no more turns than that.
_TIMEOUT_S = 120.0  # of one call
_ANY_SOURCE = ((1,),)  # A job of counting decodes sources; a file without `source_ids` is called once for each.

Cell = dict[str, Any]


class Layers:
    """Every kind at one length, traced once for all recipes."""

    def __init__(self, length: int, hidden_dim: int, num_heads: int) -> None:
        self._sizes = (length, hidden_dim, num_heads)
        self._converted: dict[str, Converted | str] = {}

    def write(self, kind: str, recipe: str, path: pathlib.Path) -> Cell:
        """Writes a kind's file; returns its size and hash, or why there is none."""
        try:
            if kind not in self._converted:
                self._converted[kind] = Converted(kind, *self._sizes)
            converted = self._converted[kind]
            data = b"" if isinstance(converted, str) else converted.model_bytes(recipe)
        except (ConfigError, ConversionError) as error:
            self._converted.setdefault(kind, str(error))
            return {"failed": str(error)}
        if isinstance(converted, str):
            return {"failed": converted}
        path.write_bytes(data)
        return {"file_bytes": len(data), "sha256": sha256_hex(data)}


def time_files(files: Mapping[str, pathlib.Path], length: int, hidden_dim: int, rounds: int) -> dict[str, Cell]:
    """Returns each kind's milliseconds a call, in order, and its process's peak bytes over an empty interpreter.

    One process a file, all open at once, in turns (A B C A B C ...), one thread; no more turns for what has taken
    seconds already. A file that a runtime refuses or dies of is left out of the turns; its cell says why.
    """
    call = [(SIGNATURE, inputs(length, hidden_dim))]
    found: dict[str, Cell] = {kind: {"ms": []} for kind in files}
    with contextlib.ExitStack() as stack:
        workers: dict[str, tuple[Worker, int]] = {}
        for kind, path in files.items():
            worker = stack.enter_context(Worker(RUNTIME, timeout_s=_TIMEOUT_S))
            try:
                worker.load(path)
                took = float(worker.time_calls(call, min_runs=WARMUP_CALLS).min()) / 1e9
            except WorkerError as error:
                found[kind] = {"failed": str(error)}
                continue
            workers[kind] = worker, max(1, min(_MAX_TURN_CALLS, int(_TURN_SECONDS / max(took, 1e-6))))
        for turn in range(rounds):
            for kind, (worker, calls) in workers.items():
                if turn < _MIN_TURNS or sum(found[kind]["ms"]) < _ENOUGH_MS:
                    found[kind]["ms"] += _milliseconds(worker.time_calls(call, min_runs=calls))
        for kind, (worker, _) in workers.items():
            found[kind]["peak_bytes"] = max(worker.memory().peak_bytes - worker.info.baseline_bytes, 0)
    return found


def _milliseconds(samples_ns: np.ndarray) -> list[float]:
    return [round(float(sample) / 1e6, 5) for sample in samples_ns]


def count_files(files: Mapping[str, pathlib.Path], emulator: Emulator, environment: Environment) -> dict[str, Cell]:
    """Returns the instructions of a call of each file, all in one process of the emulated core; where that dies, each
    in its own, and the cell of the one that dies says why."""
    jobs = {kind: Job(path, SIGNATURE, _ANY_SOURCE) for kind, path in files.items()}
    try:
        counts = count(emulator, environment, list(jobs.values()))
        return {kind: {"instructions": each.mean} for kind, each in zip(jobs, counts, strict=True)}
    except MeasurementError as error:
        if len(files) == 1:
            return {kind: {"not_counted": str(error)} for kind in files}
    return {kind: count_files({kind: path}, emulator, environment)[kind] for kind, path in files.items()}


def too_much(before: Cell, growth: float, max_seconds: float, max_bytes: float) -> str:
    """Returns why a cell is not measured, or nothing: by the cell of a length before it, and the square of lengths.

    Args:
        before: the kind's cell of the length before; empty where there is none.
        growth: this length over that one.
    """
    if "skipped" in before:
        return str(before["skipped"])
    if "ms" not in before:
        return ""
    seconds, peak = float(np.median(before["ms"])) / 1e3 * growth**2, before["peak_bytes"] * growth**2
    if seconds > max_seconds:
        return f"more than {max_seconds:g} s a call, by the square of the length before"
    return f"more than {max_bytes / 1e9:g} GB, by the square of the length before" if peak > max_bytes else ""
