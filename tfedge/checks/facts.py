"""What was measured about runtime releases: which op versions they know, and what they do with known traps.

`measured_runtimes.json` beside this file is written by `tools/measure_runtimes.py` and by nothing else.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
import types
from collections.abc import Mapping
from typing import Any

from tfedge.errors import ArtifactError, ConfigError
from tfedge.runtime.targets import ANDROID, DEFAULT_CORE, RuntimeTarget

FILE = pathlib.Path(__file__).with_name("measured_runtimes.json")
# "crashed:SIGSEGV" names its signal; "unavailable": the runtime could not be started there.
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
        behaviours: probe -> architecture, with its core for ARM -> what happened, one of `ANSWERS`.
        probes: probe -> what its model holds, in words.
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
    probes: Mapping[str, str]
    wheels: Mapping[str, str]

    def __post_init__(self) -> None:
        for op, version in self.op_versions.items():
            if not isinstance(version, int) or version < 1:
                raise ConfigError(f"expected a version of 1 or more for {op} of {self.label}; got {version!r}")
        for probe, answers in self.behaviours.items():
            for place, answer in answers.items():
                if answer.partition(":")[0] not in ANSWERS:
                    raise ConfigError(f"expected one of {', '.join(ANSWERS)} for {probe} at {place}; got {answer!r}")
            if probe not in self.probes:
                raise ConfigError(f"expected a description of probe {probe!r} of {self.label}; there is none")

    @property
    def label(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"

    def behaviour(self, probe: str, target: RuntimeTarget) -> str | None:
        """Returns what this release did with a probe on the target's architecture and core; None: not measured.

        An ARM target without a core is judged by the default one. Android's arm64-v8a has no measurement of its own.
        """
        return self.behaviours.get(probe, {}).get(place_of(target))


def place_of(target: RuntimeTarget) -> str:
    """Returns the key of a target's measurements: "x86_64", "aarch64:cortex-a76", "arm64-v8a"."""
    if target.name == ANDROID or target.arch != "aarch64":
        return target.arch
    return f"{target.arch}:{target.core or DEFAULT_CORE}"


@functools.cache
def _stored() -> Mapping[str, RuntimeFacts]:
    try:
        held = json.loads(FILE.read_text(encoding="utf-8"))
        releases = {label: _from_json(label, values, held["probes"]) for label, values in held["releases"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"expected measured facts in {FILE}; {error}; install tfedge again") from error
    return types.MappingProxyType(releases)


def _from_json(label: str, values: Mapping[str, Any], probes: Mapping[str, str]) -> RuntimeFacts:
    name, _, version = label.partition("==")
    known = {probe: probes[probe] for probe in values["behaviours"]}
    return RuntimeFacts(name, version, probes=known, **values)


def facts_for(target: RuntimeTarget) -> RuntimeFacts | None:
    """Returns what was measured about the target's release; None: nothing was."""
    return _stored().get(f"{target.name}=={target.version}")


def known_targets() -> tuple[RuntimeTarget, ...]:
    """Returns every target that something was measured on, by name and version, newest release last."""
    found = []
    for facts in _stored().values():
        places = {place for answers in facts.behaviours.values() for place in answers} | set(facts.wheels)
        for place in sorted(places):
            arch, _, core = place.partition(":")
            found.append(RuntimeTarget(facts.name, facts.version, arch, core))
    return tuple(sorted(set(found), key=lambda target: (target.name, _order(target.version), target.arch, target.core)))


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def wheel_sha256(target: RuntimeTarget) -> str:
    """Returns the sha256 of the release's wheel for Python 3.11 on the target's architecture; empty: not known."""
    facts = facts_for(target)
    return facts.wheels.get(target.arch, "") if facts else ""
