"""The report that every device writes: this machine, an emulated ARM core, a board behind ssh, the Android app.

One file on one runtime: which file it was, on what, how many golden cases passed, what each case was at every stage
between its text and its answer, and the raw times. `tfedge validate --compare` reads two of them. Python and Kotlin
write the same keys; `tests/golden/device_report/example.json` is one that both read.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import tfedge
from tfedge.artifacts import read_bytes, write_bytes
from tfedge.errors import ArtifactError, ConfigError, one_of
from tfedge.modelfile.strict_json import check_keys, check_version, dump_object, load_object
from tfedge.reports.device_parts import (
    Device,
    DeviceLatency,
    FirstDifference,
    GoldenResult,
    ReportedModel,
    Threads,
    exact_keys,
    part_from_json,
)
from tfedge.reports.schema import check_utc, list_of, now_utc
from tfedge.runtime.client import ENTRIES
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.case_trace import STAGES, CaseTrace, check_traces

SCHEMA_VERSION = 1
KIND = "device_report"


@dataclasses.dataclass(frozen=True, eq=False)
class DeviceReport:
    """What one file did on one device.

    Attributes:
        model: the file.
        runtime_name, runtime_version: of the interpreter: "ai-edge-litert", "tflite-runtime" or "android-tflite".
        device: where it ran.
        threads: of the interpreter.
        entry: how tokens were decoded: "greedy" or "encode+decode_step".
        golden: the pack's golden cases against what the file gave when it was made.
        traces: the six stages of each case: golden ones in the pack's order, then other texts.
        not_shown: stage -> why it is missing in every trace.
        latency: None where it was not measured.
        written_by: program and version.
        created_utc: when, as 2026-11-21T13:00:00Z.
    """

    model: ReportedModel
    runtime_name: str
    runtime_version: str
    device: Device
    threads: Threads
    entry: str
    golden: GoldenResult
    traces: tuple[CaseTrace, ...]
    not_shown: Mapping[str, str] = dataclasses.field(default_factory=dict)
    latency: DeviceLatency | None = None
    written_by: str = f"tfedge {tfedge.__version__}"
    created_utc: str = dataclasses.field(default_factory=now_utc)

    def __post_init__(self) -> None:
        if self.entry not in ENTRIES:
            raise one_of("`entry`", self.entry, ENTRIES)
        check_utc("created_utc", self.created_utc)
        if not isinstance(self.written_by, str) or not self.written_by:
            raise ConfigError(f"`written_by` must be program and version; got {self.written_by!r}")
        for stage, why in self.not_shown.items():
            if stage not in STAGES or not isinstance(why, str) or not why:
                raise ConfigError(f"`not_shown` must say why by stage, of {', '.join(STAGES)}; got {stage!r}: {why!r}")
        check_traces(self.traces)
        str(self.target)  # ConfigError: no such runtime, version or ABI.

    @property
    def target(self) -> RuntimeTarget:
        """Runtime, version and architecture; of an emulated core the device's name says which."""
        return RuntimeTarget(self.runtime_name, self.runtime_version, self.device.abi)

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "created_utc": self.created_utc,
            "written_by": self.written_by,
            "model": dataclasses.asdict(self.model),
            "runtime": {"name": self.runtime_name, "version": self.runtime_version},
            "device": dataclasses.asdict(self.device),
            "threads": dataclasses.asdict(self.threads),
            "entry": self.entry,
            "golden": dataclasses.asdict(self.golden),
            "traces": [trace.to_json() for trace in self.traces],
            "not_shown": dict(self.not_shown),
            "latency": None if self.latency is None else dataclasses.asdict(self.latency),
        }

    @classmethod
    def from_json(cls, value: Any) -> DeviceReport:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: another schema version or kind, an unknown or missing key, or an illegal value.
        """
        if isinstance(value, dict):  # Before the keys: another version has other keys, and should be called that.
            check_version(value, SCHEMA_VERSION, "a device report")
        check_keys(value, _KEYS, "a device report")
        if value["kind"] != KIND:
            raise ConfigError(f"`kind` of a device report must be {KIND!r}; got {value['kind']!r}")
        check_keys(value["runtime"], ("name", "version"), "`runtime`")
        golden = exact_keys(GoldenResult, value["golden"], "`golden`")
        first = golden["first_difference"]
        if first is not None:
            golden["first_difference"] = part_from_json(FirstDifference, first, "`first_difference`")
        if not isinstance(value["not_shown"], dict):
            raise ConfigError(f"`not_shown` must be an object; got {value['not_shown']!r:.40}")
        return cls(
            model=part_from_json(ReportedModel, value["model"], "`model`"),
            runtime_name=_text(value["runtime"], "name"),
            runtime_version=_text(value["runtime"], "version"),
            device=part_from_json(Device, value["device"], "`device`"),
            threads=part_from_json(Threads, value["threads"], "`threads`"),
            entry=value["entry"],
            golden=GoldenResult(**golden),
            traces=tuple(CaseTrace.from_json(trace) for trace in list_of(value, "traces")),
            not_shown=value["not_shown"],
            latency=None if value["latency"] is None else DeviceLatency.from_json(value["latency"]),
            written_by=value["written_by"],
            created_utc=value["created_utc"],
        )


_KEYS = (
    "schema_version",
    "kind",
    "created_utc",
    "written_by",
    "model",
    "runtime",
    "device",
    "threads",
    "entry",
    "golden",
    "traces",
    "not_shown",
    "latency",
)


def write_device_report(path: str | os.PathLike[str], report: DeviceReport, force: bool = False) -> pathlib.Path:
    """Writes `report` to `path`, completely or not at all; ArtifactError as `artifacts.write_bytes`."""
    return write_bytes(path, dump_object(report.to_json(), "a device report"), force)


def read_device_report(path: str | os.PathLike[str]) -> DeviceReport:
    """Reads a device report.

    Raises:
        ArtifactError: the file cannot be read, is not JSON, or is not a device report of this schema version.
    """
    try:
        return DeviceReport.from_json(load_object(read_bytes(path, "device report"), "a device report"))
    except ConfigError as error:
        raise ArtifactError(
            f"expected a device report in {path}; {error}; write it again with `tfedge validate MODEL --trace FILE`"
        ) from error


def _text(value: Mapping[str, Any], key: str) -> str:
    if not isinstance(value[key], str):
        raise ConfigError(f"`{key}` must be a text; got {value[key]!r}")
    return str(value[key])
