"""Windows of a signal that is still being recorded: row after row in, a window each time one is complete."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator
from typing import TextIO

import numpy as np
import numpy.typing as npt

from tfedge.errors import InputError
from tfedge.tasks.csv_rows import RATE, TIME, CsvRows, Row, bounded_lines
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.tasks.recording_folder import GAP, MISSING
from tfedge.tasks.timeline import Timeline


@dataclasses.dataclass(frozen=True, eq=False)
class LiveWindow:
    """A window, when its last row has come.

    Attributes:
        inputs: float32 (1, length, channels), scaled.
        row: rows read up to its last one, the first being 1.
        time: of its last row in seconds: by the column `time`, else by the rate; None where neither is known.
    """

    inputs: npt.NDArray[np.float32]
    row: int
    time: float | None


class WindowStream:
    """Reads a CSV as if it were live and gives its windows; holds one window of rows.

    A row with a missing value is left out and counted, as are gaps in time; no window spans either: the next one
    begins behind it.

    Args:
        windows: the model's preprocessing; the CSV has its channels by name, in any order, and may have more columns.
        stream: text, such as an open file or stdin.
        where: what messages call it.

    Attributes:
        skipped: why -> how many rows or gaps, so far.
        has_clock: whether a column tells the time or the rate.

    Raises:
        InputError: no header or not the channels; while iterating: a value that is no number, another rate, time that
            does not rise, or an end before there was one window.
    """

    def __init__(self, windows: WindowPreprocessing, stream: TextIO, where: str) -> None:
        self._windows, self._where = windows, where
        self._rows = CsvRows(bounded_lines(stream, where), where, windows.channels)
        self._timeline = Timeline(where, windows.rate_hz)
        self.skipped: collections.Counter[str] = collections.Counter()
        self.has_clock = TIME in self._rows.columns or RATE in self._rows.columns

    def __iter__(self) -> Iterator[LiveWindow]:
        held: collections.deque[Row] = collections.deque(maxlen=self._windows.length)
        num_rows = num_windows = since = longest = line = 0
        for num_rows, row in enumerate(self._rows, 1):  # noqa: B007
            line = row.line
            if not row.is_whole:
                self.skipped[MISSING] += 1
                held.clear()
                continue
            if self._timeline.is_gap_before(row):
                if held:  # Not what a row that was left out leaves, which is counted as such.
                    self.skipped[GAP] += 1
                held.clear()
            # Rows since the first of the last run without a gap.
            since = since + 1 if held else 1
            held.append(row)
            longest = max(longest, since)
            late = since - self._windows.length
            if late >= 0 and late % self._windows.hop == 0:
                num_windows += 1
                yield LiveWindow(
                    self._windows.apply([each.values for each in held]), num_rows, self._time(row, num_rows)
                )
        self._timeline.close(line)
        if not num_windows:
            self._refuse(num_rows, longest)

    def _time(self, row: Row, num_rows: int) -> float | None:
        if row.time is not None or self._windows.rate_hz is None:
            return row.time
        return num_rows / self._windows.rate_hz

    def _refuse(self, num_rows: int, longest: int) -> None:
        left_out = ", ".join(f"{why}: {number}" for why, number in self.skipped.items())
        told = f", at most {longest} without a gap ({left_out})" if left_out else ""
        raise InputError(
            f"expected {self._windows.length} rows or more in {self._where}, as a window has; got {num_rows}{told}; "
            "record for longer"
        )
