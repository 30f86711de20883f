"""Each verdict of the accuracy and size gates, the failing ones included."""

from __future__ import annotations

import re

import pytest

from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError
from tfedge.validation.accuracy import score
from tfedge.validation.gates import accuracy_gate, size_gate


def _gate(words: int, newly_wrong: int, newly_right: int, limit: float) -> Finding:
    """Judges a target that differs from its reference in the words counted, and in no other."""
    right, wrong = ["A"], ["B"]
    target = [wrong] * newly_wrong + [right] * newly_right + [right] * (words - newly_wrong - newly_right)
    reference = [right] * newly_wrong + [wrong] * newly_right + [right] * (words - newly_wrong - newly_right)
    return accuracy_gate(score(target, [[["A"]]] * words, reference), limit)


def test_accuracy_gate_when_loss_is_beyond_the_limit_fails() -> None:
    finding = _gate(2000, newly_wrong=60, newly_right=4, limit=1.0)

    assert finding.verdict == "fail"
    assert finding.measured == pytest.approx(2.8)
    assert finding.limit == 1.0
    assert "beyond 1.00 points" in finding.message and "reaches back" not in finding.message
    assert finding.fix


def test_accuracy_gate_when_loss_is_barely_beyond_fails_and_says_it_is_unsure() -> None:
    finding = _gate(2000, newly_wrong=30, newly_right=8, limit=1.0)

    assert finding.verdict == "fail"
    assert "reaches back to the limit" in finding.message


def test_accuracy_gate_when_the_whole_interval_is_inside_passes_as_within() -> None:
    finding = _gate(12_000, newly_wrong=20, newly_right=18, limit=0.3)

    assert finding.verdict == "pass"
    assert "within 0.30 points" in finding.message and "not " not in finding.message
    assert finding.fix == ""


def test_accuracy_gate_when_the_interval_passes_the_limit_does_not_claim_within() -> None:
    finding = _gate(2000, newly_wrong=7, newly_right=5, limit=0.3)

    assert finding.verdict == "pass"
    assert "not distinguishable" in finding.message and "is not supported" in finding.message
    # The half width is 0.34 points and there is room for 0.20: (0.34 / 0.20) ** 2 times 2,000, give or take the draw.
    needed = re.search(r"about ([0-9,]+) would", finding.fix)
    assert needed is not None and 4000 < int(needed[1].replace(",", "")) < 9000


def test_accuracy_gate_when_a_real_loss_may_be_beyond_is_not_measured() -> None:
    finding = _gate(2000, newly_wrong=17, newly_right=1, limit=1.0)

    assert finding.verdict == "not_measured"
    assert "perhaps beyond" in finding.message


def test_accuracy_gate_when_one_word_outweighs_the_limit_is_not_measured() -> None:
    finding = _gate(20, newly_wrong=0, newly_right=0, limit=1.0)

    assert finding.verdict == "not_measured"
    assert "one word is 5.00" in finding.message


def test_accuracy_gate_when_few_words_are_plainly_lost_still_fails() -> None:
    assert _gate(20, newly_wrong=18, newly_right=0, limit=1.0).verdict == "fail"


def test_accuracy_gate_when_nothing_may_be_lost_tells_one_lost_word() -> None:
    assert _gate(2000, newly_wrong=0, newly_right=0, limit=0.0).verdict == "pass"
    assert _gate(2000, newly_wrong=1, newly_right=0, limit=0.0).verdict == "fail"


def test_accuracy_gate_when_the_target_is_better_passes() -> None:
    assert _gate(2000, newly_wrong=0, newly_right=40, limit=0.3).verdict == "pass"


def test_accuracy_gate_when_there_is_no_reference_is_not_measured() -> None:
    finding = accuracy_gate(score([["A"]], [[["A"]]]), 0.3)

    assert finding.verdict == "not_measured"
    assert finding.measured is None


@pytest.mark.parametrize("limit", [-0.1, float("nan"), float("inf")])
def test_accuracy_gate_when_the_limit_is_no_limit_refuses(limit: float) -> None:
    with pytest.raises(ConfigError):
        accuracy_gate(score([["A"]], [[["A"]]]), limit)


@pytest.mark.parametrize(
    ("size", "float_size", "ratio", "most", "verdict", "measured"),
    [
        (290, 1000, 0.3, 400, "pass", 290),
        (290, 1000, 0.3, None, "pass", 0.29),
        (300, 1000, 0.3, 300, "pass", 300),
        (301, 1000, 0.3, 400, "fail", 0.301),
        (290, 1000, 0.3, 289, "fail", 290),
        (500, 1000, 0.3, 400, "fail", 500),
        (290, None, None, 300, "pass", 290),
        (301, None, None, 300, "fail", 301),
        (301, None, 0.3, 300, "fail", 301),
        (290, None, 0.3, 300, "not_measured", None),
        (290, None, 0.3, None, "not_measured", None),
    ],
)
def test_size_gate_when_sizes_are_given_judges_both_limits(
    size: int, float_size: int | None, ratio: float | None, most: int | None, verdict: str, measured: float | None
) -> None:
    finding = size_gate(size, float_size, ratio, most)

    assert finding.verdict == verdict
    assert finding.measured == measured


def test_size_gate_when_it_fails_names_sizes_and_limits() -> None:
    message = size_gate(2_100_000, 7_000_000, 0.3, 2_000_000).message

    assert message == "2.10 MB of at most 2.00 MB; 0.300 of the float file's 7.00 MB, at most 0.300"


@pytest.mark.parametrize(("size", "float_size", "ratio", "most"), [(1, 1, None, None), (0, 1, 0.3, 1), (1, 0, 0.3, 1)])
def test_size_gate_when_asked_nonsense_refuses(
    size: int, float_size: int, ratio: float | None, most: int | None
) -> None:
    with pytest.raises(ConfigError):
        size_gate(size, float_size, ratio, most)
