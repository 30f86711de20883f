"""How what a rule met becomes findings: collapsed, judged by what was measured, and never guessed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from tests import models
from tests.unit.checks.rules.examples import LITERT, TFLITE, TFLITE_ARM, TFLITE_DOT
from tfedge.checks.facts import facts_for
from tfedge.checks.rules import Subject, findings_for, static_findings
from tfedge.checks.rules.rule import Case, Rule, Words, is_hazard, judged, listed, note
from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.targets import RuntimeTarget

WORDS = Words("met", "cause", "fix")
FAILED, RIGHT = "kernel FULLY_CONNECTED float32,qint8~,float32->float32", "kernel ADD float32,float32->float32"


def case_of(target: str = TFLITE, data: bytes | None = None) -> Case:
    data = data or models.dense()
    parsed = RuntimeTarget.parse(target)
    return Case(Subject(read_graph(data), data), parsed, facts_for(parsed))


def test_listed_when_places_are_many_shows_three_and_counts_the_rest() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "2 times: a; b"
    assert listed("abcde") == "5 times: a; b; c; and 2 more"
    assert len(listed(["x" * 9999])) == 200


def test_judged_when_the_target_fails_and_others_do_not_says_what_it_does() -> None:
    (finding,) = judged(case_of(), "r", WORDS, [(FAILED, "a"), (RIGHT, "b"), (FAILED, "c")])

    assert (finding.verdict, finding.message, finding.measured) == ("fail", "met: 2 times: a; c", 2.0)
    assert "wrong numbers" in finding.consequence and str(case_of().target) in finding.consequence
    assert list(judged(case_of(LITERT), "r", WORDS, [(FAILED, "a")])) == []


def test_judged_when_answers_differ_gives_a_finding_each() -> None:
    hits = [(FAILED, "a"), ("kernel TANH float16->float16", "b"), ("recursion WHILE", "c")]

    found = list(judged(case_of(), "r", WORDS, hits))

    assert [finding.message for finding in found] == ["met: a", "met: b", "met: c"]
    said = [finding.consequence for finding in found]
    assert "wrong numbers" in said[0] and "refuses" in said[1] and "SIGSEGV" in said[2]


@pytest.mark.parametrize("version", ["2.14.99", "1.0"])
def test_judged_when_nothing_was_measured_guesses_nothing(version: str) -> None:
    unmeasured = case_of(f"tflite-runtime=={version}@x86_64")

    found = list(judged(unmeasured, "r", WORDS, [(FAILED, "a"), (RIGHT, "b")]))

    assert [(finding.verdict, finding.message.split(";")[0]) for finding in found] == [("not_measured", "met: a")]
    assert is_hazard(FAILED) and not is_hazard(RIGHT) and not is_hazard("no such probe")


def test_findings_when_a_release_was_never_measured_pass_nothing() -> None:
    data = models.dense()
    gates = {
        finding.gate: finding.verdict
        for finding in static_findings(read_graph(data), RuntimeTarget.parse("tflite-runtime==2.14.99@x86_64"), data)
    }

    assert gates == {"unmeasured_target": "not_measured"}


def test_note_when_it_has_no_consequence_is_refused() -> None:
    with pytest.raises(ConfigError, match="consequence"):
        list(note("r", WORDS, ["a"]))


def test_rule_when_named_otherwise_than_its_function_or_silent_is_refused() -> None:
    def speaks(case: Case) -> Iterator[Finding]:
        """Says why."""
        yield from ()

    def silent(case: Case) -> Iterator[Finding]:
        yield from ()

    assert Rule("speaks", speaks).id == "speaks"
    for name, check in (("other", speaks), ("silent", silent)):
        with pytest.raises(ConfigError, match=name):
            Rule(name, check)


def test_kernel_rules_when_the_version_is_refused_leave_it_to_op_version() -> None:
    """A file that is refused for its version cannot be silently wrong."""
    gates = [finding.gate for finding in _findings(models.dense("int8_dynamic", per_channel=True, version=12), TFLITE)]

    assert gates == ["op_version"]


def _findings(data: bytes, target: str) -> tuple[Finding, ...]:
    return findings_for(Subject(read_graph(data), data), RuntimeTarget.parse(target))


def _free_batch(dtype: str, **changes: bool) -> bytes:
    """The dense model with a batch that the caller decides."""
    builder = ModelBuilder()
    models.dense_into(builder, dtype, **changes)
    for tensor in builder.model.subgraphs[0].tensors:
        if tensor.name in ("x", "y"):
            tensor.shapeSignature = [-1, *tensor.shape[1:]]
    return builder.build()


@pytest.mark.parametrize(
    ("dtype", "changes", "target", "rule"),
    [
        ("int8_static", {"per_channel": True, "bias": False}, TFLITE_ARM, "per_channel_no_bias"),
        ("int8_dynamic", {}, TFLITE_DOT, "hybrid_dot_product"),
    ],
)
def test_rule_on_rows_when_a_caller_decides_them_is_a_note(
    dtype: str, changes: dict[str, bool], target: str, rule: str
) -> None:
    fixed = [finding.gate for finding in _findings(models.dense(dtype, **changes), target)]
    free = {finding.gate: finding for finding in _findings(_free_batch(dtype, **changes), target)}

    assert rule not in fixed
    assert free[rule].verdict == "pass" and "as soon as a caller gives" in free[rule].consequence
    assert rule not in [finding.gate for finding in _findings(_free_batch(dtype, **changes), LITERT)]


def test_rule_on_cores_when_the_target_names_none_says_which_core_dies() -> None:
    data = models.dense("int8_dynamic", rows=4)
    any_core = RuntimeTarget.parse("tflite-runtime==2.14.0@aarch64")

    (_, finding) = findings_for(Subject(read_graph(data), data), any_core)

    assert (finding.gate, finding.verdict) == ("hybrid_dot_product", "pass")
    assert "cortex-a76" in finding.consequence
    assert _findings(data, TFLITE_ARM)[0].gate == "static_rules"


def test_subject_when_a_pack_follows_sees_the_same() -> None:
    data = models.dense("int8_static")
    with_pack = data + b"PK\x03\x04 and so on"

    assert _findings(with_pack, TFLITE) == _findings(data, TFLITE)
    assert dataclasses.fields(Subject)[1].repr is False  # A model is not printed.
