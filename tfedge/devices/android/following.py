"""Following a program that runs on: its lines as they come, its progress in a bar, and how long to wait."""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import re
import threading
from typing import IO

from tfedge.progress import Bar, Reporter

_PROGRESS = re.compile(r"progress (\d{1,9})/(\d{1,9})")


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds.

    Attributes:
        look_s: without a line, after which one looks whether the app lives.
        silence_s: without a line, after which it is taken to hang; it tells its progress once a second at least.
        total_s: of one run.
    """

    look_s: float = 5.0
    silence_s: float = 60.0
    total_s: float = 1800.0


class Lines:
    """Lines of a pipe, read and at the end closed by a thread of its own, so that waiting for one can end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def next(self, timeout_s: float) -> str | None:
        """Returns the next line, None at the end; TimeoutError where none came in time."""
        try:
            return self._lines.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError from None

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))
        self._lines.put(None)


def read_progress(text: str) -> tuple[int, int] | None:
    """Returns done and total of "progress 3/16"; None of anything else."""
    counted = _PROGRESS.fullmatch(text)
    return (int(counted[1]), int(counted[2])) if counted else None


class Phases:
    """Bars of a program that tells its progress: a new one where it counts to another number, none moves back.

    Args:
        label: names every bar.
    """

    def __init__(self, reporter: Reporter, label: str) -> None:
        self._reporter, self._label = reporter, label
        self._open = contextlib.ExitStack()
        self._bar: Bar | None = None
        self._done = self._total = 0

    def __enter__(self) -> Phases:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def show(self, done: int, total: int) -> None:
        """Moves the bar to `done` of `total`."""
        if self._bar is None or total != self._total:
            self._open.close()
            self._bar = self._open.enter_context(self._reporter.bar(self._label, total))
            self._done, self._total = 0, total
        if self._done < done <= total:
            self._bar.advance(done - self._done)
            self._done = done
