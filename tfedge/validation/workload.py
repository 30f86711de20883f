"""What is timed and what memory is measured of: decodes of sources, or calls of signatures with tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError, one_of
from tfedge.modelfile.tensor_cases import TensorCase
from tfedge.runtime.client import ENTRIES, Worker
from tfedge.runtime.signatures import Array
from tfedge.validation.tensor_golden import real_cases

SIGNATURES = "signatures"  # The entry of a file of tensors: each of its signatures, called alone.
ALL_ENTRIES = (*ENTRIES, SIGNATURES)
# Of each signature, so that a pass over them is short.
MAX_CALLS = 8
Samples = npt.NDArray[np.int64]


class Workload(Protocol):
    """A few questions that every candidate answers again and again."""

    @property
    def num_sources(self) -> int:
        """Questions in one pass."""

    @property
    def sha256(self) -> str:
        """Over all of them."""

    @property
    def calls(self) -> tuple[str, ...]:
        """The signature that each question calls; empty where each is a decode."""

    def time(self, worker: Worker, entry: str, min_runs: int, min_seconds: float) -> Samples:
        """Returns nanoseconds, int64 (passes * num_sources,); sample k belongs to question k % num_sources."""

    def run_once(self, worker: Worker, entry: str) -> None:
        """Asks each question once."""

    def heaviest(self) -> Workload:
        """Returns the questions whose memory stands for all."""


class Decodes:
    """Decodes of sources.

    Args:
        sources: int32 ids, padded, (max_source_length,) or (1, max_source_length) each, the longest last.
        max_target_length: needed where a file has no `greedy` signature to tell it.

    Raises:
        ConfigError: no rows, or rows of unequal lengths.
    """

    calls: tuple[str, ...] = ()

    def __init__(
        self,
        sources: Sequence[npt.NDArray[np.int32]] | npt.NDArray[np.int32],
        max_target_length: int | None = None,
    ) -> None:
        rows = [np.reshape(row, -1) for row in sources]
        if not rows or len({row.shape for row in rows}) > 1:
            lengths = sorted({len(row) for row in rows})
            raise ConfigError(
                f"expected one source or more, all of one padded length; got lengths {lengths}; pad them alike"
            )
        self._rows: npt.NDArray[np.int32] = np.stack(rows)
        self._max_target_length = max_target_length

    @property
    def num_sources(self) -> int:
        return len(self._rows)

    @property
    def sha256(self) -> str:
        rows = self._rows
        return hashlib.sha256(f"{rows.shape}".encode() + np.ascontiguousarray(rows, "<i4").tobytes()).hexdigest()

    def time(self, worker: Worker, entry: str, min_runs: int, min_seconds: float) -> Samples:
        return worker.time(self._rows, entry, self._max_target_length, min_runs=min_runs, min_seconds=min_seconds)

    def run_once(self, worker: Worker, entry: str) -> None:
        worker.decode_many(self._rows, entry, self._max_target_length)

    def heaviest(self) -> Decodes:
        return Decodes(self._rows[-1:], self._max_target_length)


class Calls:
    """Calls of signatures, as many of each: the float model's inputs, in whatever form a file takes them.

    Args:
        cases: golden cases; the first of each signature are used.

    Raises:
        ConfigError: there is none.
    """

    def __init__(self, cases: Sequence[TensorCase]) -> None:
        by_signature: dict[str, list[TensorCase]] = {}
        for case in cases:
            by_signature.setdefault(case.signature, []).append(case)
        if not by_signature:
            raise ConfigError("expected one golden case or more to call with; got none; package the file again")
        count = min(MAX_CALLS, *map(len, by_signature.values()))
        self._cases = tuple(each for place in range(count) for each in (row[place] for row in by_signature.values()))

    @property
    def num_sources(self) -> int:
        return len(self._cases)

    @property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for case in self._cases:
            for name, array in sorted(case.inputs.items()):
                digest.update(f"{case.signature}/{name}/{array.dtype.name}/{array.shape}".encode())
                digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()

    @property
    def calls(self) -> tuple[str, ...]:
        return tuple(case.signature for case in self._cases)

    def time(self, worker: Worker, entry: str, min_runs: int, min_seconds: float) -> Samples:
        _check_entry(entry)
        return worker.time_calls(self._asked(worker), min_runs=min_runs, min_seconds=min_seconds)

    def run_once(self, worker: Worker, entry: str) -> None:
        _check_entry(entry)
        for name, inputs in self._asked(worker):
            worker.run(name, inputs)

    def heaviest(self) -> Calls:
        return Calls(self._cases[: len(set(self.calls))])

    def _asked(self, worker: Worker) -> list[tuple[str, dict[str, Array]]]:
        cases = real_cases(self._cases, worker.describe())
        return [(case.calls[0].signature, dict(case.calls[0].inputs)) for case in cases]


def _check_entry(entry: str) -> None:
    if entry != SIGNATURES:
        raise one_of("entry of a file of tensors", entry, [SIGNATURES])
