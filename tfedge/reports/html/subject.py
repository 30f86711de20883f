"""What a page is about: a packed file, the report beside it, or one of both."""

from __future__ import annotations

import dataclasses
import os
import pathlib

from tfedge.artifacts import read_bytes
from tfedge.checks.verdict import Finding, Verdict, worst
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.pack import Pack, has_pack, read_pack
from tfedge.reports import report_file
from tfedge.reports.html.results import findings_of, findings_of_gates
from tfedge.reports.schema import Report

_MODEL, _REPORT = ".tflite", ".report.json"


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model as it is known.

    Attributes:
        name: of the file that was named.
        pack: the packed file; None where there is only a report.
        report: of that file; None where there is only the pack.
        note: why what lies beside the named file was not taken; empty where it was, or where nothing lies there.
    """

    name: str
    pack: Pack | None
    report: Report | None
    note: str = ""

    def __post_init__(self) -> None:
        if self.pack is None and self.report is None:
            raise ConfigError("a page must have a pack or a report; got neither")

    @property
    def task(self) -> str:
        """The task's name."""
        return self.report.task if self.report else str(self._pack.task["name"])

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """What the gates found, each with its place: those of the report, else those that the pack carries."""
        if self.report:
            return findings_of(self.report)
        return findings_of_gates(self._pack.manifest.gates, self._pack.manifest.recipe)

    @property
    def verdict(self) -> Verdict:
        """The report's verdict, else that of the gates that the pack carries."""
        return self.report.verdict if self.report else worst(finding for _, finding in self.findings)

    @property
    def _pack(self) -> Pack:
        if self.pack is None:
            raise ConfigError("a page must have a pack or a report; got neither")
        return self.pack


def read_subject(path: str | os.PathLike[str]) -> Subject:
    """Reads a packed `.tflite` or a report, and its other half: NAME.tflite and NAME.report.json in one folder.

    What lies beside counts only where the report has a row of the pack's very model, by sha256.

    Raises:
        ArtifactError, IntegrityError: there is no such file; it is neither a whole pack nor a report of this schema;
            or the report beside a pack is none.
    """
    path = pathlib.Path(path)
    if read_bytes(path, "packed .tflite or report")[:64].lstrip()[:1] == b"{":
        return _from_report(path)
    if not has_pack(path):
        raise ArtifactError(
            f"expected a packed .tflite or a report of `tfedge run`, `validate` or `bench` in {path}; it is neither; "
            "pack the model with `tfedge package`, or name its report"
        )
    pack = read_pack(path)
    beside = path.with_name(path.name.removesuffix(_MODEL) + _REPORT)
    if not beside.exists():
        note = f"Table and latency: there is no report at {beside.name} beside the file."
        return Subject(path.name, pack, None, note)
    report = report_file.read_report(beside)
    if not _is_of(report, pack):
        return Subject(path.name, pack, None, f"Table and latency: {beside.name} is of another model, by its sha256.")
    return Subject(path.name, pack, report)


def _from_report(path: pathlib.Path) -> Subject:
    if report_file.is_ladder(path):
        raise ArtifactError(
            f"expected a report of `tfedge run`, `validate` or `bench` in {path}; it is that of a ladder; "
            "name the .tflite, or draw the ladder with `tfedge report --format markdown`"
        )
    report = report_file.read_report(path)
    beside = path.with_name(path.name.removesuffix(_REPORT) + _MODEL)
    if not path.name.endswith(_REPORT) or not beside.exists():
        return Subject(
            path.name, None, report, "Answers, attention and size by layer: there is no file beside the report."
        )
    pack = read_pack(beside)
    if not _is_of(report, pack):
        note = f"Answers, attention and size by layer: {beside.name} is another model, by its sha256."
        return Subject(path.name, None, report, note)
    return Subject(path.name, pack, report)


def _is_of(report: Report, pack: Pack) -> bool:
    return any(row.model_sha256 == pack.manifest.model_sha256 for row in report.rows)
