"""Op versions at their edges: too high, too low, unused, unknown to a release, and custom codes that look builtin."""

from __future__ import annotations

import pytest

from tests import models
from tests.unit.checks.rules import files
from tests.unit.checks.rules.examples import LITERT, TFLITE
from tfedge.checks.rules import Subject, findings_for
from tfedge.checks.verdict import Finding
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.targets import RuntimeTarget


def failures(data: bytes, target: str) -> list[Finding]:
    found = findings_for(Subject(read_graph(data), data), RuntimeTarget.parse(target))
    return [finding for finding in found if finding.verdict != "pass"]


def test_op_version_when_too_high_names_limit_and_place() -> None:
    (finding,) = failures(models.dense("int8_dynamic", version=12), TFLITE)

    assert finding.message.startswith("expected FULLY_CONNECTED version 1 to 10; got FULLY_CONNECTED version 12: op 0")
    assert (finding.measured, finding.limit) == (12.0, 10.0)
    assert "Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'" in finding.consequence
    assert failures(models.dense("int8_dynamic", version=12), LITERT) == []


@pytest.mark.parametrize(
    ("name", "version", "target", "fails"),
    [
        ("FULLY_CONNECTED", 11, TFLITE, True),
        ("FULLY_CONNECTED", 10, TFLITE, False),
        ("FULLY_CONNECTED", 0, LITERT, True),
        ("BROADCAST_TO", 1, LITERT, True),
        ("BROADCAST_TO", 2, LITERT, False),
        ("STABLEHLO_COMPOSITE", 1, TFLITE, True),
        ("STABLEHLO_COMPOSITE", 1, LITERT, False),
    ],
)
def test_op_version_when_a_code_is_unused_counts_it_as_interpreters_do(
    name: str, version: int, target: str, fails: bool
) -> None:
    found = failures(files.unused_code(name, None, version), target)

    assert [finding.gate for finding in found] == ["op_version"] * fails
    assert all("no op uses" in finding.message and "--fix" in finding.fix for finding in found)


def test_op_version_when_many_ops_share_one_collapses_them() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", (1, 4))
    for index in range(5):
        y = builder.tensor(f"y{index}", (1, 4))
        builder.op("ADD", [x, x], [y], version=99)
        x = y
    builder.signature("f", {"x": 0}, {"y": x})

    (finding,) = failures(builder.build(), TFLITE)

    assert "5 times: op 0 ADD in subgraph 0; op 1" in finding.message and "and 2 more" in finding.message


def test_op_version_when_a_custom_op_is_called_like_a_builtin_leaves_it_to_custom_op() -> None:
    assert [finding.gate for finding in failures(models.with_custom_op("ADD"), TFLITE)] == ["custom_op"]


@pytest.mark.parametrize(("stated", "notes"), [("1.5.0", 1), ("2.16.9", 1), ("2.17.0", 0), ("2.18.0", 0)])
def test_min_runtime_version_when_stated_too_low_is_noted_and_fails_nothing(stated: str, notes: int) -> None:
    data = models.with_metadata(stated, 12)
    found = findings_for(Subject(read_graph(data), data), RuntimeTarget.parse(LITERT))

    assert [finding.gate for finding in found] == ["static_rules", *["min_runtime_version"] * notes]
