"""Golden comparison and output health: each gate passes a right model and fails a broken one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError
from tfedge.modelfile.golden import GoldenCase
from tfedge.validation.golden import check_golden, check_outputs_health

RECIPE = "dynamic_wi8_afp32"


def _cases(count: int) -> list[GoldenCase]:
    return [
        GoldenCase(f"case{index}", "a", (4, 2), {"keras": (5, 6, 7, 2), RECIPE: (5, 6, 8, 2)}, "")
        for index in range(count)
    ]


def _golden(answers: Sequence[Sequence[int] | None], recipe: str = RECIPE) -> Finding:
    (finding,) = check_golden(_cases(len(answers)), answers, recipe)
    return finding


RIGHT, FLIPPED = (5, 6, 8, 2), (5, 9, 8, 2)


def test_check_golden_when_float32_equals_keras_passes() -> None:
    assert _golden([(5, 6, 7, 2), [5, 6, 7, 2, 0, 0, 0]], "float32").verdict == "pass"


def test_check_golden_when_float32_differs_in_one_of_many_cases_fails() -> None:
    finding = _golden([(5, 6, 7, 2)] * 99 + [(5, 6, 8, 2)], "float32")

    assert finding.verdict == "fail"
    assert finding.message == (
        "99 of 100 cases answer as Keras does, at most 0 may differ; first divergence: case 'case99', position 2: "
        "expected id 7, got 8"
    )
    assert (finding.measured, finding.limit) == (1, 0)


@pytest.mark.parametrize(
    ("count", "flipped", "verdict"),
    [
        (1, 0, "pass"),
        (1, 1, "fail"),  # One of one may not be tolerated: the gate could never fail.
        (2, 1, "pass"),
        (2, 2, "fail"),
        (10, 3, "pass"),
        (10, 4, "fail"),
        (40, 6, "pass"),
        (40, 7, "fail"),
    ],
)
def test_check_golden_when_a_quantized_file_flips_tolerates_near_ties(count: int, flipped: int, verdict: str) -> None:
    assert _golden([RIGHT] * (count - flipped) + [FLIPPED] * flipped).verdict == verdict


def test_check_golden_when_quantized_compares_with_its_own_ids_and_not_with_keras() -> None:
    assert _golden([(5, 6, 8, 2)] * 5).verdict == "pass"
    assert _golden([(5, 6, 7, 2)] * 5).verdict == "fail"


@pytest.mark.parametrize(
    ("answer", "divergence"),
    [
        ((5, 9, 8, 2), "position 1: expected id 6, got 9"),
        ((5, 2), "position 1: expected id 6, got 2"),
        ((5, 6, 8), "position 3: expected id 2, got nothing"),
        ((5, 6, 8, 8, 2), "position 3: expected id 2, got 8"),
        ((), "position 0: expected id 5, got nothing"),
    ],
)
def test_check_golden_when_answers_diverge_names_the_first_place(answer: tuple[int, ...], divergence: str) -> None:
    assert f"case 'case1', {divergence}" in _golden([RIGHT, answer]).message


def test_check_golden_when_a_case_could_not_run_is_not_measured() -> None:
    finding = _golden([RIGHT, None, RIGHT])

    assert finding.verdict == "not_measured"
    assert "not run: case1" in finding.message


def test_check_golden_when_the_others_are_broken_fails_whatever_could_not_run() -> None:
    assert _golden([FLIPPED, None, FLIPPED]).verdict == "fail"


def test_check_golden_when_called_wrongly_refuses() -> None:
    for cases, answers, recipe in (([], [], RECIPE), (_cases(2), [RIGHT], RECIPE), (_cases(1), [RIGHT], "other")):
        with pytest.raises(ConfigError):
            check_golden(cases, answers, recipe)


SOURCES: list[tuple[int, ...]] = [(letter, 2) for letter in range(3, 23)]
ANSWERS: list[tuple[int, ...]] = [(letter, letter + 1, 2) for letter in range(3, 23)]
GATES = ["decoder_listens", "answers_not_empty", "answers_do_not_loop", "answers_stop"]


def _failed(answers: Sequence[Sequence[int]], sources: Sequence[Sequence[int]] = SOURCES) -> list[str]:
    findings = check_outputs_health(answers, sources)
    assert [finding.gate for finding in findings] == GATES
    assert all(finding.fix for finding in findings if finding.verdict != "pass")
    return [finding.gate for finding in findings if finding.verdict == "fail"]


def test_check_outputs_health_when_answers_differ_and_stop_passes() -> None:
    assert _failed(ANSWERS) == []
    assert _failed([[*answer, 0, 0] for answer in ANSWERS]) == []


def test_check_outputs_health_when_the_answer_is_constant_says_the_decoder_is_not_listening() -> None:
    findings = check_outputs_health([(5, 6, 2)] * 20, SOURCES)

    assert [finding.gate for finding in findings if finding.verdict == "fail"] == ["decoder_listens"]
    assert findings[0].cause == "the decoder is not listening to the encoder"
    assert "20 of 20 different sources" in findings[0].message and "ids 5 6 2 whatever the input" in findings[0].message


def test_check_outputs_health_when_most_answers_are_one_fails_and_homophones_pass() -> None:
    same: list[tuple[int, ...]] = [(5, 6, 2)]
    assert _failed(same * 11 + ANSWERS[11:]) == ["decoder_listens"]
    assert _failed(same * 10 + ANSWERS[10:]) == []


def test_check_outputs_health_when_one_source_is_asked_again_and_again_counts_it_once() -> None:
    answers = [(5, 6, 2)] * 50 + ANSWERS

    assert _failed(answers, [SOURCES[0]] * 50 + SOURCES) == []


def test_check_outputs_health_when_sources_are_few_cannot_tell_listening() -> None:
    findings = check_outputs_health([(5, 2), (5, 2)], [(3, 2), (4, 2)])

    assert findings[0].verdict == "not_measured"


@pytest.mark.parametrize("empty", [(), (2,), (0, 0, 0), (2, 0, 0)])
def test_check_outputs_health_when_answers_are_empty_fails(empty: tuple[int, ...]) -> None:
    assert "answers_not_empty" in _failed([empty] * 20)
    assert _failed([empty] * 3 + ANSWERS[3:]) == ["answers_not_empty"]
    assert _failed([empty] * 2 + ANSWERS[2:]) == []


def test_check_outputs_health_when_one_token_repeats_to_the_end_fails() -> None:
    endless = [(letter, 9, 9, 9, 9, 9, 9, 9) for letter in range(3, 23)]

    assert _failed(endless) == ["answers_do_not_loop", "answers_stop"]
    assert _failed([(*answer, 2) for answer in endless]) == ["answers_do_not_loop"]
    assert _failed([(9, 9, 9, 9, letter, 2) for letter in range(3, 23)]) == []


def test_check_outputs_health_when_answers_never_stop_fails() -> None:
    cut = [tuple(range(letter, letter + 8)) for letter in range(3, 23)]

    assert _failed(cut) == ["answers_stop"]
    assert _failed(cut[:3] + ANSWERS[3:]) == ["answers_stop"]
    assert _failed(cut[:2] + ANSWERS[2:]) == []
    assert _failed([(*ids, 2) for ids in cut]) == []


def test_check_outputs_health_when_a_single_answer_is_sick_fails() -> None:
    assert _failed([(2,)], [(3, 2)]) == ["answers_not_empty"]


def test_check_outputs_health_when_called_wrongly_refuses() -> None:
    for outputs in ([], ANSWERS):
        with pytest.raises(ConfigError):
            check_outputs_health(outputs, [])
