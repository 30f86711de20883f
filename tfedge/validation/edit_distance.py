"""Levenshtein distance between two token sequences."""

from __future__ import annotations

from collections.abc import Sequence


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Returns the fewest insertions, deletions and substitutions that turn `first` into `second`.

    Example:
        >>> edit_distance("K AE T".split(), "K AA T S".split())
        2
    """
    if list(first) == list(second):  # Nearly every word of a good model: worth a test of its own.
        return 0
    previous = list(range(len(second) + 1))
    for row, token in enumerate(first, start=1):
        current = [row]
        for column, other in enumerate(second, start=1):
            substituted = previous[column - 1] + (token != other)
            current.append(min(substituted, previous[column] + 1, current[-1] + 1))
        previous = current
    return previous[-1]
