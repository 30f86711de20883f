from __future__ import annotations

import dataclasses
import json
import unicodedata

import pytest

from tfedge.errors import ConfigError, InputError
from tfedge.text.tokenizer import PAD_ID, SPECIAL_SYMBOLS, START_ID, STOP_ID, SymbolTokenizer

LETTERS = SymbolTokenizer(("'", "a", "b"), separator="", lowercase=True)
PHONES = SymbolTokenizer(("AA", "B", "tʃ"), separator=" ", lowercase=False)
# Words whose letters are not one code point each, or are spelt in two Unicode forms.
SCRIPTS = {
    "latin": ["naïve", "façade", "Straße", "o'clock"],
    "greek": ["Ελλάδα", "ψυχής", "ΣΊΣΥΦΟΣ"],
    "devanagari": ["हिन्दी", "क़लम", "ज़रूर"],
    "hangul": ["한글", "값어치"],
    "turkish": ["İstanbul", "ılık"],
    "emoji": ["👍🏽", "a👍"],
}


def test_special_symbols_then_pad_start_stop_are_0_1_2():
    assert (PAD_ID, START_ID, STOP_ID) == (0, 1, 2)
    assert SPECIAL_SYMBOLS == ("<pad>", "<start>", "<stop>")
    assert LETTERS.vocab_size == 6


def test_encode_then_each_symbol_and_the_stop_id():
    assert LETTERS.encode("a'b") == [4, 3, 5, 2]
    assert PHONES.encode("tʃ AA") == [5, 3, 2]


def test_encode_when_case_does_not_matter_then_lowered():
    assert LETTERS.encode("BA") == LETTERS.encode("ba")


def test_encode_when_case_matters_then_kept():
    kept = SymbolTokenizer(("A", "a"), separator="", lowercase=False)
    assert kept.encode("aA") == [4, 3, 2]


def test_encode_when_white_space_is_around_then_ignored():
    assert LETTERS.encode(" ab\n") == LETTERS.encode("ab")
    assert PHONES.encode("  AA   B ") == PHONES.encode("AA B")


def test_encode_when_white_space_is_inside_then_a_symbol_like_another():
    spaced = SymbolTokenizer.from_texts(["New York"], separator="", lowercase=True)
    assert spaced.decode(spaced.encode("new york")) == "new york"


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_encode_when_empty_then_refused(text):
    with pytest.raises(InputError, match="expected a text of one symbol or more; got an empty one"):
        LETTERS.encode(text)


def test_encode_when_letters_are_unknown_then_all_are_named():
    with pytest.raises(InputError) as caught:
        LETTERS.encode("bázis")
    assert str(caught.value) == "expected only the symbols \"'ab\"; got 'i', 's', 'z', 'á' in 'bázis'; respell it"


def test_encode_when_many_are_unknown_then_the_message_stays_short():
    text = "".join(chr(0x4E00 + index) for index in range(10_000))
    with pytest.raises(InputError) as caught:
        LETTERS.encode(text)
    assert len(str(caught.value)) < 250
    assert "'一', '丁', '丂', '七', '丄', '丅', '丆', '万', …" in str(caught.value)


@pytest.mark.parametrize("symbol", ["<stop>", "<pad>"])
def test_encode_when_a_text_spells_a_special_symbol_then_unknown(symbol):
    with pytest.raises(InputError, match=symbol):
        PHONES.encode(f"AA {symbol}")


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("script", SCRIPTS)
def test_tokenizer_when_built_from_any_script_then_round_trips_in_both_unicode_forms(script, lowercase):
    words = SCRIPTS[script]
    tokenizer = SymbolTokenizer.from_texts(words, separator="", lowercase=lowercase)
    for word in words:
        wanted = unicodedata.normalize("NFC", word.lower() if lowercase else word)
        assert tokenizer.decode(tokenizer.encode(word)) == wanted
        for form in ("NFC", "NFD"):
            assert tokenizer.encode(unicodedata.normalize(form, word)) == tokenizer.encode(word)


def test_from_texts_then_symbols_in_code_point_order():
    assert SymbolTokenizer.from_texts(["bä", "AB"], separator="", lowercase=True).symbols == ("a", "b", "ä")
    assert SymbolTokenizer.from_texts(["T AA", "B"], separator=" ", lowercase=False).symbols == ("AA", "B", "T")


def test_from_texts_when_there_are_none_then_refused():
    with pytest.raises(ConfigError, match="`symbols` must be a list of one symbol or more"):
        SymbolTokenizer.from_texts([], separator="", lowercase=True)


def test_decode_then_stops_at_stop_and_drops_special_symbols():
    assert PHONES.decode([START_ID, 3, PAD_ID, 4, STOP_ID, 5, 5]) == "AA B"
    assert PHONES.pieces([5, 3]) == ["tʃ", "AA"]
    assert PHONES.decode([STOP_ID]) == PHONES.decode([]) == ""


@pytest.mark.parametrize("value", [6, 99, -1])
def test_decode_when_an_id_is_not_in_the_vocabulary_then_refused(value):
    with pytest.raises(ConfigError, match=f"expected ids below 6; got {value}"):
        PHONES.decode([3, value])
    assert PHONES.decode([3, STOP_ID, value]) == "AA"  # What comes after the stop is not looked at.


@pytest.mark.parametrize("tokenizer", [LETTERS, PHONES])
def test_json_when_written_and_read_then_equal(tokenizer):
    read = SymbolTokenizer.from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert read == tokenizer
    assert hash(read) == hash(tokenizer)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"kind": "bytes"},
        {"special": ["<pad>", "<stop>", "<start>"]},
        {"special": None},
        {"separator": "-"},
        {"separator": None},
        {"lowercase": "false"},
        {"lowercase": 1},
        {"symbols": []},
        {"symbols": "ab"},
        {"symbols": None},
        {"symbols": ["a", "a"]},
        {"symbols": ["a", ""]},
        {"symbols": ["ab"]},
        {"symbols": ["a", 5]},
        {"symbols": ["a", ["b"]]},
        {"symbols": ["A"]},  # Never met: texts are lower-cased.
        {"symbols": ["\u0958"]},  # Never met: NFC takes it apart.
        {"separator": " ", "symbols": ["a b"]},
        {"separator": " ", "symbols": ["<stop>"]},
        {"separator": " ", "symbols": ["e\u0301"]},
    ],
)
def test_from_json_when_a_value_is_illegal_then_refused(change):
    with pytest.raises(ConfigError, match="must"):
        SymbolTokenizer.from_json({**LETTERS.to_json(), **change})


@pytest.mark.parametrize("key", LETTERS.to_json())
def test_from_json_when_a_key_is_missing_then_refused(key):
    spec = LETTERS.to_json()
    del spec[key]
    with pytest.raises(ConfigError, match="must have the keys"):
        SymbolTokenizer.from_json(spec)


@pytest.mark.parametrize("spec", [None, [], "symbols"])
def test_from_json_when_not_an_object_then_refused(spec):
    with pytest.raises(ConfigError, match="must have the keys"):
        SymbolTokenizer.from_json(spec)


def test_tokenizer_then_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        LETTERS.lowercase = False  # type: ignore[misc]
