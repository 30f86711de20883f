"""The fix report as data and as text: it reads back, and cannot claim what was not done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tfedge.checks.verdict import Finding, Verdict
from tfedge.errors import ConfigError
from tfedge.reports.check_report import CheckReport, FileCheck, TargetCheck
from tfedge.reports.conditions import Conditions
from tfedge.reports.fix_report import FixReport, Rejected
from tfedge.reports.fix_table import fix_lines
from tfedge.validation.fix_cost import FixCost, OutputCost

PLAN = {"name": "zero biases", "changes_numbers": False, "edits": [{"kind": "zero_bias", "op": [0, 1]}]}
COST = FixCost(1000, 1064, 3, (OutputCost("s", "y", 1.0, None, 1.0),))


def check(verdict: Verdict, path: str = "in.tflite") -> CheckReport:
    findings = (Finding("runs", verdict, "a message"),)
    return CheckReport(
        (FileCheck(path, "a" * 64, 1000, (TargetCheck("tflite-runtime==2.14.0@aarch64", findings),)),),
        Conditions.here(),
    )


def written(verdict: Verdict = "pass") -> FixReport:
    rejected = (Rejected("a smaller plan", "still dies"),)
    after = check(verdict, "out.tflite")
    lines = ("int8 FULLY_CONNECTED without bias gets one of zeros",)
    return FixReport(
        "out.tflite", "", check("fail"), after, PLAN, lines, rejected, COST, after.files[0].targets[0].findings
    )


def left_alone(verdict: Verdict = "fail") -> FixReport:
    return FixReport("", "no rewrite was enough", check(verdict), rejected=(Rejected("zero biases", "still dies"),))


@pytest.mark.parametrize("report", [written(), left_alone()])
def test_fix_report_when_stored_reads_back(report: FixReport) -> None:
    assert FixReport.from_json(json.loads(json.dumps(report.to_json()))) == report


@pytest.mark.parametrize(
    "report, code",
    [
        (written(), 0),
        (written("not_measured"), 3),
        (left_alone(), 1),
        (left_alone("pass"), 0),
        (left_alone("not_measured"), 3),
    ],
)
def test_exit_code_when_written_is_that_of_the_new_file_else_of_the_old(report: FixReport, code: int) -> None:
    assert report.exit_code == code


def test_shown_when_written_is_the_new_file() -> None:
    assert written().shown.files[0].path == "out.tflite"
    assert left_alone().shown.files[0].path == "in.tflite"


@pytest.mark.parametrize(
    "change",
    [
        {"out": ""},
        {"reason": "both"},
        {"cost": None},
        {"after": None},
        {"schema_version": 2},
        {"rejected": [{}]},
        {"x": 1},
    ],
)
def test_fix_report_when_illegal_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        FixReport.from_json({**written().to_json(), **change})


def test_fix_lines_when_written_say_what_and_at_what_cost() -> None:
    assert fix_lines(written()) == [
        "",
        "in.tflite rewritten as out.tflite:",
        "  int8 FULLY_CONNECTED without bias gets one of zeros",
        "cost:",
        "  size 1,000 -> 1,064 bytes (+64)",
        "  on LiteRT, 3 cases: its output is equal bit for bit",
        "changes less, and was not enough:",
        "  a smaller plan: still dies",
    ]


def test_fix_lines_when_nothing_was_written_say_why() -> None:
    assert fix_lines(left_alone()) == [
        "",
        "tried, and not written:",
        "  zero biases: still dies",
        "in.tflite: no file was written: no rewrite was enough",
    ]
