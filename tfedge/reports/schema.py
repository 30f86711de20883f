"""The one report: what was measured on which file, where, and what the gates say about it.

Every verb that measures returns a `Report`; the table, the model card and the README are drawn from it,
and nothing that it does not hold can be drawn. Verdicts are derived from findings and never stored
alone: a file whose stored verdict differs from its findings is refused.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import tfedge
from tfedge import errors
from tfedge.checks.verdict import Finding, Verdict, worst
from tfedge.errors import ConfigError, GateError, MeasurementError, one_of
from tfedge.modelfile.strict_json import check_keys, check_version
from tfedge.reports.conditions import Conditions
from tfedge.runtime.client import ENTRIES
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.evaluate_tensors import ENTRY as SIGNATURES
from tfedge.validation.latency import LatencyReport
from tfedge.validation.memory import MemoryReport
from tfedge.validation.task_accuracy import TaskAccuracy, accuracy_from_json

SCHEMA_VERSION = 1
KINDS = ("run", "validate", "bench")
EXIT_CODES: Mapping[Verdict, int] = {
    "pass": errors.EXIT_PASSED,
    "fail": errors.EXIT_GATE_FAILED,
    "not_measured": errors.EXIT_NOT_MEASURED,
}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclasses.dataclass(frozen=True)
class ReportRow:
    """One file on one runtime.

    What was not measured is None, and a finding says why.

    Attributes:
        recipe: how the file was quantized.
        target: the runtime, for example "ai-edge-litert==2.3.0@x86_64".
        entry: what was called: "greedy", "encode+decode_step", or the "signatures" of a file of tensors.
        model_sha256: of the model part of the file, without its pack.
        size_bytes: of that part.
        accuracy: on the task's test examples.
        latency: raw samples of whole decodes.
        memory: peak of a process of its own.
        findings: what each gate says about this file on this runtime.
        is_gated: whether the row decides the report's verdict, or is shown for comparison only.
    """

    recipe: str
    target: str
    entry: str
    model_sha256: str
    size_bytes: int
    accuracy: TaskAccuracy | None = None
    latency: LatencyReport | None = None
    memory: MemoryReport | None = None
    findings: tuple[Finding, ...] = ()
    is_gated: bool = True

    def __post_init__(self) -> None:
        check_sha256("model_sha256", self.model_sha256)
        if isinstance(self.size_bytes, bool) or not isinstance(self.size_bytes, int) or self.size_bytes < 1:
            raise ConfigError(f"`size_bytes` must be an integer of 1 or more; got {self.size_bytes!r}")
        for key in ("recipe", "target"):
            if not isinstance(getattr(self, key), str) or not getattr(self, key):
                raise ConfigError(f"`{key}` of a report row must be a text; got {getattr(self, key)!r}")
        if not isinstance(self.is_gated, bool):
            raise ConfigError(f"`is_gated` must be true or false; got {self.is_gated!r}")
        RuntimeTarget.parse(self.target)
        if self.entry not in (*ENTRIES, SIGNATURES):
            raise one_of("`entry`", self.entry, (*ENTRIES, SIGNATURES))
        for part in (self.latency, self.memory):
            if part is not None and (part.runtime, part.entry) != (self.target, self.entry):
                raise ConfigError(
                    f"a row must hold measurements of {self.entry} on {self.target}; got {part.entry} on {part.runtime}"
                )

    @property
    def verdict(self) -> Verdict:
        """The worst of the row's findings; a row without a finding has passed nothing."""
        return worst(self.findings)

    def to_json(self) -> dict[str, Any]:
        """Returns the row as JSON values, with its verdict for machines that do not compute it."""
        parts = {"accuracy": self.accuracy, "latency": self.latency, "memory": self.memory}
        return {
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)},
            **{key: None if part is None else part.to_json() for key, part in parts.items()},
            "findings": [finding.to_json() for finding in self.findings],
            "verdict": self.verdict,
        }

    @classmethod
    def from_json(cls, value: Any) -> ReportRow:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        fields = _take_keys(cls, value, "a report row")
        if fields["accuracy"] is not None:
            fields["accuracy"] = accuracy_from_json(fields["accuracy"])
        if fields["latency"] is not None:
            fields["latency"] = LatencyReport.from_json(fields["latency"])
        if fields["memory"] is not None:
            fields["memory"] = MemoryReport.from_json(fields["memory"])
        fields["findings"] = tuple(Finding.from_json(finding) for finding in list_of(value, "findings"))
        return _with_verdict(cls(**fields), value)


@dataclasses.dataclass(frozen=True)
class Report:
    """What one verb measured.

    Attributes:
        kind: the verb: "run", "validate" or "bench".
        task: name of the task, for example "g2p".
        conditions: the machine and its software.
        rows: in the order they are to be read.
        model_path: the packed file, as the caller named it; None where there are several.
        model_sha256: of that whole file, pack included.
        provenance: free JSON from the pack's manifest: how the model was trained and converted.
        notes: what a reader must know beside the findings, one line each.
        created_utc: when, as 2026-11-21T13:00:00Z.
        tfedge_version: which tfedge measured.
    """

    kind: str
    task: str
    conditions: Conditions
    rows: tuple[ReportRow, ...]
    model_path: str | None = None
    model_sha256: str | None = None
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    created_utc: str = dataclasses.field(default_factory=lambda: now_utc())
    tfedge_version: str = tfedge.__version__

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise one_of("`kind` of a report", self.kind, KINDS)
        if not self.rows:
            raise ConfigError("a report must have one row or more; got none")
        if self.model_sha256 is not None:
            check_sha256("model_sha256", self.model_sha256)
        if not all(isinstance(note, str) for note in self.notes) or not isinstance(self.provenance, Mapping):
            raise ConfigError("`notes` must be texts and `provenance` an object; got other types")
        check_utc("created_utc", self.created_utc)

    @property
    def verdict(self) -> Verdict:
        """The worst finding of the gated rows."""
        return worst(finding for row in self.rows if row.is_gated for finding in row.findings or _no_finding(row))

    @property
    def exit_code(self) -> int:
        """What a verb returns: 0 passed, 1 a gate failed, 3 could not measure."""
        return EXIT_CODES[self.verdict]

    def raise_for_failures(self) -> None:
        """Returns when every gated row passed.

        Raises:
            GateError: a gate failed; the message names each.
            MeasurementError: no gate failed, but one could not be measured.
        """
        found = (
            (f"{row.recipe} on {row.target}", finding)
            for row in self.rows
            if row.is_gated
            for finding in row.findings or _no_finding(row)
        )
        raise_unless_passed(self.verdict, "gate", found)

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values; `from_json` of it is equal to this report."""
        return {
            "schema_version": SCHEMA_VERSION,
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)},
            "conditions": self.conditions.to_json(),
            "rows": [row.to_json() for row in self.rows],
            "provenance": dict(self.provenance),
            "notes": list(self.notes),
            "verdict": self.verdict,
        }

    @classmethod
    def from_json(cls, value: Any) -> Report:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: another schema version, an unknown or missing key, or an illegal value.
        """
        if isinstance(value, dict):  # Before the keys: another version has other keys, and should be called that.
            check_version(value, SCHEMA_VERSION, "a report")
        fields = _take_keys(cls, value, "a report", also=("schema_version",))
        fields["conditions"] = Conditions.from_json(fields["conditions"])
        fields["rows"] = tuple(ReportRow.from_json(row) for row in list_of(value, "rows"))
        fields["notes"] = tuple(list_of(value, "notes"))
        return _with_verdict(cls(**fields), value)


def _take_keys(kind: type, value: Any, name: str, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """Returns the values of the fields of `kind` from the JSON object `value`, which has these and no others."""
    fields = [field.name for field in dataclasses.fields(kind)]
    check_keys(value, (*also, *fields, "verdict"), name)
    return {key: value[key] for key in fields}


def raise_unless_passed(verdict: Verdict, what: str, found: Iterable[tuple[str, Finding]]) -> None:
    """Returns where `verdict` is "pass"; GateError or MeasurementError else, naming the findings that made it so.

    Args:
        what: that should have passed, in one word.
        found: place and finding, of all.
    """
    if verdict == "pass":
        return
    kind = GateError if verdict == "fail" else MeasurementError
    named = [f"{place}: {finding.gate}: {finding.message}" for place, finding in found if finding.verdict == verdict]
    raise kind(f"expected every {what} to pass; got {verdict}: {'; '.join(named)}")


def list_of(value: Mapping[str, Any], key: str) -> list[Any]:
    """Returns `value[key]`, a JSON array; ConfigError of anything else."""
    items = value[key]
    if not isinstance(items, list):
        raise ConfigError(f"`{key}` must be a JSON array; got {type(items).__name__}")
    return items


T = TypeVar("T", Report, ReportRow)


def _with_verdict(read: T, value: Mapping[str, Any]) -> T:
    if value["verdict"] != read.verdict:
        raise ConfigError(f"`verdict` must be {read.verdict!r}, what the findings say; got {value['verdict']!r}")
    return read


def _no_finding(row: ReportRow) -> tuple[Finding, ...]:
    return (Finding("any", "not_measured", f"no gate judged {row.recipe} on {row.target}"),)


def check_sha256(key: str, value: object) -> None:
    """Refuses anything but 64 lower-case hexadecimal digits; ConfigError names `key`."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ConfigError(f"`{key}` must be 64 hexadecimal digits; got {value!r}")


def check_utc(key: str, value: object) -> None:
    """Refuses anything but a time as `now_utc` states it; ConfigError names `key`."""
    try:
        datetime.datetime.strptime(value, _TIME_FORMAT)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ConfigError(f"`{key}` must look like 2026-11-21T13:00:00Z; got {value!r}") from None


def now_utc() -> str:
    """Returns the time as reports state it: 2026-11-21T13:00:00Z."""
    return datetime.datetime.now(datetime.UTC).strftime(_TIME_FORMAT)
