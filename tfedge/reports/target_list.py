"""Which runtimes are known, which are installed, and what each was measured to run."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any

from tfedge.checks import facts
from tfedge.errors import ConfigError, one_of
from tfedge.runtime import environments, targets
from tfedge.runtime.targets import RuntimeTarget

HERE, CACHE, ABSENT, DEVICE = "this Python", "cache", "no", "in apps only"
INSTALLED = (HERE, CACHE, ABSENT, DEVICE)


@dataclasses.dataclass(frozen=True)
class TargetState:
    """One target.

    Attributes:
        target: runtime, version, architecture and core.
        installed: "this Python", "cache" (by `tfedge targets add`), "no", or "in apps only".
        num_ops: builtin ops that the release registers; None where that was not measured.
        answers: how many probes were answered how there: "right", "wrong", "refused", "crashed", …; empty where no
            probe was asked.
        source: how that was measured.
        date: when, ISO form.

    Raises:
        ConfigError: another word for `installed`, or answers without a source.
    """

    target: RuntimeTarget
    installed: str
    num_ops: int | None = None
    answers: Mapping[str, int] = dataclasses.field(default_factory=dict, hash=False)
    source: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        if self.installed not in INSTALLED:
            raise one_of("`installed` of a target", self.installed, INSTALLED)
        if self.answers and not (self.source and self.date):
            raise ConfigError(f"expected source and date of what was measured on {self.target}; there are none")

    def to_json(self) -> dict[str, Any]:
        """Returns the state as JSON values."""
        return {**dataclasses.asdict(self), "target": str(self.target)}


def list_targets() -> tuple[TargetState, ...]:
    """Returns every target that is known or installed, by name, release and core.

    Raises:
        ArtifactError: a record in the cache or the measured facts are damaged.
    """
    installed = {found.target: found for found in environments.installed_environments()}
    here = set(targets.installed_targets())
    known = {*facts.known_targets(), *installed}
    states = []
    for target in sorted(known, key=lambda target: (target.name, facts.version_order(target.version), target)):
        place = HERE if target in here else CACHE if target in installed else ABSENT
        states.append(_state(target, DEVICE if target.name == targets.ANDROID else place))
    return tuple(states)


def _state(target: RuntimeTarget, installed: str) -> TargetState:
    found = facts.facts_for(target)
    if found is None:
        return TargetState(target, installed)
    answers = (found.behaviour(probe, target) for probe in found.behaviours)
    counted = collections.Counter(answer.partition(":")[0] for answer in answers if answer)
    return TargetState(
        target, installed, len(found.op_versions) or None, dict(sorted(counted.items())), found.source, found.date
    )


def table_lines(states: tuple[TargetState, ...]) -> list[str]:
    """Returns the table, what its columns mean, and the sources of its numbers."""
    heads = ["target", "installed", "ops", "right", "wrong", "refused", "dies", "measured"]
    rows = [heads, *(_row(state) for state in states)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    sources = dict.fromkeys(state.source for state in states if state.source)
    return [
        *lines,
        "",
        "ops: builtin ops that the release registers. right, wrong, refused, dies: its answers to small files of known",
        "answer; dies: crashes, hangs or takes all memory. Install one with `tfedge targets add TARGET`.",
        *(f"measured by {source}" for source in sources),
    ]


def _row(state: TargetState) -> list[str]:
    dies = sum(number for answer, number in state.answers.items() if answer not in ("right", "wrong", "refused"))
    counts = [state.answers.get(answer, 0) for answer in ("right", "wrong", "refused")]
    shown = [str(number) for number in (*counts, dies)] if state.answers else ["-"] * 4
    ops = "-" if state.num_ops is None else str(state.num_ops)
    return [str(state.target), state.installed, ops, *shown, state.date or "-"]
