"""Which token of an answer stands for which of the right one: the fewest edits, written out."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[str | None, str | None]  # What is right and what was answered; None: inserted, or left out.


def align(right: Sequence[str], answer: Sequence[str]) -> list[Pair]:
    """Returns the pairs of one alignment with the fewest insertions, deletions and substitutions.

    Of equally good ones the one that substitutes last is taken, so that the result is always the same.

    Example:
        >>> align("K AE T".split(), "K AA T S".split())
        [('K', 'K'), ('AE', 'AA'), ('T', 'T'), (None, 'S')]
    """
    costs = [list(range(len(answer) + 1))]
    for row, token in enumerate(right, start=1):
        costs.append([row])
        for column, other in enumerate(answer, start=1):
            substituted = costs[row - 1][column - 1] + (token != other)
            costs[row].append(min(substituted, costs[row - 1][column] + 1, costs[row][-1] + 1))
    pairs: list[Pair] = []
    row, column = len(right), len(answer)
    while row or column:
        here = costs[row][column]
        if row and column and here == costs[row - 1][column - 1] + (right[row - 1] != answer[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((right[row], answer[column]))
        elif row and here == costs[row - 1][column] + 1:
            row -= 1
            pairs.append((right[row], None))
        else:
            column -= 1
            pairs.append((None, answer[column]))
    return pairs[::-1]
