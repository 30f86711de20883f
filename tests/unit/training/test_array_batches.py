from __future__ import annotations

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.array_data import ArraySplit
from tfedge.training.array_batches import ArrayBatches

SPLIT = ArraySplit(np.arange(10, dtype=np.float32).reshape(10, 1), np.arange(10))


def dealt(batches, number=0):
    return [(inputs[:, 0].tolist(), labels.tolist()) for inputs, labels in batches.epoch(number)]


def test_batches_then_every_example_with_its_label_all_of_one_size():
    batches = ArrayBatches(SPLIT, 4, seed=1)
    epoch = dealt(batches)
    assert len(batches) == len(epoch) == 3 and all(len(labels) == 4 for _, labels in epoch)
    assert {label for _, labels in epoch for label in labels} == set(range(10))
    assert all(inputs == labels for inputs, labels in epoch)


def test_batches_when_seed_or_epoch_differ_then_another_order():
    batches = ArrayBatches(SPLIT, 4, seed=1)
    assert dealt(batches) == dealt(ArrayBatches(SPLIT, 4, seed=1))
    assert dealt(batches, 1) != dealt(batches) != dealt(ArrayBatches(SPLIT, 4, seed=2))


def test_batches_when_larger_than_the_data_then_all_of_it():
    assert len(dealt(ArrayBatches(SPLIT, 100, seed=1))) == 1


def test_batches_when_an_augmentation_is_unknown_then_the_nearest_is_named():
    with pytest.raises(ConfigError, match="flip"):
        ArrayBatches(SPLIT, 4, seed=1, augmentations={"flp": 1.0})
