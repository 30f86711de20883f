from __future__ import annotations

import pytest

from tfedge.checks.explanations.phrase import GAPS, Phrase, squeeze
from tfedge.errors import ConfigError

LINE = "Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'."
PHRASE = Phrase("Didn't find op for builtin opcode '*' version '*'")


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        f"ValueError: {LINE}\nRegistration failed.\n",
        LINE.upper(),
        LINE.replace("'", "\u2019"),
        LINE.replace("'", '"'),
        LINE.replace("'", "`"),
        LINE.replace("'", "&#39;"),
        LINE.replace("'", "&amp;#39;"),
        LINE.replace("'", "\\u0027"),
        LINE.replace("'", "\\'"),
        LINE.replace(" ", "\n"),
        LINE.replace(" ", "\\n"),
        LINE.replace(" ", "\u00a0"),
        "\n> ".join([LINE[:31], LINE[31:40], LINE[40:]]),
        "\n│ ".join([LINE[:31], LINE[31:40], LINE[40:]]),
        f"\x1b[31m\x1b[1m{LINE[:20]}\x1b[0m{LINE[20:]}",
        "\ufeff" + "\x00".join(LINE),
        f"**{LINE}**",
        f"11-21 17:00:00.123  4242  4243 E tflite  : {LINE}",
    ],
)
def test_find_when_the_line_is_wrapped_quoted_or_coloured_then_it_is_found(text):
    assert PHRASE.find(squeeze(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Did find op for builtin opcode 'FULLY_CONNECTED' version '12'",
        "Didn't find op for builtin opcode",
        f"Didn't find op for builtin opcode '{'X' * (GAPS['*'] + 1)}' version '12'",
    ],
)
def test_find_when_words_are_missing_or_too_far_then_nothing(text):
    assert PHRASE.find(squeeze(text)) is None


def test_find_when_the_first_beginning_leads_nowhere_then_a_later_one_is_found():
    text = "Didn't find op for builtin opcode" + "." * 400 + LINE
    begin, end = PHRASE.find(squeeze(text))
    assert begin == len(squeeze(text)) - len(squeeze(LINE))
    assert squeeze(text)[begin:end] == squeeze(LINE[: LINE.index("version") + 7])


def test_find_when_a_tilde_stands_between_words_then_a_few_words_may():
    phrase = Phrase("threads~ignored")
    assert phrase.find(squeeze("the threads are silently ignored"))
    assert not phrase.find(squeeze(f"the threads {'which are many ' * 3} are ignored"))


@pytest.mark.parametrize("text", ["", "*", "* version", "a*b", "op", "~ignored", "abc*def*gh"])
def test_phrase_when_it_would_be_found_everywhere_then_refused(text):
    with pytest.raises(ConfigError, match="a phrase must begin with a word"):
        Phrase(text)


def test_weight_counts_the_letters_that_must_be_there():
    assert Phrase("gather index * out of bounds").weight == len("gatherindexoutofbounds")
