"""Whether rows follow each other as a model's windows expect it: at one rate, and where something is left out."""

from __future__ import annotations

import collections
import statistics
from collections.abc import Sequence

from tfedge.errors import InputError
from tfedge.tasks.csv_rows import Row

# A clock of a watch is right within a thousandth; a tenth tells 50 from 45 rows a second through rounded times.
RATE_TOLERANCE = 0.1
# From one and a half intervals on, a row is nearer to have been left out than to be late.
GAP_INTERVALS = 1.5
# Intervals that tell the rate: enough for late rows and gaps among them.
RATE_INTERVALS = 16


def rate_of(intervals: Sequence[float]) -> float | None:
    """Returns rows a second by the seconds between rows; None where nothing tells.

    The mean of the intervals near their median: gaps do not count, and times rounded to a hundredth do no harm.
    """
    if not intervals:
        return None
    middle = statistics.median(intervals)
    near = [interval for interval in intervals if 0.5 * middle < interval < GAP_INTERVALS * middle]
    return float(f"{1 / statistics.fmean(near):.6g}") if near else None


class Timeline:
    """Looks at rows in turn, in bounded memory.

    Args:
        where: what messages call their source.
        rate_hz: rows a second that are expected; None: no time is looked at.
    """

    def __init__(self, where: str, rate_hz: float | None) -> None:
        self._where, self._rate_hz = where, rate_hz
        self._last: float | None = None
        self._intervals: collections.deque[float] = collections.deque(maxlen=RATE_INTERVALS)

    def is_gap_before(self, row: Row) -> bool:
        """Whether rows are missing between the row looked at before and this one.

        Raises:
            InputError: another rate, by the column `rate` or by the times of the last rows, or time that does not rise.
        """
        if self._rate_hz is None:
            return False
        if row.rate is not None:
            self._check(row.rate, row)
        if row.time is None:
            return False
        last, self._last = self._last, row.time
        if last is None:
            return False
        interval = row.time - last
        if interval <= 0:
            raise InputError(
                f"expected times that rise in {self._where}; line {row.line} has {row.time:g} s after {last:g} s; "
                "sort the rows, one recording a file"
            )
        self._intervals.append(interval)
        if len(self._intervals) == RATE_INTERVALS:
            self._check(rate_of(self._intervals), row)
        return interval * self._rate_hz > GAP_INTERVALS

    def close(self, line: int) -> None:
        """Judges the rate of a source that ended before there were `RATE_INTERVALS`; InputError where it is another."""
        if 0 < len(self._intervals) < RATE_INTERVALS and self._rate_hz is not None:
            self._check(rate_of(self._intervals), Row(line, ()))

    def _check(self, rate_hz: float | None, row: Row) -> None:
        expected = self._rate_hz
        if rate_hz is None or expected is None:
            return
        if not abs(rate_hz - expected) <= RATE_TOLERANCE * expected:
            raise InputError(
                f"expected {expected:g} rows a second in {self._where}; got {rate_hz:.4g} at line {row.line}; "
                "resample it, and tell `time` in seconds"
            )
