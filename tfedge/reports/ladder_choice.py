"""Which recipe to ship on a target, and why not each of the others."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError, one_of
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_marks import Accuracy
from tfedge.reports.ladder_quality import LadderQuality, quality_of
from tfedge.reports.rung import Rung
from tfedge.validation import front as front_module
from tfedge.validation.front import ACCURACY, LATENCY, SIZE, Cost, standing
from tfedge.validation.gates import size_gate
from tfedge.validation.ladder_limits import LadderLimits, speed_gate
from tfedge.validation.performance import FLOAT

Decision = Literal["ship", "alternative", "dominated", "forbidden", "not_measured"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
# Those of a file that is right there and keeps the limits.
ALLOWED: tuple[Decision, ...] = ("ship", "alternative", "dominated")


@dataclasses.dataclass(frozen=True)
class Choice:
    """What the ladder says of a recipe on a target.

    Attributes:
        recipe: which.
        target: where.
        decision: "ship": the one recommended; "alternative": better than it at one thing and worse at another;
            "dominated": another is no worse at anything and better at something; "forbidden": slower than float,
            worse or larger than the limits, wrong, or refused; "not_measured": too few examples to tell.
        reason: one line, with numbers.
        by: the recipe that dominates it; empty where none does.
    """

    recipe: str
    target: str
    decision: Decision
    reason: str
    by: str = ""

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise one_of("`decision`", self.decision, DECISIONS)
        if not isinstance(self.reason, str) or not self.reason or (self.decision == "dominated") != bool(self.by):
            raise ConfigError(f"a choice must have a reason, and name what dominates it if anything does; got {self}")

    def to_json(self) -> dict[str, Any]:
        """Returns the choice as JSON values."""
        return dataclasses.asdict(self)

    @property
    def finding(self) -> Finding:
        """The choice as the manifest of a file records it."""
        if self.decision == "forbidden":
            return Finding("ladder", "fail", f"forbidden: {self.reason}", fix="ship the recipe that the ladder names")
        if self.decision == "not_measured":
            return Finding("ladder", "not_measured", self.reason, fix="measure more words or examples")
        return Finding("ladder", "pass", f"{self.decision}: {self.reason}")


def choose(rungs: Sequence[Rung], config: LadderConfig) -> tuple[Choice, ...]:
    """Returns a choice for each rung of one target, in their order.

    Raises:
        ConfigError: rungs of several targets, or a recipe twice.
    """
    if len({rung.target for rung in rungs}) != 1 or len({rung.recipe for rung in rungs}) != len(rungs):
        raise ConfigError("expected the rungs of one target, each recipe once; got others; choose target by target")
    excluded = {rung.recipe: _excluded(rung, rungs, config.limits) for rung in rungs}
    allowed = [rung for rung in rungs if excluded[rung.recipe] is None]
    quality = quality_of(config.limits)
    costs = {rung.recipe: _cost(rung, quality) for rung in allowed}
    kept, dominated = front_module.front(list(costs.values()), config.prefer)
    unsure = [name for name, choice in excluded.items() if choice is not None and choice.decision == "not_measured"]
    choices = []
    for rung in rungs:
        choice = excluded[rung.recipe]
        if choice is None:
            choice = _placed(rung, costs[rung.recipe], kept, dominated.get(rung.recipe), config, rungs)
        if choice.decision == "ship" and unsure:
            choice = dataclasses.replace(choice, reason=f"{choice.reason}; not judged: {', '.join(unsure)}")
        choices.append(choice)
    return tuple(choices)


def choose_everywhere(rungs: Sequence[Rung], choices: Sequence[Choice], config: LadderConfig) -> str | None:
    """Returns the recipe of one file for all targets: the best of those that are allowed on each; None without any.

    Latency is the geometric mean over the targets that were timed, the other costs are those of the worst target.

    Args:
        rungs: of all targets.
        choices: one a rung, in their order.
        config: limits, and the axis that decides.
    """
    quality = quality_of(config.limits)
    allowed: dict[str, list[Cost]] = {}
    for rung, choice in zip(rungs, choices, strict=True):
        if choice.decision in ALLOWED:
            allowed.setdefault(rung.recipe, []).append(_cost(rung, quality))
    num_targets = len({rung.target for rung in rungs})
    costs = [_over_targets(found) for found in allowed.values() if len(found) == num_targets]
    return front_module.rank(costs, config.prefer)[0].name if costs else None


def _over_targets(costs: Sequence[Cost]) -> Cost:
    timed = [cost.latency_ms for cost in costs if cost.latency_ms is not None]
    lost = [cost.lost for cost in costs if cost.lost is not None]
    return Cost(
        costs[0].name,
        max(lost, default=None),
        max(cost.margin for cost in costs),
        math.exp(sum(map(math.log, timed)) / len(timed)) if timed else None,
        max(cost.size_bytes for cost in costs),
    )


def not_converted(error: Exception) -> Finding:
    """Returns the finding for a recipe that gave no file."""
    return Finding(
        "converts",
        "fail",
        str(error),
        cause="the converter or the quantizer refuses the model by this recipe, or LiteRT cannot run what came out",
        fix="choose another recipe, or keep the layer that the message names in float by a mixed recipe",
    )


def gates_of(rung: Rung, rungs: Sequence[Rung], limits: LadderLimits) -> tuple[Finding, ...]:
    """Returns what the limits say of a rung that has run: quality, size, speed."""
    if rung.accuracy is None or rung.size_bytes is None:
        return ()
    found = _quality_gates(rung, rung.accuracy, quality_of(limits))
    float_size = next((other.size_bytes for other in rungs if other.recipe == FLOAT), None)
    found.append(size_gate(rung.size_bytes, float_size, limits.max_size_ratio, limits.max_bytes))
    # A limit of 0 asks for no speed: then there is nothing to measure it for.
    if (
        limits.min_speedup > 0
        and rung.recipe != FLOAT
        and any(other.recipe == FLOAT and not other.has_failed for other in rungs)
    ):
        found.append(speed_gate(rung.speedup, limits.min_speedup, rung.untimed, rung.most_speedup))
    return tuple(found)


def _quality_gates(rung: Rung, own: Accuracy, quality: LadderQuality) -> list[Finding]:
    """Judges quality; of the few examples that an emulator can be asked, only by what even they are sure of."""
    found = quality.findings(own, rung.target)
    if not rung.is_emulated or quality.is_surely_beyond(own):
        return list(found)
    if rung.stand_in is not None:
        count = f"{own.num_examples} {quality.examples} here agree"
        return [
            dataclasses.replace(each, message=f"the same file and release on this processor: {each.message}; {count}")
            for each in quality.findings(rung.stand_in, rung.target)
        ]
    fix = "measure the same release on this processor in the same ladder too: it stands in"
    return [
        dataclasses.replace(each, verdict="not_measured", message=f"emulated: {each.message}", fix=fix)
        for each in found
    ]


def _excluded(rung: Rung, rungs: Sequence[Rung], limits: LadderLimits) -> Choice | None:
    """Returns why a rung cannot be shipped; None where it may be."""
    gates = gates_of(rung, rungs, limits)
    failed = [finding for finding in (*rung.findings, *gates) if finding.verdict == "fail"]
    if failed:
        more = sorted({finding.gate for finding in failed[1:]} - {failed[0].gate})
        also = f" (also: {', '.join(more)})" if more else ""
        return Choice(rung.recipe, rung.target, "forbidden", f"{failed[0].gate}: {failed[0].message}{also}")
    if rung.accuracy is None:
        reason = next((finding.message for finding in rung.findings if finding.verdict != "pass"), "it was not run")
        return Choice(rung.recipe, rung.target, "not_measured", reason)
    unsure = [finding for finding in gates if finding.verdict == "not_measured"]
    # An emulator has no speed, and so few words as it can be asked never tell.
    if unsure and (not rung.is_emulated or (rung.stand_in and unsure[0].gate in quality_of(limits).gates)):
        reason = f"{unsure[0].gate}: {unsure[0].message}; {unsure[0].fix}"
        return Choice(rung.recipe, rung.target, "not_measured", reason)
    return None


def _cost(rung: Rung, quality: LadderQuality) -> Cost:
    lost, margin = (None, 0.0) if rung.judged_accuracy is None else quality.loss(rung.judged_accuracy)
    latency = None if rung.latency is None or rung.untimed else rung.latency.typical_ms
    return Cost(rung.recipe, lost, margin, latency, rung.size_bytes or 1)


def _placed(
    rung: Rung, cost: Cost, kept: Sequence[Cost], by: Cost | None, config: LadderConfig, rungs: Sequence[Rung]
) -> Choice:
    quality = quality_of(config.limits)
    if by is not None:
        reason = f"{by.name} is {_advantages(by, cost, quality)}, and no worse"
        return Choice(rung.recipe, rung.target, "dominated", reason, by.name)
    best = kept[0]
    if best != cost:
        ahead, behind = _advantages(cost, best, quality), _advantages(best, cost, quality)
        reason = f"as good as {best.name}"
        if ahead or behind:
            reason = f"against {best.name}: {ahead or 'no better'}; that is {behind or 'no better'}"
        return Choice(rung.recipe, rung.target, "alternative", reason)
    facts = [_superlative(config.prefer, cost, kept)]
    if rung.speedup is not None:
        facts.append(f"{rung.speedup.times:.2f}x the speed of float32")
    float_size = next((other.size_bytes for other in rungs if other.recipe == FLOAT), None)
    if float_size and rung.recipe != FLOAT:
        facts.append(f"{cost.size_bytes / float_size:.2f} of its size")
    if cost.lost is not None and rung.judged_accuracy is not None:
        facts.append(quality.against_keras(rung.judged_accuracy))
    if rung.is_emulated and rung.accuracy is not None:
        few = f"of {rung.accuracy.num_examples} {quality.examples}"
        whose = "measured on this processor" if rung.stand_in else few
        facts[-1] += f" ({whose})"
    if rung.untimed:
        facts.append(f"latency not measured ({rung.untimed})")
    return Choice(rung.recipe, rung.target, "ship", ", ".join(facts))


def _superlative(prefer: str, cost: Cost, kept: Sequence[Cost]) -> str:
    if prefer == LATENCY and cost.latency_ms is None:
        prefer = SIZE
    words = {LATENCY: "the fastest", SIZE: "the smallest", ACCURACY: "the most accurate"}[prefer]
    return f"{words} that the limits allow" if len(kept) > 1 else "the best that the limits allow"


def _advantages(first: Cost, second: Cost, quality: LadderQuality) -> str:
    """Returns what `first` is better at, in numbers: "1.5x faster, 0.50x the size"; empty where at nothing."""
    signs = standing(first, second)
    said = []
    if signs[LATENCY] < 0 and first.latency_ms and second.latency_ms:
        said.append(f"{second.latency_ms / first.latency_ms:.2f}x faster")
    if signs[SIZE] < 0:
        said.append(f"{first.size_bytes / second.size_bytes:.2f}x the size")
    if signs[ACCURACY] < 0 and first.lost is not None and second.lost is not None:
        said.append(quality.better(second.lost - first.lost))
    return ", ".join(said)
