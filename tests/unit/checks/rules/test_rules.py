"""Each rule speaks about its file and not about the twin; targets that run a file rightly hear nothing."""

from __future__ import annotations

import pytest

from tests.unit.checks.rules import files
from tests.unit.checks.rules.examples import EXAMPLES, TFLITE, Example, File, data_of
from tfedge.checks.rules import RULES, Subject, findings_for
from tfedge.checks.verdict import Finding
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.targets import RuntimeTarget


def findings(file: File, target: str) -> tuple[Finding, ...]:
    data = data_of(file)
    return findings_for(Subject(read_graph(data), data), RuntimeTarget.parse(target))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_rule_when_its_file_and_the_twin_are_checked_speaks_of_the_file_alone(example: Example) -> None:
    of_file = [finding for finding in findings(example.trigger, example.target) if finding.gate == example.rule]
    of_twin = [finding for finding in findings(example.twin, example.target) if finding.gate == example.rule]

    assert [finding.verdict for finding in of_file] == ["pass" if example.is_note else "fail"]
    (finding,) = of_file
    assert finding.cause and finding.consequence and finding.fix
    assert of_twin == []


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.right_on], ids=lambda example: example.rule)
def test_rule_when_a_target_runs_the_file_rightly_says_nothing(example: Example) -> None:
    assert [finding.verdict for finding in findings(example.trigger, example.right_on)] == ["pass"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_twin_when_checked_is_failed_by_no_other_rule(example: Example) -> None:
    foreign = {"unknown_op": (), "flex_op": ("custom_op",)}.get(example.rule, ())
    failed = [finding.gate for finding in findings(example.twin, example.target) if finding.verdict != "pass"]

    assert failed == list(foreign)


def test_findings_when_nothing_is_met_say_so_once() -> None:
    (finding,) = findings("kernel ADD float32,float32->float32", TFLITE)

    assert (finding.gate, finding.verdict) == ("static_rules", "pass")
    assert str(len(RULES)) in finding.message


def test_findings_when_a_note_is_all_keep_the_pass() -> None:
    first, second = findings(next(one.trigger for one in EXAMPLES if one.rule == "dynamic_shapes"), TFLITE)

    assert (first.gate, second.gate) == ("static_rules", "dynamic_shapes")
    assert second.verdict == "pass" and second.consequence


@pytest.mark.parametrize(
    ("file", "verdicts"),
    [
        (lambda: files.masked_scores(-1e9), ["fail"]),
        (lambda: files.masked_scores(-100.0), ["pass"]),
        (lambda: files.masked_scores(-30.0), []),
        (lambda: files.masked_scores(-1e9, "int16"), ["fail"]),
        (lambda: files.masked_scores(-3e4, "int16"), ["pass"]),
        (lambda: files.classifier(-400.0), []),
    ],
    ids=["int8_1e9", "int8_100", "int8_30", "int16_1e9", "int16_3e4", "classifier"],
)
def test_mask_range_when_a_step_grows_is_a_note_and_then_a_failure(file: File, verdicts: list[str]) -> None:
    assert [finding.verdict for finding in findings(file, TFLITE) if finding.gate == "mask_range"] == verdicts
