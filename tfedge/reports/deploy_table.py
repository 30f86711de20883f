"""A deploy report as text for a person: device and this machine side by side, the stages, and the verdict."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from tfedge.checks.verdict import Finding
from tfedge.printable import counted, printable
from tfedge.reports.cells import milliseconds
from tfedge.reports.deploy_report import DeployReport
from tfedge.reports.device_report import DeviceReport
from tfedge.reports.stage_table import comparison_lines

_HEADS = ("", "device", "this machine")
_STYLES = {"pass": "green", "fail": "bold red", "not measured": "yellow"}


def print_deploy(report: DeployReport, console: Console) -> None:
    """Prints the report; a terminal wraps long lines, a pipe gets them whole."""
    for line in deploy_lines(report):
        text = Text(line)
        for words, style in _STYLES.items():
            text.highlight_regex(rf"^(?:verdict: )?{words}\b", style)
        console.print(text, soft_wrap=True)


def deploy_lines(report: DeployReport) -> list[str]:
    """Returns the report as lines without trailing blanks."""
    version = f", app {report.app_version}" if report.app_version else ""
    lines = [
        f"model: {report.model_path} (sha256 {report.model_sha256}), {report.how}",
        f"device: {report.place}{version}",
        "",
        *_side_by_side(report),
        "",
        *comparison_lines(report.comparison),
    ]
    for finding in report.findings:
        lines += ["", *_finding_lines(finding)] if finding.verdict != "pass" else []
    lines += ["", *(f"note: {note}" for note in report.notes)] if report.notes else []
    lines += ["", *(f"report: {path}" for path in report.written)] if report.written else []
    lines += ["", f"verdict: {report.verdict.replace('_', ' ')}"]
    return [printable(line).rstrip() for line in lines]


def _side_by_side(report: DeployReport) -> list[str]:
    device, local = report.device, report.local
    rows = [
        _HEADS,
        ("name", device.device.name, local.device.name),
        ("processor", _processor(device), _processor(local)),
        ("runtime", *(f"{each.runtime_name} {each.runtime_version}" for each in (device, local))),
        ("threads", _threads(device), _threads(local)),
        ("golden cases", _judged(report), _golden(local)),
    ]
    if device.latency is not None or report.local_latency is not None:
        rows += [("p50, ms", *_milliseconds(report, 50)), ("p90, ms", *_milliseconds(report, 90))]
    state = _state(device)
    rows += [("state", state, "")] if state else []
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return [lines[0], "  " + "-" * (sum(widths) + 4), *lines[1:]]


def _processor(report: DeviceReport) -> str:
    device = report.device
    # A worker's own words for its processor hold the number of cores.
    cores = [] if " core" in device.cpu else [counted(device.cores, "core")]
    return ", ".join((device.cpu, *cores, device.abi))


def _threads(report: DeviceReport) -> str:
    seen = report.threads.seen
    return f"{report.threads.asked} asked" + ("" if seen is None else f", {seen} seen")


def _golden(report: DeviceReport) -> str:
    return f"{report.golden.num_passed} of {report.golden.num_cases} as recorded"


def _judged(report: DeployReport) -> str:
    """Returns the count of golden cases as this machine judged the device's answers, not as the device counted."""
    found = next((each.measured for each in report.findings if each.gate == "golden_cases"), None)
    total = report.device.golden.num_cases
    return _golden(report.device) if found is None else f"{total - int(found)} of {total} as recorded"


def _milliseconds(report: DeployReport, percent: int) -> tuple[str, str]:
    timed, local = report.device.latency, report.local_latency
    values = (
        None if timed is None else (timed.latency_p50_ms if percent == 50 else timed.latency_p90_ms),
        None if local is None else local.percentile_ms(percent),
    )
    marks = ("", "" if local is None or local.is_valid else " (not to be relied on: the machine is busy)")
    first, second = (
        "-" if value is None else f"{milliseconds(value)}{mark}" for value, mark in zip(values, marks, strict=True)
    )
    return first, second


def _state(report: DeviceReport) -> str:
    device = report.device
    words = [] if device.thermal is None else [f"heat: {device.thermal}"]
    if device.battery_percent is not None:
        charging = {True: ", charging", False: ", not charging", None: ""}[device.is_charging]
        words.append(f"battery {device.battery_percent} %{charging}")
    return "; ".join(words)


def _finding_lines(finding: Finding) -> list[str]:
    lines = [f"{finding.verdict.replace('_', ' ')}  {finding.gate}: {finding.message}"]
    return lines + [f"  {label}: {text}" for label, text in (("cause", finding.cause), ("fix", finding.fix)) if text]
