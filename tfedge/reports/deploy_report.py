"""What `tfedge deploy` found: the file on the device beside the same file on this machine, and what the gates say."""

from __future__ import annotations

import dataclasses
from typing import Any

import tfedge
from tfedge.checks.verdict import Finding, Verdict, worst
from tfedge.reports.device_report import DeviceReport
from tfedge.reports.schema import EXIT_CODES, now_utc
from tfedge.reports.stage_comparison import StageComparison
from tfedge.validation.latency import LatencyReport

SCHEMA_VERSION = 1
KIND = "deploy"


@dataclasses.dataclass(frozen=True, eq=False)
class DeployReport:
    """One file on one device.

    Attributes:
        model_path: the packed file, as the caller named it.
        model_sha256: of the whole file, on both sides.
        place: the device in words: "Google Pixel 8, Android 14 (API 34), arm64-v8a".
        app_version: of the app there; empty where no app is needed.
        how: how the file came there: "pushed", "already there" or "read in place".
        device: the device's own report.
        local: of the same file on this machine.
        comparison: of the two, stage by stage; this machine is what is expected.
        findings: golden cases on the device and, where it was asked for, its latency.
        local_latency: of this machine, where latency was asked for.
        notes: what a reader must know beside the findings, one line each.
        written: paths of the reports that were written.
        created_utc: when, as 2026-11-21T13:00:00Z.
        tfedge_version: which tfedge compared.
    """

    model_path: str
    model_sha256: str
    place: str
    app_version: str
    how: str
    device: DeviceReport
    local: DeviceReport
    comparison: StageComparison
    findings: tuple[Finding, ...]
    local_latency: LatencyReport | None = None
    notes: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    created_utc: str = dataclasses.field(default_factory=now_utc)
    tfedge_version: str = tfedge.__version__

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those of the device, then those of the comparison, a stage each."""
        return (*self.findings, *self.comparison.findings)

    @property
    def verdict(self) -> Verdict:
        """The worst of all findings."""
        return worst(self.all_findings)

    @property
    def exit_code(self) -> int:
        """What the verb returns: 0 the same, 1 a gate failed, 3 something could not be measured."""
        return EXIT_CODES[self.verdict]

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values, for machines; the traces stand in the files of `written`."""
        local = _head(self.local)
        if self.local_latency is not None:
            timed = self.local_latency
            local["latency"] = _latency(timed.latency_p50_ms, timed.latency_p90_ms, timed.num_runs)
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "created_utc": self.created_utc,
            "tfedge_version": self.tfedge_version,
            "model": {"path": self.model_path, "sha256": self.model_sha256, "recipe": self.device.model.recipe},
            "place": self.place,
            "app_version": self.app_version,
            "how": self.how,
            "device": _head(self.device),
            "local": local,
            "comparison": self.comparison.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
            "notes": list(self.notes),
            "written": list(self.written),
            "verdict": self.verdict,
        }


def _head(report: DeviceReport) -> dict[str, Any]:
    timed = report.latency
    return {
        "runtime": str(report.target),
        "device": dataclasses.asdict(report.device),
        "threads": dataclasses.asdict(report.threads),
        "entry": report.entry,
        "golden": dataclasses.asdict(report.golden),
        "latency": timed and _latency(timed.latency_p50_ms, timed.latency_p90_ms, timed.num_runs),
    }


def _latency(p50: float, p90: float, num_runs: int) -> dict[str, Any]:
    return {"latency_p50_ms": p50, "latency_p90_ms": p90, "num_runs": num_runs}
