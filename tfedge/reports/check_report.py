"""What `tfedge check` found: files, targets, findings. Verdicts are derived from findings and never stored alone."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import tfedge
from tfedge.checks.verdict import Finding, Verdict, worst
from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version
from tfedge.reports.conditions import Conditions
from tfedge.reports.schema import EXIT_CODES, list_of, now_utc, raise_unless_passed
from tfedge.runtime.targets import RuntimeTarget

SCHEMA_VERSION = 1
# Of findings about an Android package itself, whichever device and interpreter it meets.
PACKAGE = "apk"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True)
class TargetCheck:
    """One file on one target.

    Attributes:
        target: for example "tflite-runtime==2.14.0@aarch64"; `PACKAGE` of what is said of an Android package itself.
        findings: static rules first, then what running it showed.
        seconds: that it took, 0 or more.
    """

    target: str
    findings: tuple[Finding, ...]
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.target != PACKAGE:
            RuntimeTarget.parse(self.target)
        if isinstance(self.seconds, bool) or not isinstance(self.seconds, int | float) or not _is_time(self.seconds):
            raise ConfigError(f"`seconds` of a target check must be 0 or more; got {self.seconds!r}")

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings; without one nothing has been passed."""
        return worst(self.findings)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """Findings that passed and name a risk all the same."""
        return tuple(finding for finding in self.findings if finding.verdict == "pass" and finding.consequence)

    def to_json(self) -> dict[str, Any]:
        """Returns the check as JSON values, with its verdict for machines that do not compute it."""
        findings = [finding.to_json() for finding in self.findings]
        return {"target": self.target, "verdict": self.verdict, "seconds": self.seconds, "findings": findings}

    @classmethod
    def from_json(cls, value: Any) -> TargetCheck:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, ("target", "verdict", "seconds", "findings"), "a target check")
        findings = tuple(Finding.from_json(finding) for finding in list_of(value, "findings"))
        read = cls(_text(value, "target"), findings, value["seconds"])
        _check_verdict(read.verdict, value)
        return read


@dataclasses.dataclass(frozen=True)
class FileCheck:
    """One file on every target.

    Attributes:
        path: as the caller named it.
        sha256: of the whole file.
        size_bytes: of the whole file.
        targets: one or more, in the order asked for.
    """

    path: str
    sha256: str
    size_bytes: int
    targets: tuple[TargetCheck, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.sha256, str) or not _SHA256.fullmatch(self.sha256):
            raise ConfigError(f"`sha256` must be 64 hexadecimal digits; got {self.sha256!r}")
        if isinstance(self.size_bytes, bool) or not isinstance(self.size_bytes, int) or self.size_bytes < 0:
            raise ConfigError(f"`size_bytes` must be an integer of 0 or more; got {self.size_bytes!r}")
        names = [check.target for check in self.targets]
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"a file check must have one target or more, each once; got {names}")

    @property
    def verdict(self) -> Verdict:
        """The worst of the targets'."""
        return _worst([check.verdict for check in self.targets])

    def to_json(self) -> dict[str, Any]:
        """Returns the check as JSON values, with its verdict."""
        return {
            "path": self.path,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "verdict": self.verdict,
            "targets": [check.to_json() for check in self.targets],
        }

    @classmethod
    def from_json(cls, value: Any) -> FileCheck:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, ("path", "sha256", "size_bytes", "verdict", "targets"), "a file check")
        targets = tuple(TargetCheck.from_json(check) for check in list_of(value, "targets"))
        read = cls(_text(value, "path"), value["sha256"], value["size_bytes"], targets)
        _check_verdict(read.verdict, value)
        return read


@dataclasses.dataclass(frozen=True)
class CheckReport:
    """What one run of `tfedge check` found.

    Attributes:
        files: one or more, in the order asked for.
        conditions: the machine and its software.
        seed: of the inputs that were made up.
        has_run: whether the files were run, or read by static rules alone.
        created_utc: when, as 2026-11-21T13:00:00Z.
        tfedge_version: which tfedge checked.
    """

    files: tuple[FileCheck, ...]
    conditions: Conditions
    seed: int = 1
    has_run: bool = True
    created_utc: str = dataclasses.field(default_factory=lambda: now_utc())
    tfedge_version: str = tfedge.__version__

    def __post_init__(self) -> None:
        if not self.files:
            raise ConfigError("a check report must have one file or more; got none")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ConfigError(f"`seed` must be a whole number of 0 or more; got {self.seed!r}")

    @property
    def verdict(self) -> Verdict:
        """The worst of the files'."""
        return _worst([file.verdict for file in self.files])

    @property
    def exit_code(self) -> int:
        """What the verb returns: 0 passed, 1 a gate failed, 3 could not measure."""
        return EXIT_CODES[self.verdict]

    @property
    def targets(self) -> tuple[str, ...]:
        """Every target that some file was checked on, in order."""
        return tuple(dict.fromkeys(check.target for file in self.files for check in file.targets))

    def checks(self) -> Iterator[tuple[FileCheck, TargetCheck]]:
        """Yields every file with every target."""
        yield from ((file, check) for file in self.files for check in file.targets)

    def raise_for_failures(self) -> None:
        """Returns when every file passed on every target.

        Raises:
            GateError: a gate failed; the message names each.
            MeasurementError: no gate failed, but one could not be measured.
        """
        found = (
            (f"{file.path} on {check.target}", finding) for file, check in self.checks() for finding in check.findings
        )
        raise_unless_passed(self.verdict, "file", found)

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values; `from_json` of it is equal to this report."""
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "created_utc": self.created_utc,
            "tfedge_version": self.tfedge_version,
            "seed": self.seed,
            "has_run": self.has_run,
            "conditions": self.conditions.to_json(),
            "files": [file.to_json() for file in self.files],
        }

    @classmethod
    def from_json(cls, value: Any) -> CheckReport:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: another schema version, an unknown or missing key, or an illegal value.
        """
        if isinstance(value, dict):  # Before the keys: another version has other keys, and should be called that.
            check_version(value, SCHEMA_VERSION, "a check report")
        keys = [field.name for field in dataclasses.fields(cls)]
        check_keys(value, ("schema_version", "verdict", *keys), "a check report")
        fields = {key: value[key] for key in keys}
        fields["files"] = tuple(FileCheck.from_json(file) for file in list_of(value, "files"))
        fields["conditions"] = Conditions.from_json(value["conditions"])
        read = cls(**fields)
        _check_verdict(read.verdict, value)
        return read


def _worst(verdicts: list[Verdict]) -> Verdict:
    return worst(Finding("any", verdict, verdict) for verdict in verdicts)


def _is_time(seconds: float) -> bool:
    return math.isfinite(seconds) and seconds >= 0


def _text(value: Mapping[str, Any], key: str) -> str:
    if not isinstance(value[key], str):
        raise ConfigError(f"`{key}` must be a text; got {value[key]!r}")
    return str(value[key])


def _check_verdict(verdict: Verdict, value: Mapping[str, Any]) -> None:
    if value["verdict"] != verdict:
        raise ConfigError(f"`verdict` must be {verdict!r}, what the findings say; got {value['verdict']!r}")
