"""Rows of a CSV: by the names of columns, one at a time, and refused in one line where they are none."""

from __future__ import annotations

import io
import itertools
import math

import pytest

from tfedge.errors import InputError
from tfedge.tasks.csv_rows import MAX_LINE, CsvRows, bounded_lines


def _rows(text: str, channels=None) -> list:
    return list(CsvRows(text.splitlines(keepends=True), "a.csv", channels))


def test_rows_when_columns_are_in_another_order_then_channels_come_as_asked():
    rows = _rows("subject,y,time,x,label\n7,2,0.02,1,walk\n", ("x", "y"))
    assert rows[0].values == (1.0, 2.0)
    assert (rows[0].time, rows[0].rate, rows[0].label, rows[0].subject, rows[0].line) == (0.02, None, "walk", "7", 2)


def test_rows_when_no_channels_are_asked_for_then_every_other_column_is_one():
    assert CsvRows(["time,b,label,a\n"], "a.csv").channels == ("b", "a")


@pytest.mark.parametrize("cell", ["", "NaN", "NA", "null", "inf", "-Infinity"])
def test_rows_when_a_value_is_missing_then_the_row_is_not_whole(cell):
    (row,) = _rows(f"x,y\n1,{cell}\n")
    assert math.isnan(row.values[1])
    assert not row.is_whole


def test_rows_when_lines_are_blank_or_quoted_or_with_a_mark_then_they_are_read():
    rows = _rows('\ufeff"x", y\r\n\r\n"1.5", 2e-1\r\n\n')
    assert [(row.line, row.values, row.is_whole) for row in rows] == [(3, (1.5, 0.2), True)]


def test_rows_when_the_stream_never_ends_then_rows_come_at_once():
    rows = iter(CsvRows(itertools.chain(["x\n"], itertools.repeat("4\n")), "a.csv"))
    assert [next(rows).values for _ in range(3)] == [(4.0,)] * 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("1,2\n3,4\n", "names of columns in the first line"),
        ("x,x\n", "its own name; got 'x'"),
        ("x,\n", "its own name; got ''"),
        ("time,label\n", "one or more channels"),
        ("x,y\n1\n", "2 values in line 2"),
        ("x,y\n1,2,3\n", "2 values in line 2"),
        ("x,y\n1,two\n", "a number for 'y' in line 2 of a.csv; got 'two'"),
        ("x\n1_000\n", "got '1_000'"),
        ('x\n"1\n', "line 2: "),
        ("x\n" + "1" * (MAX_LINE + 1), "line 2 is longer"),
    ],
)
def test_rows_when_the_text_is_no_such_table_then_the_line_is_named(text, told):
    with pytest.raises(InputError, match=told):
        _rows(text)


def test_rows_when_a_channel_is_not_there_then_it_is_named():
    with pytest.raises(InputError, match="got a, b; missing: c"):
        _rows("a,b\n1,2\n", ("a", "c"))


def test_bounded_lines_when_there_is_no_line_end_then_no_more_than_a_line_is_read():
    first = next(bounded_lines(io.StringIO("1" * 10 * MAX_LINE), "a.csv"))
    assert len(first) == MAX_LINE + 1


def test_bounded_lines_when_bytes_are_not_utf_8_then_they_are_refused():
    stream = io.TextIOWrapper(io.BytesIO(b"x\n\xff\n"), encoding="utf-8")
    with pytest.raises(InputError, match="UTF-8"):
        list(bounded_lines(stream, "a.csv"))
