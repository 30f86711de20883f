from __future__ import annotations

import io
import os

import pytest

from tfedge.devices.android.following import Lines, Share, read_progress


class Bar:
    """Keeps what it was told."""

    def __init__(self):
        self.done, self.notes = 0.0, []

    def advance(self, amount=1, note=""):
        assert amount >= 0
        self.done += amount
        self.notes.append(note)


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


def test_share_when_a_program_counts_back_or_too_far_then_the_bar_does_not():
    bar = Bar()
    share = Share(bar)
    for done, total in ((1, 4), (0, 4), (9, 4), (1, 0)):
        share.show(done, total)
    assert bar.done == 1.0 and bar.notes[0] == "1 of 4"
