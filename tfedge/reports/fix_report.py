"""What `tfedge check --fix` did: the file before, the rewrite, its proof and its cost, or why nothing was written."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tfedge.checks.verdict import Finding
from tfedge.errors import EXIT_GATE_FAILED, ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version
from tfedge.reports.check_report import CheckReport
from tfedge.validation.fix_cost import FixCost

SCHEMA_VERSION = 1
_KEYS = ("out", "reason", "before", "after", "plan", "lines", "rejected", "cost", "kept")


@dataclasses.dataclass(frozen=True)
class Rejected:
    """A rewrite that was tried and not taken.

    Attributes:
        plan: its name.
        reason: what still failed, or could not be proved.
    """

    plan: str
    reason: str


@dataclasses.dataclass(frozen=True)
class FixReport:
    """One file, rewritten or not.

    Attributes:
        out: the file that was written; empty where none was.
        reason: why nothing was written; empty where something was.
        before: the check of the original.
        after: the check of the bytes that were written, on every target; None where nothing was.
        plan: the rewrite as JSON values, every edit of it; None where nothing was written.
        lines: the rewrite in words.
        rejected: rewrites that change less and were not enough.
        cost: answers and sizes, before and after; None where nothing was written.
        kept: what was asked of the answers on LiteRT, beside the original's.
    """

    out: str
    reason: str
    before: CheckReport
    after: CheckReport | None = None
    plan: Mapping[str, Any] | None = None
    lines: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    cost: FixCost | None = None
    kept: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.out) == bool(self.reason):
            raise ConfigError("a fix report must name the file that was written, or say why there is none")
        if bool(self.out) != all(each is not None for each in (self.after, self.plan, self.cost)):
            raise ConfigError("a fix report must have check, plan and cost of what was written, and of nothing else")

    @property
    def shown(self) -> CheckReport:
        """The check of the file that its user has now: of the new one where there is one."""
        return self.after or self.before

    @property
    def exit_code(self) -> int:
        """What the verb returns: of a file that was written, or that needed nothing, the code of its check."""
        if self.after is not None:
            return self.after.exit_code
        return EXIT_GATE_FAILED if self.before.verdict == "fail" else self.before.exit_code

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values; `from_json` of it is equal to this report."""
        return {
            "schema_version": SCHEMA_VERSION,
            "out": self.out,
            "reason": self.reason,
            "before": self.before.to_json(),
            "after": self.after.to_json() if self.after else None,
            "plan": dict(self.plan) if self.plan is not None else None,
            "lines": list(self.lines),
            "rejected": [dataclasses.asdict(each) for each in self.rejected],
            "cost": self.cost.to_json() if self.cost else None,
            "kept": [finding.to_json() for finding in self.kept],
        }

    @classmethod
    def from_json(cls, value: Any) -> FixReport:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: another schema version, an unknown or missing key, or an illegal value.
        """
        if isinstance(value, dict):  # Before the keys: another version has other keys, and should be called that.
            check_version(value, SCHEMA_VERSION, "a fix report")
        check_keys(value, ("schema_version", *_KEYS), "a fix report")
        try:
            rejected = tuple(Rejected(**each) for each in value["rejected"])
        except TypeError as error:
            raise ConfigError(f"`rejected` of a fix report must be a list of plans with reasons; {error}") from None
        return cls(
            out=value["out"],
            reason=value["reason"],
            before=CheckReport.from_json(value["before"]),
            after=None if value["after"] is None else CheckReport.from_json(value["after"]),
            plan=value["plan"],
            lines=tuple(value["lines"]),
            rejected=rejected,
            cost=None if value["cost"] is None else FixCost.from_json(value["cost"]),
            kept=tuple(Finding.from_json(finding) for finding in value["kept"]),
        )
