"""A tiny task and network for the tests of wing A; TensorFlow is imported only where a fixture needs it."""

from __future__ import annotations

import dataclasses
import itertools
import random

import pytest

from tfedge.config import NetworkConfig, TaskConfig, TrainingConfig
from tfedge.tasks.g2p import Example, TaskData
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer

LETTERS = "abcdefgh"


@pytest.fixture(scope="session")
def tiny_data() -> TaskData:
    """Words of three letters are spelt twice, of six letters by half: learnt in seconds.

    Sources and targets have both lengths, and the longer side of a pair is always as long: one width of batches,
    so that TensorFlow traces one training step.
    """
    shuffled = random.Random(5)
    words = ["".join(word) for word in itertools.product(LETTERS, repeat=3)]
    words += ["".join(shuffled.choices(LETTERS, k=6)) for _ in range(300)]
    words = sorted(set(words))
    shuffled.shuffle(words)
    examples = tuple(Example(word, (tuple((word * 2 if len(word) == 3 else word[:3]).upper()),)) for word in words)
    spec = TaskSpec(
        "g2p",
        SymbolTokenizer(tuple(LETTERS), separator="", lowercase=True),
        SymbolTokenizer(tuple(LETTERS.upper()), separator=" ", lowercase=False),
        max_source_length=8,
        max_target_length=8,
    )
    source = {"name": "spelling", "version": "1", "sha256": "0" * 64}
    return TaskData(spec, examples[80:], examples[40:80], examples[:40], source)


@pytest.fixture(scope="session")
def tiny_config() -> TaskConfig:
    """Sizes at which everything is still there: grouped heads, both kinds of blocks, several batches an epoch."""
    return TaskConfig(
        NetworkConfig(
            hidden_dim=16,
            num_heads=2,
            head_dim=8,
            intermediate_dim=32,
            num_encoder_layers=1,
            num_decoder_layers=1,
            num_key_value_heads=1,
            encoder_num_key_value_heads=2,
            dropout=0.1,
        ),
        TrainingConfig(
            epochs=5, batch_tokens=160, learning_rate=0.03, warmup_steps=10, averaging_decay=0.9, weight_decay=0.0
        ),
    )


@pytest.fixture(scope="session")
def trained(tiny_data, tiny_config, tmp_path_factory):
    """The tiny network trained for seconds by the real trainer: (model, its .keras file)."""
    from tfedge.training.train import train

    path = tmp_path_factory.mktemp("trained") / "tiny.keras"
    return train(tiny_data, tiny_config, path), path


@pytest.fixture(scope="session")
def trained_model(trained):
    """The trained model."""
    return trained[0]


@pytest.fixture
def longer(tiny_config):
    """Returns a function: the tiny settings with other training settings."""
    return lambda **changes: dataclasses.replace(
        tiny_config, training=dataclasses.replace(tiny_config.training, **changes)
    )
