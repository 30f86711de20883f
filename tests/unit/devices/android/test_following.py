from __future__ import annotations

import contextlib
import io
import os

import pytest

from tfedge.devices.android.following import Lines, Phases, read_progress


class Bars:
    """A reporter that keeps how far each bar went, and whether it ended."""

    def __init__(self):
        self.told = []

    @contextlib.contextmanager
    def bar(self, label, total):
        self.told.append([label, total, 0, "open"])
        yield self
        self.told[-1][3] = "ended"

    def advance(self, amount=1, note=""):
        assert amount > 0
        self.told[-1][2] += amount


def test_lines_then_each_without_its_end_and_none_at_last():
    lines = Lines(io.BytesIO(b"a\r\nb\n\xff"))
    assert [lines.next(1.0) for _ in range(4)] == ["a", "b", "\ufffd", None]


def test_lines_when_none_comes_then_time_out():
    read, write = os.pipe()
    lines = Lines(open(read, "rb"))
    with pytest.raises(TimeoutError):
        lines.next(0.02)
    os.close(write)
    assert lines.next(1.0) is None


@pytest.mark.parametrize(
    ("text", "read"), [("progress 3/16", (3, 16)), ("progress 3/", None), ("x progress 3/16", None)]
)
def test_read_progress(text, read):
    assert read_progress(text) == read


def test_phases_when_a_program_counts_to_another_number_then_a_new_bar_and_none_moves_back():
    bars = Bars()
    with Phases(bars, "selftest") as phases:
        for done, total in ((0, 2), (2, 2), (1, 2), (10, 100), (5, 100), (999, 100), (100, 100)):
            phases.show(done, total)
    assert bars.told == [["selftest", 2, 2, "ended"], ["selftest", 100, 100, "ended"]]


def test_phases_when_nothing_is_told_then_no_bar():
    bars = Bars()
    with Phases(bars, "selftest"):
        pass
    assert bars.told == []
