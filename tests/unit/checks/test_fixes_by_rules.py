"""Plans against rules: what a rule fails on a target, one plan cures there, and the smallest such plan is found."""

from __future__ import annotations

import pytest

from tests.models import dense
from tfedge.checks.edits import apply_edits
from tfedge.checks.facts import facts_for
from tfedge.checks.fixes import plans
from tfedge.checks.rules import static_findings
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.targets import RuntimeTarget

OLD_X86 = RuntimeTarget.parse("tflite-runtime==2.14.0@x86_64")
OLD_ARM = RuntimeTarget.parse("tflite-runtime==2.14.0@aarch64")
NEW = RuntimeTarget.parse("ai-edge-litert==2.3.0@x86_64")


def failing(model_bytes: bytes, target: RuntimeTarget) -> set[str]:
    findings = static_findings(read_graph(model_bytes), target, model_bytes)
    return {finding.gate for finding in findings if finding.verdict == "fail"}


@pytest.mark.parametrize(
    "model_bytes, targets, rule, cure",
    [
        (dense("int8_dynamic", True), [OLD_X86], "per_channel_weights", "one scale for dynamic weights"),
        (dense("int8_dynamic", True), [OLD_ARM, NEW], "per_channel_weights", "one scale for dynamic weights"),
        (dense("int8_dynamic", True, version=12), [OLD_X86], "op_version", "one scale for dynamic weights"),
        (dense("int8_static", True, bias=False, rows=4), [OLD_ARM, NEW], "per_channel_no_bias", "zero biases"),
    ],
)
def test_plans_when_a_rule_fails_a_file_cure_it_with_the_smallest_change(
    model_bytes: bytes, targets: list[RuntimeTarget], rule: str, cure: str
) -> None:
    assert rule in set.union(*(failing(model_bytes, target) for target in targets))
    missing = [facts.op_versions for target in targets if (facts := facts_for(target)) is not None]

    cures = [
        plan.name
        for plan in plans(model_bytes, read_graph(model_bytes), missing)
        if not any(failing(apply_edits(model_bytes, plan.edits), target) for target in targets)
    ]

    assert cures[0] == cure


@pytest.mark.parametrize(
    "model_bytes, target",
    [
        (dense("int8_dynamic"), OLD_X86),
        (dense("int8_static", True, rows=4), OLD_ARM),
        (dense("int8_static", True, bias=False, rows=4), OLD_X86),
        (dense("int8_dynamic", True, version=12), NEW),
    ],
)
def test_rules_when_nothing_is_wrong_fail_no_near_twin(model_bytes: bytes, target: RuntimeTarget) -> None:
    assert failing(model_bytes, target) == set()
