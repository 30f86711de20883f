"""Puts measurements together into one report."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Collection, Mapping, Sequence

from tfedge.artifacts import sha256_hex
from tfedge.errors import MeasurementError
from tfedge.reports.conditions import Conditions
from tfedge.reports.schema import Report, ReportRow
from tfedge.validation.evaluate import Evaluation
from tfedge.validation.latency import LatencyReport
from tfedge.validation.latency_comparison import compare_latency
from tfedge.validation.performance import FLOAT, Performance, label_of


def assemble(
    kind: str,
    evaluations: Sequence[Evaluation],
    performance: Mapping[str, Performance],
    model_path: str | os.PathLike[str] | None = None,
    gated_recipes: Collection[str] | None = None,
) -> Report:
    """Returns the report of what was measured, a row for each file on each runtime.

    Args:
        kind: the verb.
        evaluations: files of one task on runtimes, in the order they are to be read.
        performance: by `label_of`; what is missing was not measured.
        model_path: the file to ship, if there is one.
        gated_recipes: whose rows decide the verdict, the others being shown for comparison; all by default.
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
                is_gated=gated_recipes is None or each.pack.manifest.recipe in gated_recipes,
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
        notes=(*board_notes(evaluations), *speed_notes(evaluations, performance)),
    )


def board_notes(evaluations: Sequence[Evaluation]) -> list[str]:
    """Returns a line for each other machine that files ran on: the conditions of a report are this one's."""
    places = {each.target: each.environment.board for each in evaluations if each.environment}
    return [f"{target} ran on {board.name} and not on this machine." for target, board in places.items() if board]


def speed_notes(evaluations: Sequence[Evaluation], performance: Mapping[str, Performance]) -> list[str]:
    """Returns a line for each quantized file: its latency against float's, on the same runtime, by the same entry."""
    notes = []
    floats = {each.target: each for each in evaluations if each.pack.manifest.recipe == FLOAT}
    for each in evaluations:
        reference = floats.get(each.target)
        if reference is None or each is reference or {label_of(each), label_of(reference)} - set(performance):
            continue
        cost, quantized = performance[label_of(reference)], performance[label_of(each)].latency
        latency = cost.latency if cost.latency.entry == quantized.entry else cost.steps_latency
        if latency is not None:
            notes.append(f"{each.pack.manifest.recipe} on {each.target.name}: {_speed(latency, quantized)}")
    return notes


def _speed(reference: LatencyReport, target: LatencyReport) -> str:
    try:
        compared = compare_latency(reference, target)
    except MeasurementError as error:
        return f"speed against float32 not measured: {error}."
    low, high = 1 / compared.ratio_high, 1 / compared.ratio_low
    called = set(target.calls)
    entry = called.pop() if len(called) == 1 else target.entry
    figures = f"{1 / compared.ratio:.2f}x the speed of float32 by {entry} (95 % interval {low:.2f} to {high:.2f})"
    return f"{figures}; int8 buys size here, not speed." if high < 1 else f"{figures}."
