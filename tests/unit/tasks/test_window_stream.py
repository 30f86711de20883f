"""A signal that is still being recorded: windows as they come, none over a gap, and little held."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

from tfedge.errors import InputError
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.tasks.recording_folder import GAP, MISSING
from tfedge.tasks.window_stream import WindowStream

WINDOWS = WindowPreprocessing(("x", "y"), 20, 5, (1.0, 2.0), (2.0, 4.0), 50.0)


class _Endless(io.TextIOBase):
    """Rows without an end; raises where more are read than a window needs."""

    def __init__(self, most: int) -> None:
        self._lines = itertools.chain(["x,y\n"], (f"{row},0\n" for row in range(most)))

    def readline(self, _: int = -1) -> str:
        return next(self._lines)


def _stream(rows, header: str = "time,y,x", windows=WINDOWS) -> WindowStream:
    return WindowStream(windows, io.StringIO("\n".join([header, *rows])), "a.csv")


def _rows(count: int, rate: float = 50.0) -> list[str]:
    return [f"{row / rate:.3f},{row * row % 17},{row}" for row in range(count)]


def test_stream_when_rows_come_then_windows_are_those_of_the_whole_recording():
    rows = _rows(47)
    raw = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    found = list(_stream(rows))
    np.testing.assert_array_equal(np.concatenate([each.inputs for each in found]), WINDOWS.cut(raw[:, [2, 1]]))
    assert [(each.row, each.time) for each in found] == [(end, (end - 1) / 50) for end in range(20, 48, 5)]


def test_stream_when_a_window_is_whole_then_it_comes_before_the_next_row_is_read():
    first = next(iter(WindowStream(WINDOWS, _Endless(20), "stdin")))
    assert (first.row, first.time) == (20, 20 / 50)


def test_stream_when_a_row_misses_a_value_then_it_is_counted_and_no_window_spans_it():
    rows = _rows(60)
    rows[30] = "0.6,,30"
    stream = _stream(rows)
    assert [each.row for each in stream] == [20, 25, 30, 51, 56]
    assert stream.skipped == {MISSING: 1}


def test_stream_when_rows_are_left_out_then_the_gap_is_counted_and_no_window_spans_it():
    rows = _rows(60)
    del rows[30:33]
    stream = _stream(rows)
    assert [each.row for each in stream] == [20, 25, 30, 50, 55]
    assert stream.skipped == {GAP: 1}


def test_stream_when_windows_do_not_overlap_then_rows_between_them_are_left_out():
    windows = WindowPreprocessing(("x", "y"), 4, 10, (0.0, 0.0), (1.0, 1.0))
    assert [each.row for each in _stream(_rows(30), windows=windows)] == [4, 14, 24]


@pytest.mark.parametrize(
    ("rows", "header", "told"),
    [
        (_rows(19), "time,y,x", "20 rows or more in a.csv, as a window has; got 19;"),
        ([], "time,y,x", "got 0"),
        (_rows(60, 100.0), "time,y,x", "50 rows a second in a.csv; got 100"),
        (_rows(60, 0.05), "time,y,x", "tell `time` in seconds"),
        (_rows(30), "time,y,z", "missing: x"),
        (["0,1,up"], "time,y,x", "got 'up'"),
    ],
)
def test_stream_when_rows_are_not_the_models_then_one_line_says_so(rows, header, told):
    with pytest.raises(InputError, match=told):
        list(_stream(rows, header))


def test_stream_when_gaps_leave_no_window_then_they_are_told():
    rows = _rows(38)
    rows[19] = "0.38,nan,1"
    with pytest.raises(InputError, match=f"got 38, at most 19 without a gap .{MISSING}: 1.;"):
        list(_stream(rows))
