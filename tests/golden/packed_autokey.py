"""The autokey fixture as packed files: a task that plain Python answers, and models that get it wrong.

The model is exact float32 arithmetic, so every runtime must give Python's own answers, and a file that does
not is broken on purpose.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.golden import autokey
from tfedge.modelfile.evaluation import EvaluationExample, EvaluationSet
from tfedge.modelfile.golden import KERAS, GoldenCase
from tfedge.modelfile.pack import Pack, write_pack
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import STOP_ID, SymbolTokenizer

LETTERS, PHONES = "abcde", "ABCDE"
SPEC = TaskSpec(
    "g2p",
    SymbolTokenizer(tuple(LETTERS), "", True),
    SymbolTokenizer(tuple(PHONES), " ", False),
    autokey.FACTS["max_source_length"],
    autokey.FACTS["max_target_length"],
)
SOURCE = {"name": "words.tsv", "version": "user", "sha256": "d" * 64}
MODEL_BYTES = autokey.MODEL.read_bytes()
_FIRST_ID, _VOCAB_SIZE = 3, 8
# Letters at most, so that the stop token fits into the target.
_MAX_LETTERS = autokey.FACTS["max_target_length"] - 1


def cipher(word: str) -> str:
    """Returns the right answer: each letter moves on by the sum of all letters written before it."""
    written: list[int] = []
    for letter in word.lower():
        written.append((LETTERS.index(letter) + sum(written)) % len(LETTERS))
    return " ".join(PHONES[value] for value in written)


def words(count: int, seed: int = 0) -> list[str]:
    """Returns `count` different words that the target can hold, in a seeded order."""
    lengths = range(2, _MAX_LETTERS + 1)
    every = ["".join(letters) for length in lengths for letters in itertools.product(LETTERS, repeat=length)]
    return random.Random(seed).sample(every, count)


def ids_of(answer: str) -> tuple[int, ...]:
    """Returns the ids of an answer, with the stop token."""
    return tuple(SPEC.target_tokenizer.encode(answer)) if answer else (STOP_ID,)


def rotations() -> np.ndarray:
    """Returns the model's only weights, float32 (5, 8, 8): row k moves every letter on by k."""
    table = np.zeros((len(LETTERS), _VOCAB_SIZE, _VOCAB_SIZE), np.float32)
    for shift, token in itertools.product(range(len(LETTERS)), range(_VOCAB_SIZE)):
        letter = (token - _FIRST_ID + shift) % len(LETTERS) + _FIRST_ID
        table[shift, token, token if token < _FIRST_ID else letter] = 1.0
    return table


def with_weights(table: np.ndarray) -> bytes:
    """Returns the model with other weights."""
    assert MODEL_BYTES.count(rotations().tobytes()) == 1
    return MODEL_BYTES.replace(rotations().tobytes(), table.astype(np.float32).tobytes())


def deaf_model() -> bytes:
    """Returns a model that writes "B" and stops, whatever it reads: its decoder does not listen."""
    table = np.zeros_like(rotations())
    table[0, :, _FIRST_ID + 1] = 1.0
    table[1:, :, STOP_ID] = 1.0
    return with_weights(table)


def slipping_model() -> bytes:
    """Returns a model that is wrong after some prefixes and right after all others."""
    table = rotations()
    table[4] = table[3]
    return with_weights(table)


def golden_cases(
    recipe: str, keras: Callable[[str], str] = cipher, own: Callable[[str], str] = cipher, count: int = 12
) -> tuple[GoldenCase, ...]:
    """Returns cases whose reference answers are those of `keras`, and those of the file itself of `own`."""
    return tuple(
        GoldenCase(
            f"case_{index}",
            word,
            tuple(SPEC.source_ids(word)),
            {recipe: ids_of(own(word)), KERAS: ids_of(keras(word))},
            keras(word),
        )
        for index, word in enumerate(words(count, seed=1))
    )


def examples(count: int, keras: Callable[[str], str | None] = cipher) -> tuple[EvaluationExample, ...]:
    """Returns test words with the right answer, and with that of `keras`."""
    return tuple(EvaluationExample(word, (cipher(word),), keras(word)) for word in words(count))


def write(
    path: str | os.PathLike[str],
    recipe: str = "float32",
    model_bytes: bytes = MODEL_BYTES,
    golden: Sequence[GoldenCase] | None = None,
    evaluated: Sequence[EvaluationExample] | None = None,
    provenance: Mapping[str, Any] | None = None,
    spec: TaskSpec = SPEC,
) -> Pack:
    """Writes a packed file; by default one that passes every gate of float32."""
    evaluated = examples(40) if evaluated is None else evaluated
    return write_pack(
        path,
        model_bytes,
        spec.to_json(),
        golden or golden_cases(recipe),
        {"recipe": recipe, "provenance": {"float32_size_bytes": 10 * len(model_bytes), **(provenance or {})}},
        evaluation=EvaluationSet(tuple(evaluated), SOURCE) if evaluated else None,
    )
