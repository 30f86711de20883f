from __future__ import annotations

import random
import unicodedata

import pytest

from tfedge.artifacts import sha256_hex
from tfedge.errors import ArtifactError, InputError
from tfedge.tasks.lexicon import read_lexicon, split_words, tokenizers

WORDS = [first + second for first in "abcdefgh" for second in "abcdefgh"]


def lines(words=WORDS) -> list[str]:
    return [f"{word}\t{' '.join(word.upper())}" for word in words]


def everything(split):
    return {**split.train, **split.dev, **split.test}


@pytest.fixture
def write(tmp_path):
    """Returns a function that writes a lexicon of text or bytes."""

    def write_lexicon(content, name="lexicon.tsv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else "\n".join(content).encode())
        return path

    return write_lexicon


def test_split_words_then_every_word_is_in_one_part_and_the_order_of_entries_does_not_matter():
    entries = {word: ((word,),) for word in WORDS}
    shuffled = dict(random.Random(5).sample(list(entries.items()), len(entries)))
    train, dev, test = split_words(entries, 7, 5)
    assert [train, dev, test] == split_words(shuffled, 7, 5)
    assert (len(train), len(dev), len(test)) == (52, 5, 7)
    assert {**train, **dev, **test} == entries


def test_read_lexicon_then_words_phones_and_source(write):
    path = write(lines())
    split = read_lexicon(path)
    assert everything(split) == {word: (tuple(word.upper()),) for word in WORDS}
    assert (len(split.dev), len(split.test)) == (6, 6)
    assert split.source == {"name": "lexicon.tsv", "version": "user", "sha256": sha256_hex(path.read_bytes())}


def test_read_lexicon_when_a_word_is_on_several_lines_then_several_pronunciations(write):
    split = read_lexicon(write([*lines(), "ab\tX Y", "ab\tA B"]))
    assert everything(split)["ab"] == (("A", "B"), ("X", "Y"))


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n \n") + "\n",
        lambda text: text.replace("\t", "\t ").replace("\n", " \n"),
        lambda text: text.replace("\n", "\t\n"),
    ],
    ids=["byte order mark", "CRLF", "blank lines", "spaces around", "tab at the end"],
)
def test_read_lexicon_when_dressed_otherwise_then_the_same(write, dress):
    plain = read_lexicon(write(lines()))
    dressed = read_lexicon(write(dress("\n".join(lines())).encode(), "dressed.tsv"))
    assert (dressed.train, dressed.dev, dressed.test) == (plain.train, plain.dev, plain.test)


def test_read_lexicon_when_a_word_is_in_two_unicode_forms_then_one_word(write):
    forms = [f"{unicodedata.normalize(form, 'é')}\t{unicodedata.normalize(form, 'ã')}" for form in ("NFC", "NFD")]
    split = read_lexicon(write([*lines(), *forms]))
    assert len(everything(split)) == len(WORDS) + 1
    assert everything(split)["é"] == (("ã",),)


@pytest.mark.parametrize("broken", ["abc", "abc A B", "abc\t", "\tA B", " \tA B", "abc\tA\tB"])
def test_read_lexicon_when_a_line_is_broken_then_it_is_named(write, broken):
    path = write([*lines()[:2], broken, *lines()[2:]])
    with pytest.raises(InputError) as caught:
        read_lexicon(path)
    assert str(caught.value) == f"expected `word TAB phones` in {path}; line 3 is {broken!r}; correct it"


def test_read_lexicon_when_many_lines_are_broken_then_the_first_five_are_named(write):
    path = write([line.replace("\t", " ") if index % 2 else line for index, line in enumerate(lines())])
    with pytest.raises(InputError) as caught:
        read_lexicon(path)
    assert "line 2 is 'ab A B' (and lines 4, 6, 8, 10); correct it" in str(caught.value)


def test_read_lexicon_when_a_broken_line_is_long_then_the_message_stays_short(write):
    with pytest.raises(InputError) as caught:
        read_lexicon(write(["x" * 100_000]))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("\n".join([*lines()[:4], "zoë\tZ O"]).encode("latin-1"), 5),
        ("\n".join(lines()).encode("utf-16"), 1),
        (b"a\tA\n\xed\xa0\x80\tB", 2),  # Half a surrogate pair.
    ],
)
def test_read_lexicon_when_not_utf8_then_the_line_is_named(write, data, line):
    path = write(data)
    with pytest.raises(InputError) as caught:
        read_lexicon(path)
    assert str(caught.value) == f"expected UTF-8 text in {path}; line {line} is not; convert the file to UTF-8"


@pytest.mark.parametrize("count", [0, 49])
def test_read_lexicon_when_too_small_then_refused(write, count):
    with pytest.raises(InputError, match=f"expected at least 50 words in .*; got {count}; add more"):
        read_lexicon(write(lines(WORDS[:count])))
    assert len(everything(read_lexicon(write(lines(WORDS[:50]))))) == 50


def test_read_lexicon_when_missing_then_named(tmp_path):
    with pytest.raises(ArtifactError, match="expected a lexicon at .*none.tsv; there is none"):
        read_lexicon(tmp_path / "none.tsv")


def test_tokenizers_when_words_differ_only_by_case_then_case_is_kept():
    letters, phones = tokenizers({"arm": (("a", "ʁ", "m"),), "Arm": (("A", "m"),)})
    assert (letters.lowercase, letters.symbols) == (False, ("A", "a", "m", "r"))
    assert (phones.lowercase, phones.symbols) == (False, ("A", "a", "m", "ʁ"))


def test_tokenizers_when_case_tells_no_words_apart_then_it_is_dropped():
    letters, _ = tokenizers({"Haus": (("h",),), "arm": (("a",),)})
    assert (letters.lowercase, letters.symbols) == (True, tuple("ahmrsu"))


def test_tokenizers_then_symbols_of_all_pronunciations():
    _, phones = tokenizers({"a": (("x",), ("y", "tʃ"))})
    assert phones.symbols == ("tʃ", "x", "y")
