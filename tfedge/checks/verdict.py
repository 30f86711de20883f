"""Findings and their verdict: what a gate says, in words a person reads and a machine compares.

A gate never raises because a model is bad: a failed gate is a result. It raises only where it was
called wrongly. What could not be measured is said aloud (`not_measured`) and never counts as passed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast, get_args

from tfedge.errors import ConfigError, one_of

Verdict = Literal["pass", "fail", "not_measured"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_BY_SEVERITY: tuple[Verdict, ...] = ("fail", "not_measured", "pass")


@dataclasses.dataclass(frozen=True)
class Finding:
    """What one gate found.

    Attributes:
        gate: which gate spoke, for example "golden_cases".
        verdict: "pass", "fail" or "not_measured".
        message: one line: what was expected and what was measured, units included.
        cause: why, where it is known.
        consequence: what a user would meet; of a finding that passed, a risk this target takes (a note).
        fix: what to do next, where something can be done.
        measured: the number that was compared, in the unit the message names.
        limit: what it was compared with, in the same unit.
    """

    gate: str
    verdict: Verdict
    message: str
    cause: str = ""
    consequence: str = ""
    fix: str = ""
    measured: float | None = None
    limit: float | None = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise one_of("`verdict`", self.verdict, VERDICTS)
        for key in ("gate", "message", "cause", "consequence", "fix"):
            value = getattr(self, key)
            if not isinstance(value, str) or (key in ("gate", "message") and not value):
                raise ConfigError(f"`{key}` of a finding must be a text (gate and message not empty); got {value!r}")
        for key in ("measured", "limit"):
            value = getattr(self, key)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
            ):
                raise ConfigError(f"`{key}` of a finding must be a finite number or null; got {value!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the finding as JSON values; `from_json` of it is equal to this finding."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Finding:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: not an object, an unknown or missing key, or an illegal value.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}
        if not isinstance(value, Mapping):
            raise ConfigError(f"a finding must be an object; got {type(value).__name__}")
        unknown = sorted(set(value) - set(fields))
        missing = [key for key in ("gate", "verdict", "message") if key not in value]
        if unknown or missing:
            raise ConfigError(
                f"a finding must have the keys {', '.join(fields)}; got unknown {unknown}, missing {missing}"
            )
        return cls(**cast(dict[str, Any], dict(value)))


def worst(findings: Iterable[Finding]) -> Verdict:
    """Returns the worst verdict: fail before not_measured before pass.

    No finding at all is `not_measured`: a gate that never ran has passed nothing.
    """
    met = {finding.verdict for finding in findings}
    for verdict in _BY_SEVERITY:
        if verdict in met:
            return verdict
    return "not_measured"
