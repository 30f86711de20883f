"""Lexicons a user might bring: small, learnt in seconds, and spoken by a rule that a test can apply itself."""

from __future__ import annotations

import itertools
import json
import pathlib
import random
from collections.abc import Mapping

# Cyrillic, and not the letters of any data that tfedge ships.
SOUNDS = {"а": "A", "б": "B", "в": "V", "г": "G", "д": "D", "е": "E", "ж": "ZH", "з": "Z"}

# Everything is there, at sizes that train in seconds: encoder and decoder, two query heads on one key/value head.
CONFIG = {
    "network": {
        "hidden_dim": 32,
        "num_heads": 2,
        "head_dim": 16,
        "intermediate_dim": 64,
        "num_encoder_layers": 1,
        "num_decoder_layers": 1,
        "num_key_value_heads": 1,
        "encoder_num_key_value_heads": 2,
        "dropout": 0.0,
    },
    "training": {
        "epochs": 24,
        "batch_tokens": 512,
        "learning_rate": 0.01,
        "warmup_steps": 10,
        "averaging_decay": 0.9,
        "label_smoothing": 0.0,
    },
}
# One head, one width of batches, two epochs: for runs that end badly, where nothing is learnt.
SMALL_CONFIG = {
    "network": {**CONFIG["network"], "hidden_dim": 8, "head_dim": 8, "num_heads": 1, "encoder_num_key_value_heads": 1},
    "training": {"epochs": 2, "batch_tokens": 512},
}


def pronounce(word: str) -> str:
    """Returns the phones of a word: a letter's own sound, but the third before `е` is soft."""
    phones = [
        "J" if letter == "г" and after == "е" else SOUNDS[letter]
        for letter, after in itertools.zip_longest(word, word[1:])
    ]
    return " ".join(phones)


def words(count: int, seed: int = 0) -> list[str]:
    """Returns different words of three letters (a fifth of them) and of six."""
    random_words = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        length = 3 if len(found) < count // 5 else 6
        found["".join(random_words.choices(list(SOUNDS), k=length))] = None
    return list(found)


def write_lexicon(path: pathlib.Path) -> pathlib.Path:
    """Writes 600 words of the rule."""
    path.write_text("".join(f"{word}\t{pronounce(word)}\n" for word in words(600)), encoding="utf-8")
    return path


def write_small_lexicon(path: pathlib.Path) -> pathlib.Path:
    """Writes 64 Latin words of one length."""
    spelt = ["".join(letters) for letters in itertools.product("abcd", repeat=3)]
    path.write_text("".join(f"{word}\t{' '.join(word.upper())}\n" for word in spelt), encoding="utf-8")
    return path


def write_config(path: pathlib.Path, config: Mapping[str, object]) -> pathlib.Path:
    """Writes a config file."""
    path.write_text(json.dumps(config), encoding="utf-8")
    return path
