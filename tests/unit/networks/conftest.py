"""Networks of random weights, small and quick to build."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from tfedge.networks.seq2seq import Seq2SeqTransformer


@pytest.fixture
def make_network(tiny_config):
    """Returns a function: changes -> a built network of 12 source and 11 target ids, biases and all, random."""

    def make(**changes) -> Seq2SeqTransformer:
        keras.utils.set_random_seed(1)
        sizes = {**dataclasses.asdict(tiny_config.network), "dropout": 0.0, **changes}
        network = Seq2SeqTransformer(12, 11, max_source_length=8, max_target_length=7, **sizes)
        network.build()
        random = np.random.default_rng(3)
        for variable in network.trainable_variables:
            if not np.any(variable.numpy()):
                variable.assign(random.normal(scale=0.1, size=variable.shape))
        return network

    return make


@pytest.fixture
def sources():
    """int32 (16, 8): ids with a stop token at different places, then padding."""
    random = np.random.default_rng(5)
    ids = random.integers(3, 12, size=(16, 8)).astype(np.int32)
    for row, length in enumerate(random.integers(1, 8, size=16)):
        ids[row, length], ids[row, length + 1 :] = 2, 0
    return ids
