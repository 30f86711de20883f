"""Two runs of the benchmark beside each other, if they were made under the same conditions."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from typing import Any

from tfedge.artifacts import read_bytes
from tfedge.errors import ArtifactError, MeasurementError

SCHEMA_VERSION = 1


def read(path: pathlib.Path) -> dict[str, Any]:
    """Reads a report.

    Raises:
        ArtifactError: missing, or none of this schema version.
    """
    try:
        report: dict[str, Any] = json.loads(read_bytes(path, "benchmark report"))
        if report["schema_version"] != SCHEMA_VERSION or not all("rows" in shape for shape in report["shapes"]):
            raise ValueError(f"schema version {report['schema_version']!r}")
        _conditions(report)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError(f"expected a benchmark report in {path}; {error}; name another file") from None
    return report


def _conditions(report: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(report["conditions"])
    versions = {f"version of {name}": version for name, version in said.pop("versions").items()}
    counts = {f"sources of {shape['name']}": shape["num_sources"] for shape in report["shapes"]}
    return {**said, **versions, **counts}


def refuse_unlike(report: Mapping[str, Any], earlier: Mapping[str, Any]) -> None:
    """Compares conditions.

    Raises:
        MeasurementError: CPU, threads, versions or sources differ; every one that does is named.
    """
    one, other = _conditions(report), _conditions(earlier)
    unlike = [
        f"{key}: {one.get(key, 'none')} and {other.get(key, 'none')}"
        for key in dict.fromkeys((*one, *other))
        if one.get(key) != other.get(key)
    ]
    if unlike:
        raise MeasurementError(
            f"expected two runs under the same conditions; got {'; '.join(unlike)}; measure both on one machine"
        )


def markdown(report: Mapping[str, Any], earlier: Mapping[str, Any]) -> str:
    """Returns what became of each row, after `refuse_unlike`.

    Raises:
        MeasurementError: as `refuse_unlike`.
    """
    refuse_unlike(report, earlier)
    before = {(shape["name"], row["search"], row["name"]): row for shape in earlier["shapes"] for row in shape["rows"]}
    lines = ["| shape | decode | by | ms | ms before | times as fast |", "| --- | --- | --- | ---: | ---: | ---: |"]
    for shape in report["shapes"]:
        for row in shape["rows"]:
            old = before.get((shape["name"], row["search"], row["name"]))
            took = row["typical_ms"]
            cells = ["-", "-"] if old is None else [f"{old['typical_ms']:.3g}", f"{old['typical_ms'] / took:.2f}"]
            lines.append("| " + " | ".join([shape["name"], row["search"], row["name"], f"{took:.3g}", *cells]) + " |")
    return "\n".join(lines)
