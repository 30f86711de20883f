"""The stored reports of `tools/rescue_demo.py`, one a case, and the README's region that is drawn from them."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from tfedge.artifacts import read_bytes, write_bytes
from tfedge.config import from_keys
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.strict_json import dump_object, load_object
from tfedge.pipeline.rescue_report import RescueReport
from tfedge.pipeline.rescue_text import rescue_markdown
from tfedge.reports.conditions import Conditions
from tfedge.reports.schema import now_utc


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One case that was run.

    Attributes:
        created_utc: when, as 2026-11-21T13:00:00Z.
        cpu: of the machine.
        report: what the rescue found.
    """

    created_utc: str
    cpu: str
    report: RescueReport

    @classmethod
    def of(cls, report: RescueReport) -> Evidence:
        """Returns the report with now and here."""
        return cls(now_utc(), Conditions.here().cpu, report)


def read_evidence(path: pathlib.Path, cases: Sequence[str]) -> dict[str, Evidence]:
    """Returns what is stored, in the order of `cases`.

    Raises:
        ArtifactError: no such file, or not one of these.
    """
    data = read_bytes(path, "rescue evidence")
    try:
        stored = load_object(data, "rescue evidence")
        unknown = sorted(set(stored) - set(cases))
        if unknown:
            raise ConfigError(f"cases are {', '.join(cases)}; got {', '.join(unknown)}")
        return {case: _evidence(stored[case]) for case in cases if case in stored}
    except ConfigError as error:
        raise ArtifactError(f"expected rescue reports in {path}; {error}; run tools/rescue_demo.py again") from error


def store_evidence(path: pathlib.Path, case: str, evidence: Evidence, cases: Sequence[str]) -> None:
    """Puts the report of one case beside those of the others."""
    stored = read_evidence(path, cases) if path.exists() else {}
    stored[case] = evidence
    values = {name: {**vars(each), "report": each.report.to_json()} for name, each in stored.items()}
    write_bytes(path, dump_object(values, "rescue evidence"), force=True)


def region(stored: Mapping[str, Evidence], titles: Mapping[str, str]) -> str:
    """Returns what stands between the README's marks."""
    parts = []
    for case, evidence in stored.items():
        made = f"Measured {evidence.created_utc[:10]} by `tools/rescue_demo.py --case {case}` on {evidence.cpu}."
        parts += [f"{titles[case]}:", rescue_markdown(evidence.report), made]
    return "\n" + "\n\n".join(parts) + "\n"


def _evidence(values: object) -> Evidence:
    if not isinstance(values, Mapping):
        raise ConfigError(f"a case must be an object; got {type(values).__name__}")
    return from_keys(Evidence, {**values, "report": RescueReport.from_json(values.get("report"))}, "case")
