"""Static rules: what can be told of a file and a target without running it. One function a rule id.

    subject = Subject(read_graph(data), data)
    findings_for(subject, RuntimeTarget.parse("tflite-runtime==2.14.0@aarch64"))

A finding that fails says what the target was measured to do with such a file. One that passes and has a consequence is
a note: a risk that this target takes. One that is not measured says that other runtimes fail there.
"""

from __future__ import annotations

from tfedge.checks.facts import facts_for
from tfedge.checks.rules import (
    files,
    kernel_shapes,
    kernels,
    layers,
    masks,
    numbers,
    quantization,
    structure,
    versions,
)
from tfedge.checks.rules.rule import Case, Rule, Subject
from tfedge.checks.verdict import Finding
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.summary import GraphSummary
from tfedge.runtime.targets import RuntimeTarget

__all__ = ["RULES", "Rule", "Subject", "findings_for", "static_findings"]

RULES: tuple[Rule[Case], ...] = (
    *versions.RULES,
    *kernels.RULES,
    *kernel_shapes.RULES,
    *quantization.RULES,
    *numbers.RULES,
    *masks.RULES,
    *layers.RULES,
    *structure.RULES,
    *files.RULES,
)


def static_findings(graph: GraphSummary, target: RuntimeTarget, model_bytes: ModelData) -> tuple[Finding, ...]:
    """Returns what every rule has to say of a file on a target.

    Args:
        graph: what `read_graph` says of the file.
        target: where it must run.
        model_bytes: what `read_graph` took.
    """
    return findings_for(Subject(graph, model_bytes), target)


def findings_for(subject: Subject, target: RuntimeTarget) -> tuple[Finding, ...]:
    """Returns what every rule has to say; a single finding that passes where none has."""
    case = Case(subject, target, facts_for(target))
    findings = tuple(finding for rule in RULES for finding in rule.check(case))
    if case.facts is None or not case.is_measured:
        findings = (_unmeasured(target), *findings)
    if any(finding.verdict != "pass" for finding in findings):
        return findings
    return (Finding("static_rules", "pass", f"{len(RULES)} static rules have nothing against {target}"), *findings)


def _unmeasured(target: RuntimeTarget) -> Finding:
    """Says that rules know nothing of a target: it must never look as if they had passed it."""
    return Finding(
        gate="unmeasured_target",
        verdict="not_measured",
        message=f"expected a measured target; nothing was measured on {target}",
        cause="Static rules know what releases did on an architecture; this one was never asked.",
        consequence="Only what fails everywhere is reported; the file may be refused, or wrong, for another reason.",
        fix="run the file on the target, or name a measured one (tfedge targets lists them)",
    )
