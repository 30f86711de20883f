from __future__ import annotations

import dataclasses
import json

import pytest

from tests.unit.pipeline.test_rescue_search import measured
from tfedge.conversion.scopes import FLOAT, Scope
from tfedge.errors import ConfigError
from tfedge.pipeline.rescue_report import RescueConfig, RescueReport, RescueStep, make_steps
from tfedge.pipeline.rescue_text import rescue_lines, rescue_markdown

STEPS = make_steps(
    [
        RescueStep("r by scopes", {}, 0, None, measured(9.0)),
        RescueStep("ADD everywhere", Scope(FLOAT, op="ADD").to_json(), 5, 0.9, measured(8.5)),
        RescueStep(
            "SOFTMAX everywhere",
            Scope(FLOAT, op="SOFTMAX").to_json(),
            2,
            0.8,
            dataclasses.replace(measured(0.25), size_bytes=1_200),
        ),
    ]
)
REPORT = RescueReport(
    recipe="r",
    rescued="r_rescued",
    runtime="ai-edge-litert==2.3.0@x86_64",
    max_points_lost=0.5,
    before=measured(10.0),
    confirmed=measured(0.375),
    steps=STEPS,
    precision="float",
    stopped="",
    num_measured=12,
    latency={"float32": (0.5, 0.4, 0.6)},
    trained_model_sha256="a" * 64,
)


def without(report=REPORT, **changes):
    return dataclasses.replace(report, rescued="", confirmed=None, steps=(), latency={}, **changes)


def test_report_then_from_json_of_to_json_is_equal():
    for report in (REPORT, without(), without(stopped="the budget of 1 minutes is spent")):
        assert RescueReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_make_steps_then_each_tells_what_it_won_and_added():
    assert [step.points_won for step in STEPS] == [0.0, 0.5, 8.25]
    assert [step.bytes_added for step in STEPS] == [0, 0, 200]


@pytest.mark.parametrize(
    ("report", "verdict", "code"),
    [
        (REPORT, "pass", 0),
        (without(before=measured(0.5)), "pass", 0),
        (without(before=measured(0.6)), "fail", 1),
        (without(before=measured(0.0, refused="no")), "fail", 1),
        (without(stopped="the budget is spent"), "not_measured", 3),
        (dataclasses.replace(REPORT, stopped="the budget is spent"), "pass", 0),
        (dataclasses.replace(REPORT, confirmed=measured(0.6)), "fail", 1),
        (dataclasses.replace(REPORT, confirmed=measured(0.6), stopped="the budget is spent"), "not_measured", 3),
    ],
)
def test_verdict_then_exit_code(report, verdict, code):
    assert (report.verdict, report.exit_code) == (verdict, code)


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"unknown": 1},
        {"steps": 3},
        {"steps": [1]},
        {"steps": [{"place": "p"}]},
        {"latency": []},
        {"before": None},
        {"before": {"num_words": 0}},
    ],
)
def test_from_json_when_wrong_then_config_error(change):
    with pytest.raises(ConfigError):
        RescueReport.from_json({**REPORT.to_json(), **change})


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_points_lost": -0.1},
        {"max_points_lost": float("nan")},
        {"budget_minutes": 0.0},
        {"budget_minutes": float("inf")},
        {"rank_words": 0},
        {"num_words": 1},
    ],
)
def test_config_when_illegal_then_config_error(wrong):
    with pytest.raises(ConfigError):
        RescueConfig(**wrong)
    assert RescueConfig(max_points_lost=0.0, rank_words=1, num_words=2).num_words == 2


def test_rescue_lines_then_each_step_with_its_cost():
    lines = rescue_lines(REPORT)
    assert lines[1].startswith("rescued as r_rescued: 2 places in float; +0.38 points of WER")
    assert (
        "it meets the limit on the words that chose it alone"
        in rescue_lines(dataclasses.replace(REPORT, confirmed=measured(0.6)))[2]
    )
    assert [line.split()[0] for line in lines[3:6]] == ["r", "ADD", "SOFTMAX"]
    assert lines[5].split()[2:] == ["2", "80.0%", "+0.25", "+8.25", "50.0%", "1,200", "+200"]
    assert lines[-1] == "latency of the rescued file: 0.50 of float32's (0.40 to 0.60)"


def test_rescue_lines_when_nothing_is_written_then_the_reason():
    assert rescue_lines(without())[-1].startswith("not rescued: no set of its layers and ops")
    assert rescue_lines(without(before=measured(0.1)))[-1] == "nothing to rescue: the recipe meets its limit"
    stopped = rescue_lines(without(stopped="the budget of 1 minutes is spent"))
    assert stopped[-1] == "stopped early: the budget of 1 minutes is spent; run it again to go on where it was"
    assert "no set of its layers" not in "\n".join(stopped)
    assert "refused: no" in rescue_lines(without(before=measured(0.0, refused="no")))[0]


def test_markdown_when_rescued_has_a_row_a_step_and_the_latency():
    text = rescue_markdown(REPORT)
    assert "Rescued by 2 places in float, measured on words that chose nothing: +0.38 points" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(STEPS) and {row.count("|") for row in rows} == {rows[0].count("|")}
    assert text.endswith("It takes 0.50 of the time of `float32` (0.40 to 0.60).")


def test_markdown_when_there_are_many_steps_shows_the_first_eight_and_the_last():
    steps = (*STEPS, *[dataclasses.replace(STEPS[1], place=f"place {place}") for place in range(12)])
    rows = [line for line in rescue_markdown(dataclasses.replace(REPORT, steps=steps)).splitlines() if line[:1] == "|"]
    assert len(rows) == 2 + 8 + 1 + 1
    assert rows[-2].startswith("| … and 6 more |") and rows[-1].startswith("| place 11 |")


def test_markdown_when_nothing_was_rescued_says_why():
    assert rescue_markdown(without(before=measured(0.1))).endswith("Nothing to rescue.")
    assert "Not rescued: the budget is spent." in rescue_markdown(without(stopped="the budget is spent"))
    assert "Not rescued: no set of its layers" in rescue_markdown(without())
