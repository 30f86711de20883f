"""Progress on stderr: bars on a terminal, plain lines with a clock in a pipe or a log."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich import progress as rich_progress
from rich.console import Console
from rich.text import Text

from tfedge.printable import printable
from tfedge.progress import Bar

# Seconds between two lines about the same work where there is no terminal to redraw.
LOG_INTERVAL_S = 10.0


class TerminalReporter:
    """A `tfedge.progress.Reporter` that draws on a console, by default the process's stderr."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._started = time.monotonic()

    def stage(self, title: str) -> None:
        """Prints the title with the seconds since the start."""
        self._print(f"{self._seconds():>7.1f} s  ", title, "bold")

    def say(self, text: str) -> None:
        """Prints one line below the stage's title."""
        self._print(" " * 11, text, "")

    @contextlib.contextmanager
    def bar(self, label: str, total: float) -> Iterator[Bar]:
        """Yields a bar that is gone when the work is done, or one that prints a line now and then."""
        if not self._console.is_interactive or self._console.is_dumb_terminal:
            yield _LoggedBar(self, label, total)
            return
        columns = (
            rich_progress.TextColumn(" " * 10 + "{task.description}"),
            rich_progress.BarColumn(bar_width=30),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TimeElapsedColumn(),
            rich_progress.TimeRemainingColumn(elapsed_when_finished=True),
            rich_progress.TextColumn("{task.fields[note]}", markup=False),  # A file name may hold square brackets.
        )
        with rich_progress.Progress(*columns, console=self._console, transient=True) as drawn:
            yield _DrawnBar(drawn, drawn.add_task(label, total=total, note=""))

    def _print(self, margin: str, text: str, style: str) -> None:
        # Text and not markup: a path may hold square brackets. soft_wrap: a log line is never cut in two.
        self._console.print(Text.assemble((margin, "dim"), (printable(text), style)), soft_wrap=True)

    def _seconds(self) -> float:
        return time.monotonic() - self._started


class _DrawnBar:
    def __init__(self, drawn: rich_progress.Progress, task: rich_progress.TaskID) -> None:
        self._drawn, self._task = drawn, task

    def advance(self, amount: float = 1, note: str = "") -> None:
        if note:
            self._drawn.update(self._task, note=note)
        self._drawn.advance(self._task, amount)


class _LoggedBar:
    def __init__(self, reporter: TerminalReporter, label: str, total: float) -> None:
        self._reporter, self._label, self._total = reporter, label, total
        self._done = 0.0
        self._spoken = time.monotonic()

    def advance(self, amount: float = 1, note: str = "") -> None:
        self._done += amount
        if time.monotonic() - self._spoken < LOG_INTERVAL_S:
            return
        self._spoken = time.monotonic()
        said = f"{self._label}: {self._done:,.0f} of {self._total:,.0f}"
        self._reporter.say(f"{said}, {note}" if note else said)
