"""What a rescue may cost and what it found: settings, steps and the report, as frozen values with JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from tfedge.checks.verdict import Verdict
from tfedge.config import from_keys
from tfedge.errors import ConfigError
from tfedge.pipeline.rescue_search import Measurement

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class RescueConfig:
    """How to search.

    Attributes:
        max_points_lost: points of word error rate above float; None for the recipe's own limit.
        budget_minutes: after which the best so far is taken.
        rank_words: dev words that places are ranked on.
        num_words: dev words, all where there are fewer: half of them decide, the other half confirms.
        seed: chooses the words.
        runtime: name of an installed runtime to measure on.
    """

    max_points_lost: float | None = None
    budget_minutes: float = 20.0
    rank_words: int = 400
    num_words: int = 2_500
    seed: int = 3
    runtime: str = "ai-edge-litert"

    def __post_init__(self) -> None:
        limit = self.max_points_lost
        if limit is not None and not 0 <= limit < 100:
            raise ConfigError(f"`max_points_lost` must be at least 0 and below 100; got {limit}")
        if not 0 < self.budget_minutes < math.inf:
            raise ConfigError(f"`budget_minutes` must be above 0; got {self.budget_minutes}")
        if self.rank_words < 1 or self.num_words < 2:
            raise ConfigError(
                f"`rank_words` must be 1 or more and `num_words` 2 or more; got {self.rank_words} and {self.num_words}"
            )


@dataclasses.dataclass(frozen=True)
class RescueStep:
    """One more place in higher precision.

    Attributes:
        place: in words; of the first step, what the recipe is without any.
        scope: that keeps it, as `Scope.to_json`; empty in the first step.
        num_ops: ops of the graph that it holds.
        damage: share of answers that this place alone changes, 0 to 1; may be below 0 by noise.
        measured: with this place and all before it.
        points_won: points of word error rate less than the step before.
        bytes_added: to the file of the step before.
    """

    place: str
    scope: dict[str, Any]
    num_ops: int
    damage: float | None
    measured: Measurement
    points_won: float = 0.0
    bytes_added: int = 0


@dataclasses.dataclass(frozen=True)
class RescueReport:
    """What a rescue found.

    Attributes:
        recipe: that missed its limit.
        rescued: name of the mixed recipe; empty where none was found.
        runtime: it was measured on.
        max_points_lost: the limit.
        before: the recipe as its own engine carries it out, on all words.
        confirmed: the rescued recipe on words that chose nothing; None where no set was found.
        steps: the recipe by scopes, then one place after another; without `rescued`, the recipe alone.
        precision: of what is kept: "int8" or "float".
        stopped: why the search ended early; empty where it ended by itself.
        num_measured: candidates measured, those of earlier runs included.
        latency: (ratio, low, high) of the rescued file's time to that of "float32" and of "before", the recipe by
            scopes; empty where not measured.
        trained_model_sha256: of the trained model.
    """

    recipe: str
    rescued: str
    runtime: str
    max_points_lost: float
    before: Measurement
    confirmed: Measurement | None
    steps: tuple[RescueStep, ...]
    precision: str
    stopped: str
    num_measured: int
    latency: dict[str, tuple[float, float, float]]
    trained_model_sha256: str

    @property
    def after(self) -> Measurement:
        """The best file, on words that chose nothing: the rescued one, or the recipe as it was."""
        return self.confirmed or self.before

    @property
    def is_met(self) -> bool:
        """Whether the best file meets the limit."""
        return not self.after.refused and self.after.points_lost <= self.max_points_lost

    @property
    def needed_none(self) -> bool:
        """Whether the recipe itself met the limit."""
        return not self.before.refused and self.before.points_lost <= self.max_points_lost

    @property
    def verdict(self) -> Verdict:
        """ "pass" where the limit is met; "not_measured" where time was over before; else "fail"."""
        if self.is_met:
            return "pass"
        return "not_measured" if self.stopped else "fail"

    @property
    def exit_code(self) -> int:
        """0 passed, 1 no set of places meets the limit, 3 time was over before one was found."""
        return {"pass": 0, "fail": 1, "not_measured": 3}[self.verdict]

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values; `from_json` of it is equal to this report."""
        latency = {name: list(ratio) for name, ratio in self.latency.items()}
        return {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(self), "latency": latency}

    @classmethod
    def from_json(cls, values: Any) -> RescueReport:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: an unknown or missing key, an illegal value, or another schema version.
        """
        if not isinstance(values, dict) or values.get("schema_version") != SCHEMA_VERSION:
            raise ConfigError(f"a rescue report must have schema_version {SCHEMA_VERSION}; got another kind of file")
        fields = {key: value for key, value in values.items() if key != "schema_version"}
        if not isinstance(fields.get("steps"), Sequence) or not isinstance(fields.get("latency"), dict):
            raise ConfigError("a rescue report must have a list of steps and latency by name; got neither or one")
        fields["before"] = from_keys(Measurement, fields.get("before"), "before")
        confirmed = fields.get("confirmed")
        fields["confirmed"] = None if confirmed is None else from_keys(Measurement, confirmed, "confirmed")
        fields["steps"] = tuple(_step(step) for step in fields["steps"])
        fields["latency"] = {name: tuple(ratio) for name, ratio in fields["latency"].items()}
        return from_keys(cls, fields, "rescue report")


def make_steps(places: Sequence[RescueStep]) -> tuple[RescueStep, ...]:
    """Returns the steps with what each won and added."""
    steps = list(places[:1])
    for step in places[1:]:
        before = steps[-1].measured
        won = before.points_lost - step.measured.points_lost
        added = step.measured.size_bytes - before.size_bytes
        steps.append(dataclasses.replace(step, points_won=won, bytes_added=added))
    return tuple(steps)


def _step(values: Any) -> RescueStep:
    if not isinstance(values, dict):
        raise ConfigError(f"a step of a rescue must be a JSON object; got {type(values).__name__}")
    measured = from_keys(Measurement, values.get("measured"), "measured")
    return from_keys(RescueStep, {**values, "measured": measured}, "step")
