from __future__ import annotations

import functools
import random
import time

import pytest

from tests.explanations.recorded import RECORDED
from tfedge.checks import explanations
from tfedge.checks.explanations import catalogue, matching

REFUSED = "Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'"
FLEX = "Select TensorFlow op(s), included in the given model, is(are) not supported by this interpreter."


def ids(text: str) -> list[str]:
    return [match.entry.id for match in explanations.find(text)]


@pytest.mark.parametrize(
    "text", ["op_version", " op_version\n", "op-version", "OP VERSION", "tfedge explain op_version"]
)
def test_find_when_an_id_is_given_then_its_entry_alone(text):
    assert ids(text) == ["op_version"]


def test_find_when_a_cause_and_its_symptom_are_there_then_the_cause_is_first():
    text = f"INFO: Created delegate\nRuntimeError: {FLEX} Node number 3 (FlexErf) failed to prepare."
    assert ids(text) == ["flex_op", "node_failed"]


def test_find_when_an_entry_knows_more_then_it_is_first():
    assert ids(f"{FLEX}Node number 3 (FlexStridedSlice) failed to prepare.")[:2] == ["flex_strided_slice", "flex_op"]


def test_find_when_a_notice_stands_before_the_error_then_it_comes_last():
    text = (
        "UserWarning: Statistics for quantized inputs were expected, but not specified; continuing anyway.\n"
        "ValueError: Please check if the quantized model is in debug mode"
    )
    assert ids(text) == ["debug_mode", "statistics_notice"]


def test_find_when_only_a_symptom_is_there_then_it_is_given():
    assert ids("Node number 17 (CONV_2D) failed to invoke.") == ["node_failed"]


@pytest.mark.parametrize(
    "text",
    [
        "tflite-runtime==2.14.0@aarch64: it refused: something new; explain: per_channel_no_bias",
        "    fail  per_channel_no_bias: one op of a kind",
        "fail  static_wi8_ai8 on tflite-runtime 2.14.0: per_channel_no_bias: one op of a kind",
        "1 file on 1 target: 1 fail\nmore: tfedge explain per_channel_no_bias  (also: flex_op)\nverdict: fail",
        '<testcase name="per_channel_no_bias"><failure type="per_channel_no_bias" message="died"/>',
        '{"gate": "per_channel_no_bias", "verdict": "fail", "message": "Tensor data is null. Run allocate_tensors()'
        ' first"}',
    ],
)
def test_find_when_a_message_names_an_id_then_that_is_first(text):
    assert ids(text)[0] == "per_channel_no_bias"


def test_find_when_a_report_holds_gates_that_passed_then_they_are_not_explained():
    text = '[{"gate": "golden_cases", "verdict": "pass"}, {"gate": "runs", "verdict": "fail"}]'
    assert ids(text) == ["runs"]


def test_find_when_the_error_is_deep_in_a_log_then_the_excerpt_is_its_lines():
    log = "\n".join([*(f"line {number} of nothing" for number in range(20_000)), f"E: {REFUSED}", "more"] * 2)
    (match,) = explanations.find(log)
    assert match.excerpt == f"E: {REFUSED}"


def test_find_when_the_log_is_one_long_line_then_the_excerpt_is_around_the_error():
    (match,) = explanations.find("x " * 50_000 + REFUSED + " y" * 50_000)
    assert REFUSED in match.excerpt and len(match.excerpt) <= matching.MAX_EXCERPT


def test_find_when_the_line_is_wrapped_then_the_excerpt_joins_it():
    (match,) = explanations.find(f"a\nb\nE: {REFUSED[:40]}\n{REFUSED[40:]} end\nc")
    assert match.excerpt == f"E: {REFUSED[:40]} {REFUSED[40:]} end"


def test_find_when_the_log_is_longer_than_is_read_then_its_end_is_read_too():
    assert ids("a\n" * matching.MAX_CHARACTERS + REFUSED) == ["op_version"]
    assert ids(REFUSED + "a\n" * matching.MAX_CHARACTERS) == ["op_version"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "hello",
        "everything is fine",
        "the size of runs",
        "explain: nothing_known",
        "\x00\x1b[2J",
        "ß" * 99,
    ],
)
def test_find_when_nothing_is_known_of_a_text_then_nothing(text):
    assert explanations.find(text) == ()
    assert explanations.explanation_for(text) is None


def test_explanation_for_gives_the_best_entry():
    assert explanations.explanation_for(f"ValueError: {REFUSED}") is catalogue.get("op_version")


def test_find_ids_when_all_are_ids_then_each_else_nothing():
    assert [match.entry.id for match in explanations.find_ids(["flex", "glibc"])] == ["flex_op", "glibc"]
    assert explanations.find_ids(["flex", "gilbc"]) == ()
    assert explanations.find_ids([]) == ()


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("op_versoin", "op_version"),
        ("flex_ops", "flex_op"),
        ("my delegate has a problem with OpenCL", "opencl_missing"),
        ("signature of the model is gone", "no_signature"),
    ],
)
def test_nearest_when_nothing_fits_then_entries_that_share_most(text, near):
    assert near in [entry.id for entry in explanations.nearest(text)]


@pytest.mark.parametrize("text", ["", "qqq zzz", "\x1b" * 99])
def test_nearest_when_nothing_is_shared_then_none(text):
    assert explanations.nearest(text) == ()


@pytest.mark.parametrize("entry", catalogue.ALL, ids=lambda entry: entry.id)
def test_find_when_given_an_entry_s_own_phrase_then_it_is_among_the_matches(entry):
    for phrase in entry.matches:
        assert entry.id in ids("log: " + phrase.replace("*", "some 12").replace("~", " the ") + " .")


@pytest.mark.parametrize("name", RECORDED)
def test_find_when_an_error_was_recorded_then_its_entry_is_first(name):
    for text in RECORDED[name]:
        assert ids(text)[0] == name


@functools.cache
def adversarial() -> dict[str, str]:
    size = matching.MAX_CHARACTERS
    first = [phrase.first for entry in catalogue.ALL for phrase in entry.phrases if phrase.rest]
    rng = random.Random(3)
    return {
        "beginnings of one phrase": "Didn't find op for builtin opcode '" * (size // 35),
        "beginnings of all phrases": "".join(rng.choices(first, k=size // 20))[:size],
        "line ends": "\n" * size,
        "short lines": "a\n" * (size // 2),
        "quotes": "'" * size,
        "escapes": "\x1b[" * (size // 2),
        "unfinished escape": "\x1b[" + "1;" * (size // 2),
        "html": "&amp;" * (size // 5),
        "json escapes": "\\u0027" * (size // 6),
        "named": "gate: op_version\n" * (size // 17),
        "almost named": "explain: " * (size // 9),
        "almost a table": ("fail  " + "x: " * 30 + "\n") * (size // 97),
        "one letter": "e" * size,
        "words": "op version error " * (size // 17),
        "dotted capital i": "\u0130" * size,
    }


@pytest.mark.parametrize("kind", adversarial())
def test_find_when_the_text_is_made_to_be_slow_then_it_is_not(kind):
    text = adversarial()[kind]
    began = time.process_time()
    explanations.find(text)
    explanations.nearest(text)
    # A second of processor time: three times what the slowest takes on the machine this was written on.
    assert time.process_time() - began < 1.0
