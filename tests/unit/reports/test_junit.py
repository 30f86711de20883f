"""JUnit XML against what both schemas in use ask for: Ant's JUnit.xsd and Surefire's junit-10.xsd."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET

import pytest

from tests.unit.reports.test_check_report import ARM, FAILED, LITERT, NOTE, PASSED, UNKNOWN, make_report
from tfedge.checks.verdict import Finding
from tfedge.reports.junit import junit_xml

REPORTS = {
    "passed": make_report(([PASSED], [PASSED, NOTE])),
    "mixed": make_report(([PASSED], [FAILED, NOTE]), ([UNKNOWN], [PASSED])),
    "hostile": make_report(([dataclasses.replace(FAILED, message="<&\x00\x1b \ud800 ]]>\n'\"")],)),
}
# Attributes that Ant's schema requires, with the form it asks for; what is not named here it does not allow.
SUITE = {
    "name": r"\S.*",
    "package": r"\S.*",
    "id": r"\d+",
    "hostname": r"\S+",
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    **dict.fromkeys(("tests", "failures", "errors", "skipped"), r"\d+"),
    "time": r"\d+\.\d+",
}
CASE = {"classname": r"\S(.*\S)?", "name": r"\S+", "time": r"\d+\.\d+"}


def check_attributes(element, wanted):
    assert set(element.attrib) == set(wanted)
    for name, form in wanted.items():
        assert re.fullmatch(form, element.attrib[name]), (name, element.attrib[name])


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_document_when_read_satisfies_the_schemas(report):
    root = ET.fromstring(junit_xml(report))
    assert root.tag == "testsuites" and not root.attrib
    assert [suite.attrib["id"] for suite in root] == [str(place) for place in range(len(root))]
    for suite in root:
        check_attributes(suite, SUITE)
        tags = [child.tag for child in suite]
        cases = suite.findall("testcase")
        assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
        assert all(set(each.attrib) == {"name", "value"} for each in suite.find("properties"))
        assert (int(suite.attrib["tests"]), int(suite.attrib["errors"])) == (len(cases), 0)
        for tag, count in (("failure", "failures"), ("skipped", "skipped")):
            assert int(suite.attrib[count]) == sum(case.find(tag) is not None for case in cases)
        for case in cases:
            check_attributes(case, CASE)
            assert len(case) <= 1 and all(child.tag in ("failure", "skipped") for child in case)
            keys = {"failure": {"type", "message"}, "skipped": {"message"}}
            assert all(set(child.attrib) == keys[child.tag] for child in case)


def test_document_when_a_gate_failed_says_it_with_cause_and_fix_in_its_target_s_suite():
    litert, arm = ET.fromstring(junit_xml(REPORTS["mixed"]))
    assert (litert.attrib["name"], arm.attrib["name"]) == (LITERT, ARM)
    (failure,) = arm.iter("failure")
    assert failure.attrib == {"type": "matches_reference", "message": "'y' is 98 % off"}
    assert failure.text == "'y' is 98 % off\ncause: a kernel\nconsequence: wrong answers\nfix: convert again"
    (skipped,) = litert.iter("skipped")
    assert skipped.attrib["message"] == "there is no reference"
    assert "note  out/file_0.tflite: dynamic_shapes: the batch is free; XNNPACK is left out" in arm.findtext(
        "system-out"
    )


def test_document_when_a_gate_has_several_findings_is_one_case_with_all_of_them():
    second = Finding("matches_reference", "fail", "'z' is wrong too")
    (suite,) = ET.fromstring(junit_xml(make_report(([FAILED, second, PASSED],))))
    assert [case.attrib["name"] for case in suite.iter("testcase")] == ["matches_reference", "runs"]
    assert "'z' is wrong too" in suite.find("testcase/failure").text


def test_document_when_times_are_added_up_is_the_time_of_the_targets():
    for suite in ET.fromstring(junit_xml(REPORTS["mixed"])):
        assert sum(float(case.attrib["time"]) for case in suite.iter("testcase")) == float(suite.attrib["time"]) == 3.0
