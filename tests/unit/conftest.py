"""A tiny network, trained once; TensorFlow is imported only where a fixture needs it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit import tiny


@pytest.fixture(scope="session")
def tiny_data():
    """The tiny task."""
    return tiny.make_data()


@pytest.fixture(scope="session")
def trained(tiny_data, tmp_path_factory):
    """The tiny network trained for seconds by the real trainer: (model, path of its .keras file)."""
    from tfedge.training.train import train

    path = tmp_path_factory.mktemp("trained") / "tiny.keras"
    return train(tiny_data, tiny.make_config(), path), path


@pytest.fixture(scope="session")
def make_network():
    """Returns a function: changes -> a built network of 12 source and 11 target ids, biases and all, random."""

    import keras

    from tfedge.networks.seq2seq import Seq2SeqTransformer

    def make(**changes) -> Seq2SeqTransformer:
        keras.utils.set_random_seed(1)
        sizes = {**dataclasses.asdict(tiny.make_config().network), "dropout": 0.0, **changes}
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
