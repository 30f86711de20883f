"""What a ladder is climbed with: a trained model of a task of texts, or a user's own model of tensors."""

from __future__ import annotations

import dataclasses
import pathlib
import platform
from collections.abc import Mapping
from typing import Any, Protocol

from tfedge.checks.verdict import Finding
from tfedge.conversion.recipes import Recipe
from tfedge.modelfile.pack import Pack
from tfedge.reports.ladder_marks import Accuracy
from tfedge.reports.ladder_quality import accuracy_from_json
from tfedge.runtime.environments import Environment
from tfedge.validation.workload import Workload


@dataclasses.dataclass(frozen=True)
class Place:
    """A file on a target.

    Attributes:
        pack: the file.
        environment: how its target's runtime is started.
    """

    pack: Pack
    environment: Environment

    @property
    def key(self) -> tuple[str, str]:
        """(recipe, target)."""
        return self.pack.manifest.recipe, str(self.environment.target)

    @property
    def is_emulated(self) -> bool:
        """Whether the target has another processor than this machine."""
        return is_emulated(self.environment)


def is_emulated(environment: Environment) -> bool:
    """Whether an environment's processor is emulated on this machine."""
    return environment.target.arch != platform.machine()


@dataclasses.dataclass(frozen=True)
class Answers:
    """What a file answered on a target.

    Attributes:
        entry: "greedy", "encode+decode_step" or "signatures"; None where the runtime failed.
        accuracy: against Keras, and against references where there are; None where the runtime failed.
        findings: of the health gates, or why it failed.
    """

    entry: str | None
    accuracy: Accuracy | None
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns answers of a runtime that did not fail as JSON values."""
        accuracy = None if self.accuracy is None else self.accuracy.to_json()
        return {"entry": self.entry, "accuracy": accuracy, "findings": [each.to_json() for each in self.findings]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Answers:
        """Reads what `to_json` wrote."""
        findings = tuple(Finding.from_json(each) for each in kept["findings"])
        return cls(str(kept["entry"]), accuracy_from_json(kept["accuracy"]), findings)


def could_not_run(message: str) -> Answers:
    """Returns the answers of a file that its runtime refused, or that killed it."""
    fix = "choose another recipe for this runtime, or a newer runtime"
    return Answers(None, None, (Finding("runs", "fail", message, fix=fix),))


class Subject(Protocol):
    """A model with what it is converted, asked and timed with.

    Attributes:
        name: of its task.
        sha256: of the model.
        calibration: what the ladder's report says of it, known once a recipe that calibrates was converted.
        decided_by: what is asked to choose: "dev words".
        scored_by: what is asked afterwards: "test words".
        workload: what files are timed with.
    """

    name: str
    sha256: str
    calibration: Mapping[str, Any] | None
    decided_by: str
    scored_by: str
    workload: Workload

    def is_same(self, pack: Pack, recipe: Recipe) -> bool:
        """Whether a file was made of this very model, by this recipe, with the same tools."""

    def summary(self, recipe: Recipe) -> str:
        """Returns what a recipe does to this model, in a line."""

    def convert(self, recipe: Recipe, path: pathlib.Path) -> Pack:
        """Writes the packed file of a recipe.

        Raises:
            ConversionError, WorkerError: it cannot be converted, or LiteRT cannot run it.
        """

    def remember(self, pack: Pack) -> None:
        """Learns of the calibration of a file that an earlier ladder made."""

    def count(self, is_test: bool) -> int:
        """Returns how many examples decide, or how many there are that nothing is chosen by."""

    def prepare(self, is_test: bool) -> None:
        """Makes ready what all files are asked."""

    def key(self, place: Place, is_test: bool) -> tuple[str, ...]:
        """Returns what the answers of a file on a target depend on."""

    def ask(self, place: Place, is_test: bool) -> Answers:
        """Asks a file on its target; called from several threads.

        Raises:
            ConfigError: a user's metric raised.
        """
