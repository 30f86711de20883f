"""The log of a machine: rows of sensors in the order of time, some perhaps told to be anomalies."""

from __future__ import annotations

import dataclasses
import gzip
import io
import math
import os
import zlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tfedge.artifacts import read_bytes, sha256_hex
from tfedge.errors import InputError
from tfedge.tasks.csv_rows import CsvRows, bounded_lines

ANOMALY = "anomaly"
MISSING = "rows with a missing value"
_GZIP = b"\x1f\x8b"
# A log of 10 million readings is below this; a small .gz may hold a file that fills the memory.
_MAX_BYTES = 2**30


@dataclasses.dataclass(frozen=True, eq=False)
class MachineLog:
    """Rows.

    Attributes:
        channels: names of the sensors.
        rows: float64 (N, channels), each value finite.
        labels: int64 (N,): 1 of anomalies, 0 of normal rows; None where nothing tells.
        follows: bool (N,): whether a row follows the one before it; false of the first, and behind rows left out.
        skipped: why -> how many rows were left out.
    """

    channels: tuple[str, ...]
    rows: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64] | None
    follows: npt.NDArray[np.bool_]
    skipped: Mapping[str, int] = dataclasses.field(default_factory=dict)


def read_log(path: str | os.PathLike[str]) -> tuple[MachineLog, dict[str, str]]:
    """Reads a CSV, or one packed by gzip: a header, a column a sensor, and perhaps `anomaly`, 0 or 1.

    Columns `time`, `rate`, `label` and `subject` are no sensors and are passed over. Rows with a value that is missing
    or not finite are left out and counted.

    Returns:
        the rows, and their source: name, version and sha256.

    Raises:
        ArtifactError: the file cannot be read.
        InputError: no CSV of numbers, no rows, or an `anomaly` that is neither 0 nor 1.
    """
    content = read_bytes(path, "log of a machine")
    where = os.path.basename(os.fspath(path))
    return parse_log(content, where), {"name": where, "version": "user", "sha256": sha256_hex(content)}


def parse_log(content: bytes, where: str) -> MachineLog:
    """Returns the rows of a file's bytes; InputError as `read_log`. `where` is what messages call it."""
    text = io.TextIOWrapper(io.BytesIO(_unpacked(content, where)), encoding="utf-8", newline=None)
    reader = CsvRows(bounded_lines(text, where), where)
    channels = tuple(name for name in reader.channels if name != ANOMALY)
    if not channels:
        raise InputError(f"expected one or more columns of sensors in {where}; got {', '.join(reader.columns)}")
    place = reader.channels.index(ANOMALY) if ANOMALY in reader.channels else None
    rows: list[tuple[float, ...]] = []
    labels: list[float] = []
    follows: list[bool] = []
    is_whole, num_skipped = False, 0
    for row in reader:
        if any(map(math.isnan, row.values)):
            is_whole, num_skipped = False, num_skipped + 1
            continue
        values = list(row.values)
        if place is not None:
            label = values.pop(place)
            if label not in (0, 1):
                raise InputError(
                    f"expected 0 or 1 for {ANOMALY!r} in line {row.line} of {where}; got {label:g}; correct the line"
                )
            labels.append(label)
        rows.append(tuple(values))
        follows.append(is_whole)
        is_whole = True
    if not rows:
        got = f"{num_skipped}, each with a missing value" if num_skipped else "none"
        raise InputError(f"expected rows of numbers in {where}; got {got}; give a log of whole rows")
    return MachineLog(
        channels,
        np.array(rows, np.float64),
        None if place is None else np.array(labels, np.int64),
        np.array(follows, np.bool_),
        {MISSING: num_skipped} if num_skipped else {},
    )


def _unpacked(content: bytes, where: str) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            plain = file.read(_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"expected a file packed by gzip in {where}; {error}; get it again") from None
    if len(plain) > _MAX_BYTES:
        raise InputError(f"expected at most {_MAX_BYTES} bytes of CSV in {where}; it holds more; give a part of it")
    return plain
