"""Golden cases chosen to be hard, answered by Keras."""

from __future__ import annotations

import dataclasses
import random
import unicodedata
from collections.abc import Sequence

from tfedge.tasks.g2p import Example
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer
from tfedge.training.decoding import GreedyDecoder

_RANDOM_CASES = 8
_SEED = 11


@dataclasses.dataclass(frozen=True)
class KerasAnswer:
    """What the float Keras model answers to one text.

    Attributes:
        name: what is special about the text.
        text: as a user types it.
        source_ids: its ids with the stop token, unpadded.
        target_ids: the answer's ids with the stop token, unpadded.
        target_text: the answer.
    """

    name: str
    text: str
    source_ids: tuple[int, ...]
    target_ids: tuple[int, ...]
    target_text: str


def choose_cases(examples: Sequence[Example], spec: TaskSpec) -> list[tuple[str, str]]:
    """Returns (name, text): extremes of length, odd symbols, every symbol at least once, and a few at random.

    Args:
        examples: training or dev examples.
        spec: its source tokenizer's symbols are covered.
    """
    tokenizer = spec.source_tokenizer
    known = frozenset(tokenizer.symbols)
    symbols_of = {example.text: _symbols(example.text, tokenizer, known) for example in examples}
    texts = sorted(symbols_of)
    by_length = sorted(texts, key=len)
    spoken = max(examples, key=lambda example: (max(map(len, example.references)), example.text))
    cases = {"shortest_word": by_length[0], "longest_word": by_length[-1], "longest_pronunciation": spoken.text}
    for symbol in tokenizer.symbols:
        if not symbol.isalnum():
            name = unicodedata.name(symbol, f"U+{ord(symbol):04X}").lower().replace(" ", "_")
            holding = [text for text in texts if symbol in symbols_of[text]]
            if holding:
                cases[f"with_{name}"] = max(holding, key=len)
    uncovered = set(tokenizer.symbols).difference(*(symbols_of[text] for text in cases.values()))
    while uncovered:
        best = max(texts, key=lambda text: (len(uncovered & symbols_of[text]), -len(text)))
        covered = uncovered & symbols_of[best]
        if not covered:
            break
        cases[f"symbols_{''.join(sorted(covered))}"] = best
        uncovered -= covered
    chosen = random.Random(_SEED).sample(texts, min(_RANDOM_CASES, len(texts)))
    cases |= {f"random_{index}": text for index, text in enumerate(chosen)}
    # Some letters do not come back from capitals ("ß" becomes "SS"): such a word is no case.
    shouted = [text for text in chosen if text.upper() != text and _lower(text.upper()) == _lower(text)]
    if tokenizer.lowercase and shouted:
        cases["upper_case"] = shouted[0].upper()
    return list(cases.items())


def _symbols(text: str, tokenizer: SymbolTokenizer, known: frozenset[str]) -> frozenset[str]:
    """Returns the symbols of `text` as the tokenizer sees them: a word in capitals may cover small letters."""
    letters = frozenset(text)
    if tokenizer.separator == "" and text.isascii() and letters <= known:
        return letters  # Nothing to normalise: a hundred thousand words take a second otherwise.
    return frozenset(tokenizer.pieces(tokenizer.encode(text)))


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text.lower())


def answer_cases(cases: Sequence[tuple[str, str]], spec: TaskSpec, decoder: GreedyDecoder) -> list[KerasAnswer]:
    """Returns Keras' answer to each (name, text)."""
    sources = [spec.source_ids(text) for _, text in cases]
    return [
        KerasAnswer(name, text, tuple(source), tuple(ids), spec.target_tokenizer.decode(ids))
        for (name, text), source, ids in zip(cases, sources, decoder(sources), strict=True)
    ]
