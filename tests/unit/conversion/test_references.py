from __future__ import annotations

import dataclasses

import pytest

from tfedge.conversion.references import answer, check_same_task
from tfedge.errors import ConfigError


@pytest.fixture
def with_test_words(tiny_data):
    """The tiny task, with dev words as its test words."""
    return dataclasses.replace(tiny_data, test=tiny_data.dev)


def test_check_same_task_when_it_is_then_silent(trained_model, tiny_data):
    check_same_task(trained_model, tiny_data)


def test_check_same_task_when_symbols_or_lengths_differ_then_refused(trained_model, tiny_data):
    other = dataclasses.replace(tiny_data.spec, max_source_length=9)
    with pytest.raises(ConfigError, match="symbols or lengths differ; .*--data"):
        check_same_task(trained_model, dataclasses.replace(tiny_data, spec=other))


def test_check_same_task_when_the_file_differs_then_refused(trained_model, tiny_data):
    source = {**tiny_data.source, "sha256": "1" * 64}
    with pytest.raises(ConfigError, match="bytes differ"):
        check_same_task(trained_model, dataclasses.replace(tiny_data, source=source))


def test_answer_then_golden_cases_and_each_test_word(trained_model, with_test_words):
    examples = with_test_words.test[:30]
    references = answer(trained_model, with_test_words, examples)
    assert len(references.test_texts) == 30
    # Of a network that was trained for seconds, some answers are right, and each of those says so.
    right = [" ".join(e.references[0]) == text for e, text in zip(examples, references.test_texts, strict=True)]
    assert any(right)
    assert {case.name for case in references.golden} >= {"shortest_word", "longest_word", "upper_case"}
