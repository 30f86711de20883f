"""What a ladder measured and chose. Choices are derived from rungs and settings and never stored alone."""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import tfedge
from tfedge.artifacts import read_bytes, write_bytes
from tfedge.checks.verdict import Verdict
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version, dump_object, load_object
from tfedge.reports.conditions import Conditions
from tfedge.reports.ladder_choice import Choice, choose, choose_everywhere
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_quality import kind_of
from tfedge.reports.rung import Rung
from tfedge.reports.schema import EXIT_CODES, now_utc

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class LadderReport:
    """Every recipe on every target.

    Attributes:
        task: name of the task.
        model_sha256: of the trained `.keras` file.
        config: settings and limits.
        conditions: the machine and its software.
        rungs: a target after the other, recipes in one order.
        calibration: free JSON: what calibrated the static recipes, and how far dev words leave its ranges; None
            where nothing was calibrated.
        forced: recipes that were asked for by name, whatever the ladder says.
        created_utc: when, as 2026-11-21T13:00:00Z.
        tfedge_version: which tfedge measured.
    """

    task: str
    model_sha256: str
    config: LadderConfig
    conditions: Conditions
    rungs: tuple[Rung, ...]
    calibration: Mapping[str, Any] | None = None
    forced: tuple[str, ...] = ()
    created_utc: str = dataclasses.field(default_factory=lambda: now_utc())
    tfedge_version: str = tfedge.__version__

    def __post_init__(self) -> None:
        places = [(rung.recipe, rung.target) for rung in self.rungs]
        if not places or len(set(places)) != len(places):
            raise ConfigError(f"a ladder must have one rung or more, each recipe and target once; got {places}")
        if not all(isinstance(name, str) for name in (self.task, self.model_sha256, *self.forced)):
            raise ConfigError("`task`, `model_sha256` and `forced` of a ladder must be texts; got other types")
        kind = kind_of(self.config.limits)
        found = [each for rung in self.rungs for each in (rung.accuracy, rung.stand_in, rung.test_accuracy) if each]
        if not all(isinstance(each, kind) for each in found):
            raise ConfigError("`accuracy` of each rung must be of the kind that the limits are of; got another kind")

    @property
    def targets(self) -> tuple[str, ...]:
        """Every target, in order."""
        return tuple(dict.fromkeys(rung.target for rung in self.rungs))

    @property
    def recipes(self) -> tuple[str, ...]:
        """Every recipe, in order."""
        return tuple(dict.fromkeys(rung.recipe for rung in self.rungs))

    def rungs_of(self, target: str) -> tuple[Rung, ...]:
        """Returns the rungs of one target, in order."""
        return tuple(rung for rung in self.rungs if rung.target == target)

    @functools.cached_property
    def choices(self) -> tuple[Choice, ...]:
        """What is shipped and why not the rest, one a rung, in their order."""
        found = [choice for target in self.targets for choice in choose(self.rungs_of(target), self.config)]
        by_place = {(choice.recipe, choice.target): choice for choice in found}
        return tuple(by_place[rung.recipe, rung.target] for rung in self.rungs)

    def choice(self, rung: Rung) -> Choice:
        """Returns the choice about a rung."""
        return next(each for each in self.choices if (each.recipe, each.target) == (rung.recipe, rung.target))

    def shipped(self, target: str) -> Choice | None:
        """Returns what is shipped on a target; None where the limits allow nothing."""
        return next((each for each in self.choices if each.target == target and each.decision == "ship"), None)

    @property
    def everywhere(self) -> str | None:
        """The recipe of one file for all targets; None where no recipe is allowed on each."""
        return choose_everywhere(self.rungs, self.choices, self.config)

    @property
    def verdict(self) -> Verdict:
        """`fail` where a target has nothing to ship; `not_measured` where nothing ships for want of words or time, or
        where what is not forbidden could not be timed, so that another might ship; emulated targets are never timed."""
        verdicts: list[Verdict] = []
        for target in self.targets:
            choice = self.shipped(target)
            rungs = self.rungs_of(target)
            untimed = {rung.recipe for rung in rungs if rung.untimed and not rung.is_emulated}
            open_choices = [each for each in self.choices if each.target == target and each.decision != "forbidden"]
            if untimed & {each.recipe for each in open_choices}:
                verdicts.append("not_measured")
            elif choice is None:
                unsure = any(each.decision == "not_measured" for each in open_choices)
                verdicts.append("not_measured" if unsure else "fail")
        order: tuple[Verdict, ...] = ("fail", "not_measured")
        return next((verdict for verdict in order if verdict in verdicts), "pass")

    @property
    def exit_code(self) -> int:
        """What the verb returns."""
        return EXIT_CODES[self.verdict]

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values; `from_json` of it is equal to this report."""
        return {
            "schema_version": SCHEMA_VERSION,
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)},
            "config": self.config.to_json(),
            "conditions": self.conditions.to_json(),
            "rungs": [rung.to_json() for rung in self.rungs],
            "forced": list(self.forced),
            "choices": [choice.to_json() for choice in self.choices],
            "verdict": self.verdict,
        }

    @classmethod
    def from_json(cls, value: Any) -> LadderReport:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: another schema version, an unknown or missing key, an illegal value, or choices that are not
                what rungs and settings say.
        """
        if isinstance(value, dict):  # Before the keys: another version has other keys, and should be called that.
            check_version(value, SCHEMA_VERSION, "a ladder report")
        names = [field.name for field in dataclasses.fields(cls)]
        check_keys(value, ("schema_version", "choices", "verdict", *names), "a ladder report")
        fields = {key: value[key] for key in names}
        if not isinstance(fields["rungs"], list) or not isinstance(fields["forced"], list):
            raise ConfigError("`rungs` and `forced` of a ladder report must be JSON arrays; got other types")
        fields["config"] = LadderConfig.from_json(fields["config"])
        fields["conditions"] = Conditions.from_json(fields["conditions"])
        fields["rungs"] = tuple(Rung.from_json(rung) for rung in fields["rungs"])
        fields["forced"] = tuple(fields["forced"])
        read = cls(**fields)
        decided = [choice.to_json() for choice in read.choices]
        if (value["verdict"], value["choices"]) != (read.verdict, decided):
            raise ConfigError("`choices` and `verdict` of a ladder report must be what its rungs say; got others")
        return read


def write_ladder(path: str | os.PathLike[str], report: LadderReport, force: bool = False) -> pathlib.Path:
    """Writes `report` to `path`, completely or not at all; ArtifactError as `artifacts.write_bytes`."""
    return write_bytes(path, dump_object(report.to_json(), "a ladder report"), force)


def read_ladder(path: str | os.PathLike[str]) -> LadderReport:
    """Reads a ladder report.

    Raises:
        ArtifactError: the file cannot be read, is not JSON, or is not a ladder report of this schema version.
    """
    try:
        return LadderReport.from_json(load_object(read_bytes(path, "ladder report"), "a ladder report"))
    except (ConfigError, TypeError) as error:
        raise ArtifactError(f"expected a ladder report in {path}; {error}; make it again") from None
