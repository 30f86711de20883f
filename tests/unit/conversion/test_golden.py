from __future__ import annotations

import unicodedata

import pytest

from tfedge.conversion.golden import answer_cases, choose_cases
from tfedge.tasks.g2p import Example
from tfedge.tasks.lexicon import tokenizers
from tfedge.tasks.spec import TaskSpec
from tfedge.training.decoding import GreedyDecoder


def make(words):
    """Returns (examples, spec) of word -> phones."""
    entries = {word: (tuple(phones.split()),) for word, phones in words.items()}
    examples = [Example(word, references) for word, references in entries.items()]
    return examples, TaskSpec("g2p", *tokenizers(entries), max_source_length=30, max_target_length=30)


def choose(words) -> dict[str, str]:
    return dict(choose_cases(*make(words)))


def covered(cases, spec) -> set[str]:
    tokenizer = spec.source_tokenizer
    return {symbol for text in cases.values() for symbol in tokenizer.pieces(tokenizer.encode(text))}


WORDS = {
    "a": "A",
    "deinstitutionalize": "D",
    "ox": "O K S E T E R A",
    "o'clock": "K",
    "b-c": "B",
    "quiz": "K W",
    "m'm": "M",
}


def test_choose_cases_then_the_extremes():
    cases = choose(WORDS)
    assert cases["shortest_word"] == "a"
    assert cases["longest_word"] == "deinstitutionalize"
    assert cases["longest_pronunciation"] == "ox"
    assert cases["with_apostrophe"] == "o'clock"
    assert cases["with_hyphen-minus"] == "b-c"


def test_choose_cases_then_every_letter_is_in_one():
    examples, spec = make(WORDS)
    assert covered(dict(choose_cases(examples, spec)), spec) == set(spec.source_tokenizer.symbols)


def test_choose_cases_then_the_same_in_any_order_of_examples():
    examples, spec = make(WORDS)
    assert choose_cases(examples[::-1], spec) == choose_cases(examples, spec)


def test_choose_cases_when_case_does_not_matter_then_one_in_capitals():
    cases = choose(WORDS)
    assert cases["upper_case"].isupper() and cases["upper_case"].lower() in WORDS


def test_choose_cases_when_case_matters_then_none_in_capitals():
    assert "upper_case" not in choose({**WORDS, "A": "B"})


SCRIPTS = {
    "capitals": {"HAUS": "H", "Arm": "A", "Ofen": "O"},
    "sharp s": {"straße": "S", "ŉ": "N", "ıß": "I"},  # Capitals of these are other letters.
    "devanagari": {"हिन्दी": "H", "क़लम": "K"},  # Vowel signs are no letters to Python.
    "decomposed": {unicodedata.normalize("NFD", word): "A" for word in ("é", "öl", "Äf")},
    "no case": {"한글": "H", "값": "K"},
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_choose_cases_when_in_any_script_then_all_can_be_read_and_every_letter_is_in_one(script):
    examples, spec = make(SCRIPTS[script])
    cases = dict(choose_cases(examples, spec))
    assert covered(cases, spec) == set(spec.source_tokenizer.symbols)
    for text in cases.values():
        spec.source_ids(text)


def test_answer_cases_then_what_keras_answers(trained_model, tiny_data):
    cases = [("one", tiny_data.dev[0].text), ("shouted", tiny_data.dev[1].text.upper())]
    decoder = GreedyDecoder(trained_model.network, 8)
    answers = answer_cases(cases, tiny_data.spec, decoder)
    assert [(answer.name, answer.text) for answer in answers] == cases
    for (_, text), answer in zip(cases, answers, strict=True):
        assert answer.source_ids == tuple(tiny_data.spec.source_ids(text))
        assert [list(answer.target_ids)] == decoder([list(answer.source_ids)])
        assert answer.target_text == tiny_data.spec.target_tokenizer.decode(answer.target_ids)
        assert answer.target_ids[-1] == 2
