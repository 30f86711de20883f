"""How a stage tells a person what it is doing, without knowing whether a terminal, a log or nobody listens.

A stage takes a `reporter` and calls it; the command line passes one that draws on stderr, a program
that imports the stage passes nothing and gets `SILENT`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Bar(Protocol):
    """One piece of work with a known amount."""

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Adds `amount` done; `note` replaces the words after the bar, for example "dev WER 24.1"."""


class Reporter(Protocol):
    """Listens to a stage."""

    def stage(self, title: str) -> None:
        """A new stage begins."""

    def say(self, text: str) -> None:
        """One fact a person wants to read, one line: counts, sizes, paths."""

    def bar(self, label: str, total: float) -> contextlib.AbstractContextManager[Bar]:
        """Work of `total` units begins; it ends with the `with` block. For anything longer than a second."""


class _SilentBar:
    def advance(self, amount: float = 1, note: str = "") -> None:
        """Does nothing."""


class SilentReporter:
    """Listens and shows nothing."""

    def stage(self, title: str) -> None:
        """Does nothing."""

    def say(self, text: str) -> None:
        """Does nothing."""

    @contextlib.contextmanager
    def bar(self, label: str, total: float) -> Iterator[Bar]:
        """Yields a bar that shows nothing."""
        yield _SilentBar()


SILENT: Reporter = SilentReporter()


def track(reporter: Reporter, items: Iterable[T], total: float, label: str) -> Iterator[T]:
    """Yields `items` and advances a bar by one after each."""
    with reporter.bar(label, total) as bar:
        for item in items:
            yield item
            bar.advance()
