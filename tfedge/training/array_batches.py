"""Batches of arrays with labels, changed a little each time they are seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tfedge.tasks.array_data import ArraySplit
from tfedge.training import augmentation


class ArrayBatches:
    """Deals examples out in a seeded order, all batches of one size.

    The last batch is filled up with examples drawn again: TensorFlow traces the step once.

    Args:
        split: the examples.
        batch_size: examples a batch.
        seed: of the order and of the augmentations.
        augmentations: strength by name; see `tfedge.training.augmentation`.

    Raises:
        ConfigError: an unknown augmentation.
    """

    def __init__(
        self, split: ArraySplit, batch_size: int, seed: int, augmentations: Mapping[str, float] | None = None
    ) -> None:
        self._split, self._seed = split, seed
        self._rows = min(batch_size, len(split))
        self._augment = augmentation.chosen(augmentations or {})

    def __len__(self) -> int:
        return -(-len(self._split) // self._rows)

    def epoch(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields (inputs, labels int64) of epoch `number`, which depend on it and on the seed alone."""
        random = np.random.default_rng((self._seed, number))
        order = random.permutation(len(self._split))
        order = np.concatenate([order, random.choice(order, -len(order) % self._rows)])
        for places in order.reshape(-1, self._rows):
            inputs = self._split.inputs[places]
            for change in self._augment:
                inputs = change(random, inputs)
            yield inputs, self._split.labels[places]
