"""Scores of hand-sized word lists, and of a long one in time."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest

from tfedge.errors import ConfigError, InputError
from tfedge.validation.accuracy import AccuracyReport, score

REFERENCES = [
    [["K", "AE", "T"]],
    [["R", "IY", "D"], ["R", "EH", "D"]],
    [["D", "AO", "G", "Z"]],
    [["AH"], ["EY"]],
]


def test_score_when_counted_by_hand_gives_both_error_rates() -> None:
    outputs = [["K", "AE", "T"], ["R", "EH", "D"], ["D", "AA", "G"], []]

    report = score(outputs, REFERENCES)

    assert report.num_examples == 4
    assert report.wer == 50.0  # Words three and four.
    assert report.per == pytest.approx(100 * (0 + 0 + 2 + 1) / (3 + 3 + 4 + 1))
    assert 0 <= report.wer_low <= 50 <= report.wer_high <= 100
    assert not report.has_reference


def test_score_when_variants_differ_in_length_divides_by_the_closest_ones() -> None:
    report = score([["A", "B"]], [[["X", "Y", "Z", "A"], ["A", "B", "C"]]])

    assert report.per == pytest.approx(100 * 1 / 3)


def test_score_when_variants_are_equally_close_divides_by_the_first() -> None:
    assert score([["A"]], [[["B"], ["A", "C"]]]).per == pytest.approx(100 / 1)
    assert score([["A"]], [[["A", "C"], ["B"]]]).per == pytest.approx(100 / 2)


def test_score_when_reference_outputs_are_given_counts_who_alone_is_wrong() -> None:
    target = [["K", "AE", "T"], ["R"], ["D"], ["AH"]]
    keras = [["K", "AE", "T"], ["R", "EH", "D"], ["G"], ["EY"]]

    report = score(target, REFERENCES, keras)

    assert report.identical_share == 0.25
    assert report.reference_wer == 25.0
    assert (report.only_target_wrong, report.only_reference_wrong) == (1, 0)
    assert report.wer_minus_reference_points == 25.0
    assert report.mcnemar_p == 1.0
    assert report.wer_minus_reference_low is not None and report.wer_minus_reference_high is not None
    assert report.wer_minus_reference_low < 25 < report.wer_minus_reference_high


def test_score_when_target_and_reference_agree_loses_nothing() -> None:
    outputs = [["K", "AE", "T"], ["R", "EH", "D"], ["D"], ["EY"]]

    report = score([tuple(output) for output in outputs], REFERENCES, outputs)

    assert report.identical_share == 1.0
    assert report.wer_minus_reference_points == 0.0


def test_score_when_12000_words_are_scored_takes_seconds() -> None:
    rng = random.Random(0)
    phones = [f"P{index}" for index in range(39)]
    references = [[rng.choices(phones, k=rng.randint(2, 13))] for _ in range(12_000)]
    outputs = [[*variants[0][:-1], rng.choice(phones)] for variants in references]
    start = time.monotonic()

    report = score(outputs, references, [variants[0] for variants in references])

    assert time.monotonic() - start < 5
    assert 95 < report.wer < 99  # One of 39 guesses of the last phone is right.


@pytest.mark.parametrize(
    ("outputs", "references", "keras"),
    [
        ([], [], None),
        ([["A"]], [], None),
        ([["A"]], [[["A"]]], [["A"], ["B"]]),
        ([["A"]], [[]], None),
        ([["A"]], [[[]]], None),
        (["A B"], [[["A"]]], None),
        ([["A"]], [["A B"]], None),
        ([["A"]], ["A B"], None),
        ([["A"]], [[["A"]]], ["A B"]),
    ],
)
def test_score_when_lists_are_malformed_refuses(outputs: Any, references: Any, keras: Any) -> None:
    with pytest.raises(InputError):
        score(outputs, references, keras)


def test_report_when_read_back_is_equal() -> None:
    for reference_outputs in (None, [["A"], ["B"]]):
        report = score([["A"], ["C"]], [[["A"]], [["B"]]], reference_outputs, seed=3, resamples=500)

        assert AccuracyReport.from_json(json.loads(json.dumps(report.to_json()))) == report


@pytest.mark.parametrize(
    "change",
    [
        {"num_examples": 0},
        {"wer": 101.0},
        {"wer_low": 60.0, "wer_high": 50.0},
        {"identical_share": 1.5},
        {"mcnemar_p": None},
        {"colour": "red"},
    ],
)
def test_report_when_a_value_is_illegal_refuses(change: dict[str, Any]) -> None:
    value = score([["A"], ["C"]], [[["A"]], [["B"]]], [["A"], ["B"]]).to_json()

    with pytest.raises(ConfigError):
        AccuracyReport.from_json({**value, **change})


def test_report_when_a_key_is_missing_refuses() -> None:
    value = score([["A"]], [[["A"]]]).to_json()
    del value["per"]

    with pytest.raises(ConfigError):
        AccuracyReport.from_json(value)
