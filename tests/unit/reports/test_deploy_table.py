from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from tests.unit.reports import device_answers as answers
from tests.unit.reports.device_samples import report as sample
from tests.unit.reports.sample_reports import latency as here
from tfedge.checks.verdict import Finding
from tfedge.reports.deploy_report import DeployReport
from tfedge.reports.deploy_table import deploy_lines, print_deploy
from tfedge.reports.stage_comparison import compare_reports


@pytest.fixture
def report():
    """A phone that does the same, with latency on both sides."""
    phone = sample(latency=answers.latency("greedy", "a" * 64))
    device = dataclasses.replace(phone.device, name="desk", kind="local", thermal=None, battery_percent=None)
    local = dataclasses.replace(phone, device=device, latency=None)
    return DeployReport(
        model_path="out/g2p.tflite",
        model_sha256="a" * 64,
        place="Google Pixel 8, Android 14 (API 34), arm64-v8a",
        app_version="0.1.0",
        how="pushed",
        device=phone,
        local=local,
        comparison=compare_reports(local, phone),
        findings=(Finding("golden_cases", "pass", "2 of 2"),),
        local_latency=here(),
        written=("out/g2p.android.json",),
    )


def cells(report, title):
    """Returns both cells of the row with that title."""
    (line,) = [line for line in deploy_lines(report) if line.startswith(f"  {title}  ")]
    return [cell.strip() for cell in line[2 + len(title) :].split("  ") if cell]


def test_lines_then_device_and_this_machine_stand_side_by_side(report):
    assert cells(report, "name") == ["Pixel 8", "desk"]
    assert cells(report, "p50, ms") == ["10.5", "1.04"]
    assert cells(report, "state") == ["heat: none; battery 81 %, not charging"]
    lines = deploy_lines(report)
    assert lines[0] == f"model: out/g2p.tflite (sha256 {'a' * 64}), pushed"
    assert lines[-1] == "verdict: pass" and "report: out/g2p.android.json" in lines


def test_lines_when_nothing_was_timed_then_no_latency(report):
    bare = dataclasses.replace(report, device=dataclasses.replace(report.device, latency=None), local_latency=None)
    assert not [line for line in deploy_lines(bare) if "p50" in line]


def test_lines_when_the_device_miscounts_its_golden_cases_then_our_count(report):
    judged = Finding("golden_cases", "fail", "1 of 2", measured=2.0, limit=1.0)
    assert cells(dataclasses.replace(report, findings=(judged,)), "golden cases")[0] == "0 of 2 as recorded"


def test_lines_when_this_machine_was_busy_then_its_latency_says_so(report):
    busy = dataclasses.replace(report, local_latency=here(runs=20))
    assert cells(busy, "p50, ms")[1].endswith("(not to be relied on: the machine is busy)")


def test_lines_when_a_gate_failed_then_why_and_what_to_do(report):
    failed = Finding("golden_cases", "fail", "0 of 2", cause="weights", fix="push again")
    lines = deploy_lines(dataclasses.replace(report, findings=(failed,)))
    assert ["fail  golden_cases: 0 of 2", "  cause: weights", "  fix: push again"] == lines[
        lines.index("fail  golden_cases: 0 of 2") :
    ][:3]
    assert lines[-1] == "verdict: fail"


def test_lines_when_a_device_says_escapes_then_they_are_written_out(report):
    named = dataclasses.replace(report.device, device=dataclasses.replace(report.device.device, name="\x1b[31mred"))
    assert any("\\x1b[31mred" in line for line in deploy_lines(dataclasses.replace(report, device=named)))


def test_print_deploy_then_the_lines(report):
    out = io.StringIO()
    print_deploy(report, Console(file=out, width=80))
    assert out.getvalue().splitlines() == deploy_lines(report)
