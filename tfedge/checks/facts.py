"""What was measured about runtime releases: which op versions they know, and what they make of known traps.

`measured_runtimes.json` beside this file is written by `tools/measure_runtimes.py` and by nothing else. In it a probe
(`tfedge.checks.probes`) is a number, and each place lists the probes with every answer but "right", as ranges:
`{"refused": "0-3 17", "crashed:SIGSEGV": "40"}`. `asked` names the probes that a place was asked at all.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from tfedge.errors import ArtifactError, ConfigError
from tfedge.runtime.targets import RuntimeTarget

FILE = pathlib.Path(__file__).with_name("measured_runtimes.json")
# Before a colon; "crashed:SIGSEGV" names its signal.
ANSWERS = ("right", "wrong", "refused", "crashed", "timed_out", "out_of_memory")


@dataclasses.dataclass(frozen=True)
class RuntimeFacts:
    """One release of a runtime.

    Attributes:
        name: `tflite-runtime`, `ai-edge-litert` or `android-tflite`.
        version: of the release.
        source: how it was measured.
        date: when, ISO form.
        op_versions: highest version of each builtin op that the release registers; an op that is not in it is unknown
            to the release. A model with a higher one is refused, even where no op uses that operator code.
        behaviours: probe -> place (architecture, with its core for ARM) -> answer, one of `ANSWERS`; a probe that was
            not asked at a place is missing there.
        wheels: architecture -> sha256 of the wheel for Python 3.11; an architecture without a wheel is missing.

    Raises:
        ConfigError: an op version below 1, or a behaviour that is not one of `ANSWERS`.
    """

    name: str
    version: str
    source: str
    date: str
    op_versions: Mapping[str, int]
    behaviours: Mapping[str, Mapping[str, str]]
    wheels: Mapping[str, str]

    def __post_init__(self) -> None:
        for op, version in self.op_versions.items():
            if not isinstance(version, int) or version < 1:
                raise ConfigError(f"expected a version of 1 or more for {op} of {self.label}; got {version!r}")
        for answer in {answer for answers in self.behaviours.values() for answer in answers.values()}:
            if answer.partition(":")[0] not in ANSWERS:
                raise ConfigError(f"expected one of {', '.join(ANSWERS)} of {self.label}; got {answer!r}")

    @property
    def label(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"

    def behaviour(self, probe: str, target: RuntimeTarget) -> str | None:
        """Returns what this release made of a probe on the target's architecture and core; None: not measured.

        An ARM target without a core is judged by the default one.
        """
        return self.behaviours.get(probe, {}).get(place_of(target))

    @property
    def places(self) -> tuple[str, ...]:
        """Where behaviours were measured, in alphabetical order."""
        return tuple(sorted({place for answers in self.behaviours.values() for place in answers}))

    def to_json(self, probes: Mapping[str, int]) -> dict[str, Any]:
        """Returns the facts as JSON values; `probes` numbers every probe. `from_json` is the inverse."""
        by_version: dict[str, list[str]] = {}
        for op, version in sorted(self.op_versions.items(), key=lambda item: (item[1], item[0])):
            by_version.setdefault(str(version), []).append(op)
        asked: dict[str, list[int]] = {place: [] for place in self.places}
        others: dict[str, dict[str, list[int]]] = {place: {} for place in self.places}
        for probe, answers in self.behaviours.items():
            for place, answer in answers.items():
                asked[place].append(probes[probe])
                if answer != "right":
                    others[place].setdefault(answer, []).append(probes[probe])
        return {
            "source": self.source,
            "date": self.date,
            "wheels": dict(sorted(self.wheels.items())),
            "op_versions": {version: " ".join(ops) for version, ops in by_version.items()},
            "asked": {place: _to_ranges(numbers) for place, numbers in asked.items()},
            "answers": {
                place: {answer: _to_ranges(numbers) for answer, numbers in sorted(answers.items())}
                for place, answers in others.items()
            },
        }

    @classmethod
    def from_json(cls, label: str, value: Mapping[str, Any], probes: tuple[str, ...]) -> RuntimeFacts:
        """Reads what `to_json` wrote; `probes` are the names by number.

        Raises:
            KeyError, IndexError, ValueError, TypeError, AttributeError, ConfigError: another form.
        """
        behaviours: dict[str, dict[str, str]] = {}
        for place, numbers in value["asked"].items():
            for number in _from_ranges(numbers):
                behaviours.setdefault(probes[number], {})[place] = "right"
        for place, answers in value["answers"].items():
            for answer, numbers in answers.items():
                for number in _from_ranges(numbers):
                    behaviours[probes[number]][place] = answer
        op_versions = {op: int(version) for version, ops in value["op_versions"].items() for op in ops.split()}
        name, _, version = label.partition("==")
        return cls(name, version, value["source"], value["date"], op_versions, behaviours, value["wheels"])


def _to_ranges(numbers: Iterable[int]) -> str:
    """Returns numbers as text: {0, 1, 2, 7} -> "0-2 7"."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _from_ranges(text: str) -> Iterable[int]:
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def place_of(target: RuntimeTarget) -> str:
    """Returns the key of a target's measurements: "x86_64", "aarch64:cortex-a76", "arm64-v8a:cortex-a72"."""
    return f"{target.arch}:{target.emulated_core}" if target.emulated_core else target.arch


_DAMAGED = (OSError, KeyError, IndexError, ValueError, TypeError, AttributeError)  # ValueError: ConfigError too


def _damaged(error: Exception) -> ArtifactError:
    return ArtifactError(f"expected measured facts in {FILE}; {type(error).__name__}: {error}; install tfedge again")


@functools.cache
def _stored() -> tuple[tuple[str, ...], Mapping[str, Mapping[str, Any]]]:
    """Returns the names of all probes, and the JSON of each release by its label."""
    try:
        held = json.loads(FILE.read_text(encoding="utf-8"))
        return tuple(held["probes"]), dict(held["releases"])
    except _DAMAGED as error:
        raise _damaged(error) from error


@functools.cache
def _facts(label: str) -> RuntimeFacts | None:
    probes, releases = _stored()
    if label not in releases:
        return None
    try:
        return RuntimeFacts.from_json(label, releases[label], probes)
    except _DAMAGED as error:
        raise _damaged(error) from error


def facts_for(target: RuntimeTarget) -> RuntimeFacts | None:
    """Returns what was measured about the target's release; None: nothing was.

    Raises:
        ArtifactError: the stored facts are damaged.
    """
    return _facts(f"{target.name}=={target.version}")


def known_targets() -> tuple[RuntimeTarget, ...]:
    """Returns every target that something was measured on, by name and version, newest release last.

    Raises:
        ArtifactError: the stored facts are damaged.
    """
    found = set()
    for label, values in _stored()[1].items():
        name, _, version = label.partition("==")
        for place in values["asked"]:
            arch, _, core = place.partition(":")
            found.add(RuntimeTarget(name, version, arch, core))
    return tuple(sorted(found, key=lambda target: (target.name, version_order(target.version), target)))


def version_order(version: str) -> tuple[int, ...]:
    """Returns a key that sorts releases: "2.10.0" after "2.9.1"."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def wheel_sha256(target: RuntimeTarget) -> str:
    """Returns the sha256 of the release's wheel for Python 3.11 on the target's architecture; empty: not known."""
    _, releases = _stored()
    wheels = releases.get(f"{target.name}=={target.version}", {}).get("wheels", {})
    return str(wheels.get(target.arch, ""))
