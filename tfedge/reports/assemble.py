"""Puts measurements together into one report."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence

from tfedge.artifacts import sha256_hex
from tfedge.errors import MeasurementError
from tfedge.reports.conditions import Conditions
from tfedge.reports.schema import Report, ReportRow
from tfedge.validation.evaluate import Evaluation
from tfedge.validation.latency_comparison import compare_latency
from tfedge.validation.performance import Performance, label_of

FLOAT = "float32"


def assemble(
    kind: str,
    evaluations: Sequence[Evaluation],
    performance: Mapping[str, Performance],
    model_path: str | os.PathLike[str] | None = None,
) -> Report:
    """Returns the report of what was measured, a row for each file on each runtime.

    Args:
        kind: the verb.
        evaluations: files of one task on runtimes, in the order they are to be read.
        performance: by `label_of`; what is missing was not measured.
        model_path: the file to ship, if there is one.
    """
    rows = []
    for each in evaluations:
        cost = performance.get(label_of(each))
        rows.append(
            ReportRow(
                recipe=each.pack.manifest.recipe,
                target=str(each.target),
                entry=each.entry,
                model_sha256=each.pack.manifest.model_sha256,
                size_bytes=each.pack.manifest.model_size_bytes,
                accuracy=each.accuracy,
                latency=cost.latency if cost else None,
                memory=cost.memory if cost else None,
                findings=each.findings,
            )
        )
    first = evaluations[0].pack
    return Report(
        kind=kind,
        task=str(first.task["name"]),
        conditions=Conditions.here(),
        rows=tuple(rows),
        model_path=str(model_path) if model_path else None,
        model_sha256=sha256_hex(pathlib.Path(model_path).read_bytes()) if model_path else None,
        provenance=dict(first.manifest.provenance),
        notes=tuple(speed_notes(evaluations, performance)),
    )


def speed_notes(evaluations: Sequence[Evaluation], performance: Mapping[str, Performance]) -> list[str]:
    """Returns a line for each quantized file: how its latency compares with float's on the same runtime.

    The entries may differ (a static file has no loop in the graph), so a ratio is between what one would ship.
    """
    notes = []
    floats = {each.target: each for each in evaluations if each.pack.manifest.recipe == FLOAT}
    for each in evaluations:
        reference = floats.get(each.target)
        if reference is None or each is reference or {label_of(each), label_of(reference)} - set(performance):
            continue
        name = f"{each.pack.manifest.recipe} on {each.target.name}"
        slow, fast = performance[label_of(reference)].latency, performance[label_of(each)].latency
        try:
            compared = compare_latency(slow, fast)
        except MeasurementError:
            ratio = fast.typical_ms / slow.typical_ms
            notes.append(f"{name}: {_times(ratio)} than float32 ({each.entry} against {reference.entry}).")
            continue
        interval = f"95 % interval {1 / compared.ratio_high:.2f} to {1 / compared.ratio_low:.2f}"
        notes.append(f"{name}: {_times(compared.ratio)} than float32 (speed-up {interval}).")
    return notes


def _times(ratio: float) -> str:
    return f"{1 / ratio:.2f}x faster" if ratio <= 1 else f"{ratio:.2f}x SLOWER, so that int8 buys size here, not speed,"
