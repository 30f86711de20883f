"""A tiny task with the sizes of a tiny network: all parts are there, and it is learnt in seconds."""

from __future__ import annotations

import itertools
import random
from typing import Any

from tfedge.config import NetworkConfig, TaskConfig, TrainingConfig
from tfedge.tasks.g2p import Example, TaskData
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer

LETTERS = "abcdefgh"


def spell(word: str) -> tuple[str, ...]:
    """Returns the phones of a word: of three letters spelt twice, of six letters the first half."""
    return tuple((word * 2 if len(word) == 3 else word[:3]).upper())


def make_data() -> TaskData:
    """Returns 812 words of three and of six letters.

    Sources and targets have both lengths, and the longer side of a pair is always as long: one width of batches,
    so that TensorFlow traces one training step. There is no test set: training must not look at it.
    """
    shuffled = random.Random(5)
    words = {"".join(word) for word in itertools.product(LETTERS, repeat=3)}
    words |= {"".join(shuffled.choices(LETTERS, k=6)) for _ in range(300)}
    ordered = sorted(words)
    shuffled.shuffle(ordered)
    examples = tuple(Example(word, (spell(word),)) for word in ordered)
    spec = TaskSpec(
        "g2p",
        SymbolTokenizer(tuple(LETTERS), separator="", lowercase=True),
        SymbolTokenizer(tuple(LETTERS.upper()), separator=" ", lowercase=False),
        max_source_length=8,
        max_target_length=8,
    )
    source = {"name": "spelling", "version": "1", "sha256": "0" * 64}
    return TaskData(spec, examples[40:], examples[:40], (), source)


def make_config(**training: Any) -> TaskConfig:
    """Returns the sizes, with `training` settings changed."""
    network = NetworkConfig(
        hidden_dim=32,  # A converter leaves matrices of less than 1,024 numbers in float.
        num_heads=2,
        head_dim=16,
        intermediate_dim=64,
        num_encoder_layers=1,
        num_decoder_layers=1,
        num_key_value_heads=1,
        encoder_num_key_value_heads=2,
        dropout=0.1,
    )
    settings: dict[str, Any] = {
        "epochs": 5,
        "batch_tokens": 160,
        "learning_rate": 0.03,
        "warmup_steps": 10,
        "weight_decay": 0.01,
        "averaging_decay": 0.9,
    }
    return TaskConfig(network, TrainingConfig(**{**settings, **training}))
