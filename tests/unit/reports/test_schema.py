from __future__ import annotations

import dataclasses
import json

import pytest

from tests.unit.reports import sample_reports as made
from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError, GateError, MeasurementError
from tfedge.reports.schema import Report, ReportRow

FAILED = Finding("accuracy", "fail", "lost +1.40 points of WER: beyond 0.30 points")
UNMEASURED = Finding("latency", "not_measured", "too short")


def test_report_when_written_and_read_then_equal(report):
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


@pytest.mark.parametrize(
    ("findings", "verdict", "exit_code"),
    [
        ((Finding("a", "pass", "m"),), "pass", 0),
        ((Finding("a", "pass", "m"), UNMEASURED), "not_measured", 3),
        ((UNMEASURED, FAILED), "fail", 1),
        ((), "not_measured", 3),
    ],
)
def test_verdict_is_the_worst_finding_of_the_rows(findings, verdict, exit_code):
    report = made.make_report(made.row(), made.row(findings=findings))
    assert (report.verdict, report.exit_code) == (verdict, exit_code)


def test_verdict_when_a_bad_row_is_not_gated_then_it_does_not_count():
    rows = made.row(), made.row(findings=(FAILED,), is_gated=False)
    assert made.make_report(*rows).verdict == "pass"


def test_verdict_when_no_row_is_gated_then_nothing_passed():
    assert made.make_report(made.row(is_gated=False)).verdict == "not_measured"


def test_raise_for_failures_when_passed_then_returns(report):
    report.raise_for_failures()


def test_raise_for_failures_when_a_gate_failed_then_it_is_named():
    report = made.make_report(made.row(findings=(FAILED, UNMEASURED)))
    with pytest.raises(GateError, match=r"dynamic_wi8_afp32 on ai-edge-litert==2.3.0@x86_64: accuracy: lost \+1.40"):
        report.raise_for_failures()


def test_raise_for_failures_when_not_measured_then_it_is_no_pass():
    with pytest.raises(MeasurementError, match="latency: too short"):
        made.make_report(made.row(findings=(UNMEASURED,))).raise_for_failures()
    with pytest.raises(MeasurementError, match="no gate judged dynamic_wi8_afp32"):
        made.make_report(made.row(), made.row(findings=())).raise_for_failures()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda value: value.update(schema_version=2), "schema_version 1; got 2"),
        (lambda value: value.update(extra=1), r"unknown \['extra'\], missing \[\]"),
        (lambda value: value.pop("notes"), r"unknown \[\], missing \['notes'\]"),
        (lambda value: value.update(kind="benchmark"), "did you mean 'bench'"),
        (lambda value: value.update(rows=[]), "one row or more"),
        (lambda value: value.update(rows={}), "`rows` must be a JSON array; got dict"),
        (lambda value: value.update(notes=[1]), "`notes` must be texts"),
        (lambda value: value.update(verdict="fail"), "`verdict` must be 'pass', what the findings say; got 'fail'"),
        (lambda value: value.update(created_utc="yesterday"), "must look like 2026-11-21T13:00:00Z"),
        (lambda value: value.update(model_sha256="abc"), "64 hexadecimal digits"),
        (lambda value: value["conditions"].update(cores=0), "`cores` must be"),
        (lambda value: value["conditions"].update(ram=1), "ram"),
        (lambda value: value["rows"][0].update(speed=1), r"unknown \['speed'\]"),
        (lambda value: value["rows"][0].update(verdict="fail"), "what the findings say"),
        (lambda value: value["rows"][0].update(size_bytes=0), "`size_bytes` must be"),
        (lambda value: value["rows"][0].update(entry="beam"), "`entry` must be one of"),
        (lambda value: value["rows"][0].update(target="litert"), "name==version@arch"),
        (
            lambda value: value["rows"][0].update(target=made.TFLITE),
            "must hold measurements of greedy on tflite-runtime",
        ),
        (lambda value: value["rows"][0].update(is_gated=1), "`is_gated` must be true or false"),
        (lambda value: value["rows"][0]["accuracy"].pop("wer"), "an accuracy report must have the keys"),
        (lambda value: value["rows"][0]["latency"].update(mean_ms=1), "a latency report must have the keys"),
        (lambda value: value["rows"][0]["memory"].update(peak_memory_bytes=-1), "memory must be bytes"),
        (lambda value: value["rows"][0]["findings"][0].update(verdict="good"), "`verdict` must be one of"),
    ],
)
def test_from_json_when_illegal_then_refused_with_the_reason(report, change, said):
    value = json.loads(json.dumps(report.to_json()))
    change(value)
    with pytest.raises(ConfigError, match=said):
        Report.from_json(value)


@pytest.mark.parametrize("value", [None, [], "report", 1])
def test_from_json_when_not_an_object_then_refused(value):
    with pytest.raises(ConfigError, match="must be a JSON object"):
        Report.from_json(value)
    with pytest.raises(ConfigError, match="must be a JSON object"):
        ReportRow.from_json(value)


def test_row_when_its_latency_is_of_another_entry_then_refused():
    with pytest.raises(ConfigError, match="measurements of encode\\+decode_step"):
        made.row(entry="encode+decode_step", latency=made.latency(entry="greedy"))


def test_report_is_frozen(report):
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.kind = "bench"


def test_report_when_made_now_then_time_and_version_are_filled_in(report):
    fields = dict(kind="bench", task="g2p", conditions=report.conditions, rows=(made.row(),))
    made_now = Report(**fields)
    assert made_now.created_utc.endswith("Z") and made_now.tfedge_version
