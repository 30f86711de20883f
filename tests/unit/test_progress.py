from __future__ import annotations

import contextlib

import pytest

from tfedge import progress


class Recorder:
    """A reporter that remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def stage(self, title: str) -> None:
        self.heard.append(title)

    def say(self, text: str) -> None:
        self.heard.append(text)

    @contextlib.contextmanager
    def bar(self, label, total):
        self.heard.append((label, total))
        yield self
        self.heard.append("end")

    def advance(self, amount=1, note=""):
        self.heard.append(amount)


def test_track_then_items_pass_and_the_bar_advances_after_each():
    recorder = Recorder()
    assert list(progress.track(recorder, "ab", 2, "letters")) == ["a", "b"]
    assert recorder.heard == [("letters", 2), 1, 1, "end"]


def test_track_when_the_reader_stops_early_then_an_item_in_work_does_not_count():
    recorder = Recorder()
    items = progress.track(recorder, range(5), 5, "numbers")
    next(items)
    items.close()
    assert recorder.heard == [("numbers", 5)]


def test_silent_then_nothing_is_printed(capsys):
    progress.SILENT.stage("a")
    progress.SILENT.say("b")
    with progress.SILENT.bar("c", 3) as bar:
        bar.advance(2, "d")
    assert capsys.readouterr() == ("", "")


def test_bar_when_work_raises_then_the_error_passes():
    with pytest.raises(ValueError, match="broken"), progress.SILENT.bar("c", 1):
        raise ValueError("broken")
