"""A user's own recordings: CSV files with the columns `label`, `subject`, `time` or `rate`, and channels."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import os
import pathlib
from collections.abc import Iterator

import numpy as np

from tfedge.artifacts import read_bytes, sha256_hex
from tfedge.errors import ArtifactError, InputError
from tfedge.tasks.csv_rows import LABEL, CsvRows, Row
from tfedge.tasks.recordings import Recording, RecordingSet
from tfedge.tasks.timeline import Timeline, rate_of

MISSING, GAP, UNLABELLED, EMPTY = (
    *("row with a missing value", "gap in time"),
    *("row without a label", "file without rows"),
)


@dataclasses.dataclass
class _Found:
    """What the files read so far have in common."""

    channels: tuple[str, ...] | None = None
    columns: frozenset[str] = frozenset()
    rate_hz: float | None = None
    recordings: list[Recording] = dataclasses.field(default_factory=list)
    skipped: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


def read_recordings(folder: str | os.PathLike[str]) -> RecordingSet:
    """Reads every `.csv` of a folder: UTF-8, a header, one row a moment, all files with the same columns.

    Columns: `label`; `subject` (without it each file is a subject of its own); `time` in seconds, or `rate` in rows a
    second, or neither; every other column is a channel. A recording ends where a file ends, where label or subject
    changes, and where something was left out: rows with a missing value (empty, NaN, infinite) or without a label are
    skipped and counted, and so are gaps in time.

    Raises:
        ArtifactError: no such folder, or a file that cannot be read.
        InputError: no CSV in it, no column `label`, other columns or another rate than the first file, a value that is
            no number, or not one whole row.
    """
    folder = pathlib.Path(folder)
    paths = _csv_files(folder)
    found, digests = _Found(), []
    for path in paths:
        data = read_bytes(path, "recording")
        digests.append(f"{path.name} {sha256_hex(data)}\n")
        _read(path, data, found)
    if not found.recordings or found.channels is None:
        raise InputError(f"expected rows with labels and without missing values in {folder}; got none; see the files")
    source = {"name": folder.resolve().name, "version": "user", "sha256": sha256_hex("".join(digests).encode())}
    return RecordingSet(found.channels, found.rate_hz, tuple(found.recordings), source, dict(found.skipped))


def _csv_files(folder: pathlib.Path) -> list[pathlib.Path]:
    if not folder.is_dir():
        raise ArtifactError(f"expected a folder of CSV files at {folder}; there is none; check the path")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file())
    if not paths:
        raise InputError(f"expected CSV files in {folder}; got none; put each recording into a file NAME.csv")
    return paths


def _read(path: pathlib.Path, data: bytes, found: _Found) -> None:
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"expected UTF-8 text in {path}; it is not; convert the file to UTF-8") from None
    if not any(line.strip() for line in lines):
        found.skipped[EMPTY] += 1
        return
    table = CsvRows(lines, str(path), found.channels)
    _check_columns(path, table, found)
    rows = list(table)
    if not rows:
        found.skipped[EMPTY] += 1
        return
    rate_hz = _rate_of(rows)
    found.rate_hz = found.rate_hz or rate_hz
    timeline = Timeline(str(path), found.rate_hz)
    found.recordings += _pieces(rows, timeline, path.stem, found.skipped)
    timeline.close(rows[-1].line)


def _check_columns(path: pathlib.Path, table: CsvRows, found: _Found) -> None:
    if LABEL not in table.columns:
        raise InputError(f"expected a column `label` in {path}; got {', '.join(table.columns)[:200]}; add it")
    columns = frozenset(table.columns)
    if found.channels is not None and columns != found.columns:
        other = ", ".join(sorted(columns ^ found.columns))[:200]
        raise InputError(
            f"expected the columns of the first file in {path}; {other} is in one of them only; make them alike"
        )
    found.channels, found.columns = table.channels, columns


def _rate_of(rows: list[Row]) -> float | None:
    """Returns rows a second by the column `rate`, else by the times; None where neither tells."""
    told = [row.rate for row in rows if row.rate is not None and row.is_whole]
    if told:
        return told[0] if told[0] > 0 else None
    times = [row.time for row in rows if row.time is not None and row.is_whole]
    return rate_of([second - first for first, second in itertools.pairwise(times)])


def _pieces(
    rows: list[Row], timeline: Timeline, file_name: str, skipped: collections.Counter[str]
) -> Iterator[Recording]:
    piece: list[Row] = []
    for row in rows:
        is_left_out = not row.is_whole or not row.label
        if is_left_out:
            skipped[UNLABELLED if row.is_whole else MISSING] += 1
        is_gap = not is_left_out and timeline.is_gap_before(row)
        is_other = bool(piece) and (row.label, row.subject) != (piece[-1].label, piece[-1].subject)
        # A skipped row is counted as such, and not once more as the gap that it leaves.
        if is_gap and piece:
            skipped[GAP] += 1
        if piece and (is_left_out or is_gap or is_other):
            yield _recording(piece, file_name)
            piece = []
        if not is_left_out:
            piece.append(row)
    if piece:
        yield _recording(piece, file_name)


def _recording(piece: list[Row], file_name: str) -> Recording:
    rows = np.array([row.values for row in piece], np.float32)
    return Recording(rows, piece[0].label, piece[0].subject or file_name)
