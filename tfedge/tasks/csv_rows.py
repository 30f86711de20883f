"""Rows of a sensor's CSV, read one by one in bounded memory: a header, then numbers; a file or a stream without end."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from tfedge.errors import InputError

TIME, RATE, LABEL, SUBJECT = "time", "rate", "label", "subject"
SPECIAL = (TIME, RATE, LABEL, SUBJECT)
# A row of 512 channels of 17 digits is below 10,000 characters; a file without line ends must not fill the memory.
MAX_LINE = 65_536
# As spreadsheets, pandas and R write a value that is not there.
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})


@dataclasses.dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        line: its number in the file, the header being 1.
        values: a number a channel, in the order asked for; NaN where it is missing or not finite.
        time: seconds; None without such a column.
        rate: rows a second as the row says; None without such a column.
        label, subject: of the row; "" without such a column.
    """

    line: int
    values: tuple[float, ...]
    time: float | None = None
    rate: float | None = None
    label: str = ""
    subject: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every value of it is a finite number."""
        return not any(map(math.isnan, (*self.values, self.time or 0.0, self.rate or 0.0)))


class CsvRows:
    """Iterates over the rows of a CSV with a header.

    The columns `time` (seconds), `rate` (rows a second), `label` and `subject` are known by name, each may be missing;
    the others are channels. Blank lines are passed over.

    Args:
        lines: such as an open text file; no more than one line of it is held.
        where: what messages call it.
        channels: columns that must be there, in the order that `Row.values` has; others beside them are left out.
            None: every column that is not one of the four, in the order of the header.

    Attributes:
        channels: as told, or as found.
        columns: of the header.

    Raises:
        InputError: no header, a column twice or missing, and while iterating: a row of another length, a value that
            is no number, or a line of more than `MAX_LINE` characters.
    """

    def __init__(self, lines: Iterable[str], where: str, channels: Sequence[str] | None = None) -> None:
        self._lines, self._where = enumerate(lines, 1), where
        self.columns = self._header()
        found = tuple(name for name in self.columns if name not in SPECIAL)
        self.channels = found if channels is None else tuple(channels)
        missing = [name for name in self.channels if name not in self.columns]
        if missing or not self.channels:
            wanted = ", ".join(self.channels) or "one or more channels"
            raise InputError(
                f"expected the columns {wanted} in {where}; got {_shown(self.columns)}"
                f"{f'; missing: {_shown(missing)}' if missing else ''}; name them in the first line"
            )
        self._places = {name: place for place, name in enumerate(self.columns)}

    def __iter__(self) -> Iterator[Row]:
        for number, line in self._lines:
            cells = self._cells(number, line)
            if not cells:
                continue
            if len(cells) != len(self.columns):
                raise InputError(
                    f"expected {len(self.columns)} values in line {number} of {self._where}, one a column; "
                    f"got {len(cells)}; correct the line"
                )
            yield self._row(number, cells)

    def _header(self) -> tuple[str, ...]:
        for number, line in self._lines:
            names = tuple(self._cells(number, line))
            if not names:
                continue
            twice = [name for name in names if not name or names.count(name) > 1]
            if twice:
                raise InputError(f"expected each column of {self._where} to have its own name; got {twice[0]!r}")
            if all(_is_number(name) for name in names):
                raise InputError(
                    f"expected names of columns in the first line of {self._where}; got numbers; add a line of names"
                )
            return names
        raise InputError(f"expected a line of column names and rows in {self._where}; it is empty")

    def _cells(self, number: int, line: str) -> list[str]:
        if len(line) > MAX_LINE:
            raise InputError(
                f"expected lines of at most {MAX_LINE} characters in {self._where}; line {number} is longer"
            )
        try:
            cells = next(csv.reader([line.lstrip("\ufeff") if number == 1 else line], strict=True), [])
        except csv.Error as error:
            raise InputError(f"expected CSV in {self._where}; line {number}: {error}; correct the line") from None
        cells = [cell.strip() for cell in cells]
        return cells if any(cells) or len(cells) > 1 else []

    def _row(self, number: int, cells: Sequence[str]) -> Row:
        time, rate = (self._number(number, cells, name) for name in (TIME, RATE))
        values = [self._number(number, cells, name) for name in self.channels]
        label, subject = (cells[self._places[name]] if name in self._places else "" for name in (LABEL, SUBJECT))
        return Row(number, tuple(value for value in values if value is not None), time, rate, label, subject)

    def _number(self, number: int, cells: Sequence[str], name: str) -> float | None:
        if name not in self._places:
            return None
        cell = cells[self._places[name]]
        if cell.lower() in _MISSING:
            return math.nan
        if not _is_number(cell):
            raise InputError(
                f"expected a number for {name!r} in line {number} of {self._where}; got {cell[:40]!r}; correct the line"
            )
        value = float(cell)
        return value if math.isfinite(value) else math.nan


def bounded_lines(stream: TextIO, where: str) -> Iterator[str]:
    """Yields the lines of a text stream as they come, never more than `MAX_LINE` + 1 characters of one.

    Raises:
        InputError: bytes that are not UTF-8.
    """
    try:
        while line := stream.readline(MAX_LINE + 1):
            yield line
    except UnicodeDecodeError:
        raise InputError(f"expected UTF-8 text in {where}; it is not; convert the file to UTF-8") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:12])
    return f"{shown}, …" if len(names) > 12 else shown
