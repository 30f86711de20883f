"""Batches of pairs of about equal length, so that a CPU computes tokens and hardly any padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tfedge.text.tokenizer import PAD_ID, START_ID

IdArray = npt.NDArray[np.int32]


class Batch(NamedTuple):
    """One training batch.

    Attributes:
        source_ids: int32 (rows, width): source tokens with the stop token, padded with 0.
        target_ids: int32 (rows, width + 1): start token, target tokens, stop token, padded with 0.
    """

    source_ids: IdArray
    target_ids: IdArray


def pad(rows: Sequence[Sequence[int]], width: int) -> IdArray:
    """Returns int32 (len(rows), width), each row filled up with padding."""
    array = np.full((len(rows), width), PAD_ID, np.int32)
    for index, row in enumerate(rows):
        array[index, : len(row)] = row
    return array


class BucketedBatches:
    """Cuts training pairs into buckets by length and deals them out in a seeded order.

    Every batch of a bucket has the same shape: TensorFlow traces the step once a bucket. The last batch of a
    bucket is filled up with pairs drawn again from that bucket.

    Args:
        pairs: (source ids, target ids) of each pair, both with the stop token.
        batch_tokens: target tokens a batch, padding included.
        seed: of the order.
        max_buckets: buckets at most.
    """

    def __init__(
        self, pairs: Sequence[tuple[list[int], list[int]]], batch_tokens: int, seed: int, max_buckets: int = 8
    ) -> None:
        lengths = np.array([max(len(source), len(target)) for source, target in pairs])
        self._seed = seed
        self._buckets: list[tuple[IdArray, IdArray, int]] = []
        for low, width in _widths(lengths, max_buckets):
            members = [pairs[i] for i in np.flatnonzero((lengths > low) & (lengths <= width))]
            source = pad([pair[0] for pair in members], width)
            target = pad([[START_ID, *pair[1]] for pair in members], width + 1)
            # Rows in multiples of 8 fill vector registers; a bucket smaller than one batch is one batch.
            rows = min(len(members), max(8, batch_tokens // width // 8 * 8))
            self._buckets.append((source, target, rows))

    def __len__(self) -> int:
        return sum(-(-len(source) // rows) for source, _, rows in self._buckets)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yields the batches of epoch `number` in an order that depends on it and on the seed alone."""
        random = np.random.default_rng((self._seed, number))
        plan: list[tuple[int, npt.NDArray[np.int64]]] = []
        for index, (source, _, rows) in enumerate(self._buckets):
            order = random.permutation(len(source))
            order = np.concatenate([order, random.choice(order, -len(order) % rows)])
            plan.extend((index, members) for members in order.reshape(-1, rows))
        for position in random.permutation(len(plan)):
            index, members = plan[position]
            source, target, _ = self._buckets[index]
            yield Batch(source[members], target[members])


def _widths(lengths: npt.NDArray[np.int64], max_buckets: int) -> list[tuple[int, int]]:
    """Returns (exclusive lower, inclusive upper) lengths of buckets, chosen to waste the least padding."""
    values, counts = np.unique(lengths, return_counts=True)
    total, size = np.cumsum(counts), len(values)
    # best[k][j]: fewest padded tokens when the first j lengths are cut into k buckets (exact, by dynamic programming).
    best = np.full((max_buckets + 1, size + 1), np.inf)
    cut = np.zeros((max_buckets + 1, size + 1), int)
    best[:, 0] = 0
    for k in range(1, max_buckets + 1):
        for j in range(1, size + 1):
            starts = np.arange(j)
            inside = total[j - 1] - np.where(starts > 0, total[starts - 1], 0)
            costs = best[k - 1, starts] + inside * values[j - 1]
            cut[k, j] = int(np.argmin(costs))
            best[k, j] = costs[cut[k, j]]
    bounds, j = [], size
    for k in range(max_buckets, 0, -1):
        if j == 0:
            break
        i = cut[k, j]
        bounds.append((int(values[i - 1]) if i else 0, int(values[j - 1])))
        j = i
    return bounds[::-1]
