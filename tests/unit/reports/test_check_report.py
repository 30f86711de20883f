from __future__ import annotations

import dataclasses

import pytest

from tests.unit.reports import sample_reports
from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError, GateError, MeasurementError
from tfedge.reports.check_report import CheckReport, FileCheck, TargetCheck

LITERT, ARM = "ai-edge-litert==2.3.0@x86_64", "tflite-runtime==2.14.0@aarch64:cortex-a72"
PASSED = Finding("runs", "pass", "ran 5 cases")
NOTE = Finding("dynamic_shapes", "pass", "the batch is free", consequence="XNNPACK is left out")
FAILED = Finding(
    "matches_reference", "fail", "'y' is 98 % off", "a kernel", "wrong answers", "convert again", 0.98, 0.05
)
UNKNOWN = Finding("matches_reference", "not_measured", "there is no reference", fix="give --inputs")


def make_report(*findings, **fields):
    """Returns a report of one file for each group of findings, one target a finding list in it."""
    files = tuple(
        FileCheck(
            f"out/file_{place}.tflite",
            f"{place:064x}",
            1_234_567,
            tuple(TargetCheck(target, tuple(held), 1.5) for target, held in zip((LITERT, ARM), group, strict=False)),
        )
        for place, group in enumerate(findings)
    )
    conditions = sample_reports.make_report(sample_reports.row()).conditions
    return CheckReport(files, conditions, created_utc="2026-11-21T13:00:00Z", tfedge_version="0.1.0", **fields)


@pytest.mark.parametrize(
    ("groups", "verdict", "code"),
    [
        ([([PASSED], [PASSED, NOTE])], "pass", 0),
        ([([PASSED], [PASSED]), ([PASSED], [FAILED, UNKNOWN])], "fail", 1),
        ([([PASSED], [UNKNOWN])], "not_measured", 3),
        ([([PASSED], [])], "not_measured", 3),
    ],
)
def test_report_when_judged_is_as_bad_as_its_worst_finding(groups, verdict, code):
    report = make_report(*groups)
    assert (report.verdict, report.exit_code) == (verdict, code)


def test_report_when_written_and_read_is_the_same():
    report = make_report(([PASSED], [FAILED, NOTE]), ([UNKNOWN], [PASSED]), seed=7, has_run=False)
    assert CheckReport.from_json(report.to_json()) == report
    assert report.targets == (LITERT, ARM) and len(list(report.checks())) == 4
    assert report.files[0].targets[1].notes == (NOTE,)


def _changed(path, value):
    held = make_report(([PASSED], [FAILED])).to_json()
    place = held
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return held


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["verdict"], "pass", "what the findings say"),
        (["files", 0, "verdict"], "pass", "what the findings say"),
        (["files", 0, "targets", 1, "verdict"], "pass", "what the findings say"),
        (["files", 0, "sha256"], "f", "64 hexadecimal"),
        (["files", 0, "size_bytes"], -1, "size_bytes"),
        (["files", 0, "targets"], [], "one target or more"),
        (["files", 0, "targets", 0, "target"], "litert", "name==version@arch"),
        (["files", 0, "targets", 0, "target"], ARM, "each once"),
        (["files", 0, "targets", 0, "seconds"], -1, "seconds"),
        (["files"], [], "one file or more"),
        (["files"], {}, "JSON array"),
        (["seed"], True, "seed"),
        (["schema_version"], 2, "schema_version 1"),
        (["colour"], "red", "unknown"),
    ],
)
def test_from_json_when_a_value_is_illegal_says_which(path, value, said):
    with pytest.raises(ConfigError, match=said):
        CheckReport.from_json(_changed(path, value))


def test_raise_for_failures_when_something_failed_names_file_target_and_gate():
    make_report(([PASSED], [PASSED])).raise_for_failures()
    with pytest.raises(GateError, match=f"out/file_0.tflite on {ARM}: matches_reference: 'y' is 98 % off"):
        make_report(([PASSED], [FAILED])).raise_for_failures()
    with pytest.raises(MeasurementError, match="there is no reference"):
        make_report(([PASSED], [UNKNOWN])).raise_for_failures()


def test_target_check_when_time_is_no_number_refuses():
    with pytest.raises(ConfigError, match="seconds"):
        dataclasses.replace(TargetCheck(LITERT, (PASSED,)), seconds=float("nan"))
