from __future__ import annotations

import numpy as np
import pytest

from tests.golden import packed_autokey
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.pack import read_pack
from tfedge.reports.html.text_content import NOTHING, NUM_RIGHT, NUM_WRONG, text_content
from tfedge.tasks.shipped import shipped_file


def examples(count: int, wrong: int) -> list[EvaluationExample]:
    """Returns words whose right answers the model gives; of the first `wrong` the right one lacks its last phone."""
    made = []
    for place, word in enumerate(packed_autokey.words(count)):
        right = packed_autokey.cipher(word)
        made.append(EvaluationExample(word, (right[:-2] if place < wrong else right,), None))
    return made


def test_content_then_wrong_words_in_their_order_and_phones_counted(tmp_path):
    pack = packed_autokey.write(tmp_path / "m.tflite", evaluated=examples(60, 20))
    content = text_content(pack)
    assert [case.text for case in content.wrong] == packed_autokey.words(60)[:NUM_WRONG]
    assert len(content.right) == NUM_RIGHT and all(case.is_right for case in content.right)
    assert content.wrong_caption.startswith("20 of 60 answers (the packed test words) equal no right one; here are the")
    counts, names = content.classes.counts, content.classes.truths
    assert names == (*packed_autokey.PHONES, NOTHING)
    # The model's last phone of 20 words is one too many, and nothing else is wrong.
    assert (counts[-1].sum(), counts.sum() - counts.trace()) == (20, 20)
    assert content.missing == ("Attention: the file has no signature `decode_step` with an input `cross_bias`.",)


def test_content_when_no_words_are_packed_then_golden_cases(tmp_path):
    content = text_content(packed_autokey.write(tmp_path / "m.tflite", evaluated=()))
    assert "the golden cases, as Keras answered them" in content.classes.caption
    assert np.array_equal(content.classes.counts, np.diag(content.classes.counts.diagonal()))


@pytest.fixture(scope="module")
def shipped():
    """Of the shipped file; 2,000 words take two seconds."""
    return text_content(read_pack(shipped_file("g2p/g2p.tflite")))


def test_content_of_the_shipped_file_then_every_case_shows_where_it_looked(shipped):
    cases = (*shipped.wrong, *shipped.right)
    assert len(cases) == NUM_WRONG + NUM_RIGHT and shipped.missing == ()
    for case in cases:
        assert case.attention.sources == (*case.text, "end")
        answered = [answer for _, answer in case.pairs if answer is not None]
        # Step by step and in one loop, with delegates and without: the same answers of an int8 file, but for a tie.
        assert list(case.attention.targets[:-1]) == answered
    assert "ai-edge-litert" in shipped.right_caption
