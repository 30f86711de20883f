"""Findings keep their words and numbers, and the worst one decides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tfedge.checks.verdict import Finding, Verdict, worst
from tfedge.errors import ConfigError


def _finding(verdict: Verdict) -> Finding:
    return Finding("size", verdict, "expected at most 2 bytes; got 1")


def test_to_json_when_read_back_gives_the_same_finding() -> None:
    finding = Finding("size", "fail", "expected 1; got 2", cause="why", fix="do", measured=2.0, limit=1)

    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding


def test_from_json_when_optional_keys_are_absent_fills_them() -> None:
    assert Finding.from_json({"gate": "size", "verdict": "pass", "message": "ok"}) == Finding("size", "pass", "ok")


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "passed"},
        {"verdict": ["pass"]},
        {"gate": ""},
        {"message": ""},
        {"cause": None},
        {"measured": float("nan")},
        {"limit": float("inf")},
        {"measured": True},
        {"limit": "2"},
        {"colour": "red"},
    ],
)
def test_from_json_when_a_value_is_illegal_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Finding.from_json({"gate": "size", "verdict": "pass", "message": "ok", **change})


@pytest.mark.parametrize("value", [{}, {"gate": "size", "verdict": "pass"}, [1], None])
def test_from_json_when_keys_are_missing_refuses(value: Any) -> None:
    with pytest.raises(ConfigError):
        Finding.from_json(value)


def test_finding_when_verdict_is_misspelt_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'pass'"):
        Finding("size", "passs", "ok")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "not_measured"], "not_measured"),
        (["not_measured", "fail", "pass"], "fail"),
        ([], "not_measured"),
    ],
)
def test_worst_when_verdicts_differ_takes_the_gravest(verdicts: list[Verdict], expected: Verdict) -> None:
    assert worst(_finding(verdict) for verdict in verdicts) == expected
