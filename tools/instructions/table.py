"""The table of instructions a decode: every recipe, both runtimes, two cores; resumable, since float takes minutes."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.artifacts import read_bytes, sha256_hex, write_bytes
from tfedge.errors import ArtifactError, MeasurementError
from tfedge.progress import SILENT, Reporter
from tfedge.runtime import environments
from tfedge.runtime.targets import RuntimeTarget
from tools.instructions.counting import Job, count
from tools.instructions.emulator import Emulator

RELEASES = ("ai-edge-litert==2.3.0", "tflite-runtime==2.14.0")
CORES = ("cortex-a76", "cortex-a72")
SIGNATURES = ("greedy", "beam")
REFERENCE = "float32"
SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Case:
    """One number of the table.

    Attributes:
        shape: which network.
        recipe: how it was quantized.
        signature: greedy or beam.
        release, core: where it is decoded.
        job: what is decoded.
        sha256: of the file.
    """

    shape: str
    recipe: str
    signature: str
    release: str
    core: str
    job: Job
    sha256: str

    @property
    def key(self) -> str:
        """What it is, in one line."""
        return " | ".join((self.shape, self.recipe, self.signature, self.release, self.core))


def cases(
    shape: str,
    files: Mapping[str, pathlib.Path],
    sources: Sequence[Sequence[int]],
    releases: Sequence[str] = RELEASES,
    cores: Sequence[str] = CORES,
    signatures: Sequence[str] = SIGNATURES,
) -> list[Case]:
    """Returns everything to count of one network, by recipe's file."""
    hashes = {recipe: sha256_hex(read_bytes(path, "model")) for recipe, path in files.items()}
    ids = tuple(tuple(source) for source in sources)
    return [
        Case(shape, recipe, signature, release, core, Job(path, signature, ids), hashes[recipe])
        for core in cores
        for release in releases
        for signature in signatures
        for recipe, path in files.items()
    ]


def measure(
    path: pathlib.Path, todo: Sequence[Case], emulator: Emulator, reporter: Reporter = SILENT
) -> dict[str, Any]:
    """Counts what `path` does not hold yet, writing it after each case; returns the whole report.

    A file that a runtime refuses, or dies of, is a row too: with the reason in place of a number.
    """
    report: dict[str, Any] = (
        read(path) if path.exists() else {"schema_version": SCHEMA_VERSION, "versions": {}, "rows": {}}
    )
    report["versions"]["qemu-user"] = emulator.versions["qemu-user:amd64"]
    with reporter.bar("decodes counted", len(todo)) as bar:
        for case in todo:
            held = report["rows"].get(case.key)
            if held is None or held["sha256"] != case.sha256:
                report["rows"][case.key] = _row(case, emulator)
                write_bytes(path, (json.dumps(report, indent=1) + "\n").encode(), force=True)
            bar.advance(note=case.key)
    return report


def _row(case: Case, emulator: Emulator) -> dict[str, Any]:
    facts = {key: getattr(case, key) for key in ("shape", "recipe", "signature", "release", "core", "sha256")}
    environment = environments.find_environment(RuntimeTarget.parse(f"{case.release}@aarch64:{case.core}"))
    try:
        (found,) = count(emulator, environment, [case.job])
    except MeasurementError as error:
        return {**facts, "instructions": None, "refused": str(error)}
    steps = (
        [len([token for token in answer if token]) for answer in found.answers] if case.signature == "greedy" else None
    )
    return {
        **facts,
        "instructions": np.median(found.instructions, axis=0).tolist(),
        "spread": found.spread,
        "steps": steps,
    }


def read(path: pathlib.Path) -> dict[str, Any]:
    """Reads a report.

    Raises:
        ArtifactError: missing, or none of this schema version.
    """
    try:
        report: dict[str, Any] = json.loads(read_bytes(path, "report of instructions"))
        if report["schema_version"] != SCHEMA_VERSION or not isinstance(report["rows"], dict):
            raise ValueError(f"schema version {report['schema_version']!r}")
        return report
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError(f"expected a report of instructions in {path}; {error}; name another file") from None


def mean(row: Mapping[str, Any]) -> float | None:
    """Returns millions of instructions a decode, over sources; None where the file was refused."""
    values = row["instructions"]
    return None if values is None else sum(values) / len(values) / 1e6


def markdown(report: Mapping[str, Any]) -> str:
    """Returns a table of each shape and search: a row a recipe, a column a runtime and core, float's ratio beside."""
    rows = list(report["rows"].values())
    places = list(dict.fromkeys((row["release"], row["core"]) for row in rows))
    parts = []
    for shape, signature in dict.fromkeys((row["shape"], row["signature"]) for row in rows):
        heads = [f"{release.replace('==', ' ')}, {core}" for release, core in places]
        lines = [f"| {shape}, {signature} | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(places)]
        here = {
            (row["recipe"], row["release"], row["core"]): row
            for row in rows
            if (row["shape"], row["signature"]) == (shape, signature)
        }
        for recipe in dict.fromkeys(key[0] for key in here):
            cells = [_cell(here.get((recipe, *place)), here.get((REFERENCE, *place))) for place in places]
            lines.append(f"| {recipe} | " + " | ".join(cells) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _cell(row: Mapping[str, Any] | None, reference: Mapping[str, Any] | None) -> str:
    if row is None:
        return "-"
    number, base = mean(row), None if reference is None else mean(reference)
    if number is None:
        return "does not run"
    return f"{number:.2f}" + (f" ({number / base:.2f}x)" if base and row is not reference else "")
