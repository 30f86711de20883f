"""A check report as JUnit XML, which every CI server draws: one test suite a target, one test case a file and gate.

The document satisfies both schemas that are in use: that of Ant's JUnit task (JUnit.xsd, the strict one: order of
elements, required attributes, a time without zone) and that of Maven's Surefire (junit-10.xsd).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

from tfedge.checks.verdict import Finding, worst
from tfedge.reports.check_report import CheckReport, FileCheck, TargetCheck

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(report: CheckReport) -> bytes:
    """Returns the document, UTF-8.

    A gate that failed is a `failure`, one that could not be measured is `skipped`; notes stand in `system-out`.
    """
    root = ET.Element("testsuites")
    for number, target in enumerate(report.targets):
        checked = [(file, check) for file, check in report.checks() if check.target == target]
        root.append(_suite(report, number, target, checked))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(
    report: CheckReport, number: int, target: str, checked: Sequence[tuple[FileCheck, TargetCheck]]
) -> ET.Element:
    cases = [case for file, check in checked for case in _cases(file, check)]
    suite = ET.Element(
        "testsuite",
        {
            "id": str(number),
            "package": "tfedge.check",
            "name": _clean(target),
            "hostname": "localhost",  # A report of a CI job names no machine of it.
            "timestamp": report.created_utc.removesuffix("Z"),
            "tests": str(len(cases)),
            "failures": str(_count(cases, "failure")),
            "errors": "0",
            "skipped": str(_count(cases, "skipped")),
            "time": _seconds(sum(check.seconds for _, check in checked)),
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (("tfedge", report.tfedge_version), ("seed", str(report.seed)), ("cpu", report.conditions.cpu)):
        ET.SubElement(properties, "property", {"name": name, "value": _clean(value)})
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = _notes(checked)
    ET.SubElement(suite, "system-err").text = ""
    return suite


def _cases(file: FileCheck, check: TargetCheck) -> Iterable[ET.Element]:
    gates: dict[str, list[Finding]] = {}
    for finding in check.findings:
        gates.setdefault(finding.gate, []).append(finding)
    for place, (gate, findings) in enumerate(gates.items()):
        # The time of a file belongs to no gate alone: the first one carries it, so that sums are right.
        seconds = _seconds(check.seconds if place == 0 else 0.0)
        case = ET.Element("testcase", {"classname": _token(file.path), "name": _token(gate), "time": seconds})
        verdict = worst(findings)
        bad = [finding for finding in findings if finding.verdict == verdict]
        if verdict == "fail":
            failure = ET.SubElement(case, "failure", {"type": _token(gate), "message": _clean(bad[0].message)})
            failure.text = _clean("\n\n".join(map(_told, bad)))
        elif verdict == "not_measured":
            skipped = ET.SubElement(case, "skipped", {"message": _clean(bad[0].message)})
            skipped.text = _clean("\n\n".join(map(_told, bad)))
        yield case


def _told(finding: Finding) -> str:
    more = (("cause", finding.cause), ("consequence", finding.consequence), ("fix", finding.fix))
    return "\n".join([finding.message, *(f"{label}: {text}" for label, text in more if text)])


def _notes(checked: Sequence[tuple[FileCheck, TargetCheck]]) -> str:
    return _clean(
        "\n".join(
            f"note  {file.path}: {finding.gate}: {finding.message}; {finding.consequence}"
            for file, check in checked
            for finding in check.notes
        )
    )


def _count(cases: Sequence[ET.Element], kind: str) -> int:
    return sum(case.find(kind) is not None for case in cases)


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _token(text: str) -> str:
    """Returns a text as the schemas' `token`: no line breaks, no spaces in a row or at an end."""
    return _clean(" ".join(text.split())) or "-"


def _clean(text: str) -> str:
    """Returns a text without the characters that XML has no way to write."""
    return _ILLEGAL.sub("\ufffd", text)
