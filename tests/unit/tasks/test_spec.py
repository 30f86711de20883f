from __future__ import annotations

import json

import numpy as np
import pytest

from tfedge.errors import ConfigError, InputError
from tfedge.tasks.spec import MAX_LENGTH, TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer

LETTERS = SymbolTokenizer(("a", "b"), separator="", lowercase=True)
PHONES = SymbolTokenizer(("A", "B"), separator=" ", lowercase=False)
SPEC = TaskSpec("g2p", LETTERS, PHONES, max_source_length=5, max_target_length=6)


def test_source_array_then_padded_to_the_longest_source():
    array = SPEC.source_array("Ab")
    assert (array.dtype, array.shape) == (np.int32, (1, 5))
    np.testing.assert_array_equal(array, [[3, 4, 2, 0, 0]])


def test_source_array_when_as_long_as_can_be_then_without_padding():
    np.testing.assert_array_equal(SPEC.source_array("abab"), [[3, 4, 3, 4, 2]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a text of one symbol or more; got an empty one; pass a word"),
        ("ababa", "expected at most 4 symbols; got 5 in 'ababa'; shorten it"),
        ("ab" * 100, "expected at most 4 symbols; got 200 in '" + "ab" * 20 + "…'; shorten it"),
        ("a" * 10_000, "expected at most 4 symbols; got 10000 characters; shorten it"),
        ("acb", "expected only the symbols 'ab'; got 'c' in 'acb'; respell it"),
        ("\udcff", r"expected only the symbols 'ab'; got '\udcff' in '\udcff'; respell it"),
    ],
)
def test_source_ids_when_the_text_is_bad_then_one_clear_line(text, said):
    with pytest.raises(InputError) as caught:
        SPEC.source_ids(text)
    assert str(caught.value) == said


def test_source_ids_when_white_space_pads_a_word_then_it_does_not_count():
    assert SPEC.source_ids("  abab  ") == [3, 4, 3, 4, 2]


def test_json_when_written_and_read_then_equal():
    assert TaskSpec.from_json(json.loads(json.dumps(SPEC.to_json()))) == SPEC


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"schema_version": 2},
        {"schema_version": None},
        {"name": ""},
        {"name": None},
        {"kind": "classifier"},
        {"metric": "bleu"},
        {"source_tokenizer": None},
        {"target_tokenizer": {}},
        *[{"max_source_length": value} for value in (1, MAX_LENGTH + 1, "25", 25.0, True, None)],
        *[{"max_target_length": value} for value in (0, -3, [25])],
    ],
)
def test_from_json_when_a_value_is_illegal_then_refused(change):
    with pytest.raises(ConfigError, match="must"):
        TaskSpec.from_json({**SPEC.to_json(), **change})


@pytest.mark.parametrize("key", SPEC.to_json())
def test_from_json_when_a_key_is_missing_then_refused(key):
    spec = SPEC.to_json()
    del spec[key]
    with pytest.raises(ConfigError, match="must have the keys"):
        TaskSpec.from_json(spec)
