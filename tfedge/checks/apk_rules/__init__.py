"""Rules on an Android package: what can be told of it without a phone. One function a rule id.

    package = open_package(data)
    findings = package_findings(PackageCase(package))

Findings speak as those of `tfedge.checks.rules`: one that passes and has a consequence is a note.
"""

from __future__ import annotations

from tfedge.checks.apk_rules import app, container, libraries, models, runtimes, signatures
from tfedge.checks.apk_rules.facts import package_facts
from tfedge.checks.apk_rules.package_case import PackageCase, WantedModel
from tfedge.checks.rules.rule import Rule
from tfedge.checks.verdict import Finding

__all__ = ["RULES", "PackageCase", "WantedModel", "package_findings"]

RULES: tuple[Rule[PackageCase], ...] = (
    *container.RULES,
    *app.RULES,
    *libraries.RULES,
    *runtimes.RULES,
    *models.RULES,
    *signatures.RULES,
)


def package_findings(case: PackageCase) -> tuple[Finding, ...]:
    """Returns what the package is, and what every rule has to say of it."""
    return (*package_facts(case), *(finding for rule in RULES for finding in rule.check(case)))
