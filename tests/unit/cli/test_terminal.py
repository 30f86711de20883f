from __future__ import annotations

import io

import pytest
from rich.console import Console

from tfedge import progress
from tfedge.cli import terminal


@pytest.fixture
def log():
    return io.StringIO()


@pytest.fixture
def reporter(log):
    return terminal.TerminalReporter(Console(file=log, width=60))


def test_reporter_when_not_a_terminal_then_plain_lines_with_a_clock(reporter, log):
    reporter.stage("data")
    reporter.say("12,000 test words [not markup] " + "long " * 20)
    first, second = log.getvalue().splitlines()
    assert first.split() == ["0.0", "s", "data"]
    assert second.startswith(" " * 11 + "12,000 test words [not markup] long long")
    assert "\x1b" not in log.getvalue()


def test_bar_when_not_a_terminal_then_a_line_only_now_and_then(reporter, log, monkeypatch):
    list(progress.track(reporter, range(50), 50, "decode"))
    assert log.getvalue() == ""
    monkeypatch.setattr(terminal, "LOG_INTERVAL_S", 0.0)
    with reporter.bar("epoch 1", 2000) as bar:
        bar.advance(1200, "dev WER 24.1")
        bar.advance(800)
    assert [line.strip() for line in log.getvalue().splitlines()] == [
        "epoch 1: 1,200 of 2,000, dev WER 24.1",
        "epoch 1: 2,000 of 2,000",
    ]


def test_bar_when_a_terminal_then_it_is_drawn_and_then_gone(log):
    reporter = terminal.TerminalReporter(Console(file=log, width=100, force_terminal=True, _environ={"TERM": "xterm"}))
    with reporter.bar("decode", 4) as bar:
        for _ in range(4):
            bar.advance(note="half way")
    drawn = log.getvalue()
    assert "decode" in drawn and "4/4" in drawn and "half way" in drawn
    assert drawn.endswith("\x1b[1A\x1b[2K")  # The last thing drawn is the erasing of the bar's line.


def test_bar_when_the_terminal_is_dumb_then_no_control_codes(log):
    reporter = terminal.TerminalReporter(Console(file=log, width=100, force_terminal=True, _environ={"TERM": "dumb"}))
    reporter.stage("convert")
    with reporter.bar("decode", 1) as bar:
        bar.advance()
    assert "\x1b[2K" not in log.getvalue()


def test_reporter_is_what_stages_ask_for(reporter):
    asked: progress.Reporter = reporter
    assert asked is reporter
