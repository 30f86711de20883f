"""What attention costs: cells as they are measured, where a kind crosses dense attention, tables, a log-log picture."""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfedge.artifacts import atomic_path, read_bytes
from tfedge.errors import ArtifactError
from tfedge.validation.latency import TOLERANCE
from tools.growth.report import log_axes, slope

SCHEMA_VERSION = 1
DENSE = "scaled_dot_product"
RECIPES = ("float32", "dynamic_wi8_afp32", "static_wi8_ai8")
_STYLES = ("o-", "s-", "^-", "D-", "v-", "P-", "X-", "<-", ">-", "*-", "h-", "p-")


def empty(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a report without cells."""
    return {"schema_version": SCHEMA_VERSION, "settings": dict(settings), "versions": {}, "cells": {}}


def read(path: pathlib.Path, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Reads a report, of the same settings where some are given.

    Raises:
        ArtifactError: missing, none of this schema version, or of other settings.
    """
    try:
        report: dict[str, Any] = json.loads(read_bytes(path, "report of attention's cost"))
        if report["schema_version"] != SCHEMA_VERSION or not isinstance(report["cells"], dict):
            raise ValueError(f"schema version {report['schema_version']!r}")
        held, _ = report["settings"], report["versions"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError(f"expected a report of attention's cost in {path}; {error}; name another file") from None
    if settings is not None and held != dict(settings):
        raise ArtifactError(f"expected a report of {dict(settings)} to go on with; {path} is of {held}; name another")
    return report


def key(kind: str, recipe: str, length: int) -> str:
    """Returns the name of a cell."""
    return f"{kind} {recipe} {length}"


def median_ms(cell: Mapping[str, Any]) -> float:
    """Returns the median of a measured cell's samples."""
    return float(np.median(cell["ms"]))


def series(report: Mapping[str, Any], kind: str, recipe: str) -> dict[int, dict[str, Any]]:
    """Returns length -> cell of what was timed, the shortest first."""
    found = [cell for cell in report["cells"].values() if (cell["kind"], cell["recipe"]) == (kind, recipe)]
    return {cell["length"]: cell for cell in sorted(found, key=lambda cell: cell["length"]) if "ms" in cell}


def kinds(report: Mapping[str, Any]) -> list[str]:
    """Returns the kinds that were measured, dense attention first."""
    found = dict.fromkeys(cell["kind"] for cell in report["cells"].values())
    return sorted(found, key=lambda kind: kind != DENSE)


def crossing(report: Mapping[str, Any], kind: str, recipe: str) -> str:
    """Returns from which length on a kind is faster than dense attention, in words.

    Between two measured lengths the ratio of latencies is taken as a power of the length. A kind crosses where the
    ratio is below 1 at every length from the crossing on, and at the longest that both have by more than 5 %, which is
    how far apart two runs of one thing may be.
    """
    mine, dense = series(report, kind, recipe), series(report, DENSE, recipe)
    lengths = [length for length in mine if length in dense]
    if kind == DENSE or not lengths:
        return "-"
    ratios = [math.log(median_ms(mine[length]) / median_ms(dense[length])) for length in lengths]
    if ratios[-1] >= math.log(1 - TOLERANCE):
        return f"not up to {lengths[-1]:,}"
    last_slower = max((place for place, ratio in enumerate(ratios) if ratio >= 0), default=-1)
    if last_slower < 0:
        return f"faster from {lengths[0]} on"
    low, high = last_slower, last_slower + 1
    share = ratios[low] / (ratios[low] - ratios[high])
    return f"{lengths[low] * (lengths[high] / lengths[low]) ** share:,.0f}"


def markdown(report: Mapping[str, Any]) -> str:
    """Returns a table a recipe: latency by length, how it grows, where it crosses dense attention, and other costs."""
    lengths, counted = report["settings"]["lengths"], report["settings"]["counted"]
    parts = []
    for recipe in RECIPES:
        if not any(cell["recipe"] == recipe for cell in report["cells"].values()):
            continue
        head = [f"{recipe}: ms at {lengths[0]}", *(f"{length:,}" for length in lengths[1:])]
        head += ["grows as", f"faster than {DENSE} from", *(f"M instr. at {length:,}" for length in counted)]
        lines = [f"| kind | {' | '.join([*head, 'MB at the longest'])} |", "| --- |" + " ---: |" * (len(head) + 1)]
        lines += [f"| {kind} | {' | '.join(_row(report, kind, recipe))} |" for kind in kinds(report)]
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, *_skipped(report)])


def _row(report: Mapping[str, Any], kind: str, recipe: str) -> list[str]:
    settings, held = report["settings"], report["cells"]
    cells = [held.get(key(kind, recipe, length), {}) for length in settings["lengths"]]
    timed = series(report, kind, recipe)
    row = [_milliseconds(median_ms(cell)) if "ms" in cell else _missing(cell) for cell in cells]
    power = slope(list(timed), [median_ms(cell) for cell in timed.values()]) if timed else float("nan")
    row += ["-" if math.isnan(power) else f"length^{power:.2f}", crossing(report, kind, recipe)]
    for length in settings["counted"]:
        count = held.get(key(kind, recipe, length), {}).get("instructions")
        row.append("-" if count is None else f"{count / 1e6:.3g}")
    longest = list(timed.values())[-1:]
    return [*row, *(f"{cell['peak_bytes'] / 1e6:.0f} ({cell['length']:,})" for cell in longest)] if longest else row


def _missing(cell: Mapping[str, Any]) -> str:
    return "failed" if "failed" in cell else "skipped" if "skipped" in cell else "-"


def _milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _skipped(report: Mapping[str, Any]) -> list[str]:
    lines: dict[str, list[str]] = {}
    for cell in report["cells"].values():
        for why in ("skipped", "failed"):
            if why in cell:
                place = f"{cell['kind']} by {cell['recipe']} at {cell['length']:,}"
                lines.setdefault(f"{why.capitalize()}: {cell[why]}", []).append(place)
    said = [f"{why} ({', '.join(places)})." for why, places in lines.items()]
    return ["\n".join(f"- {line}" for line in said)] if said else []


def draw(report: Mapping[str, Any], path: pathlib.Path) -> None:
    """Writes a log-log picture as PNG: latency above, memory below; a column a recipe, a line a kind."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    recipes = [recipe for recipe in RECIPES if any(cell["recipe"] == recipe for cell in report["cells"].values())]
    figure, axes = pyplot.subplots(
        2, len(recipes), figsize=(4.6 * len(recipes), 8), sharex=True, sharey="row", squeeze=False
    )
    colors = pyplot.get_cmap("tab10").colors
    for column, recipe in enumerate(recipes):
        axes[0, column].set_title(recipe, loc="left", fontsize=10)
        for place, kind in enumerate(kinds(report)):
            rows = series(report, kind, recipe)
            look = {"color": "black" if kind == DENSE else colors[place % 10], "markersize": 4}
            look["linewidth"] = 2.2 if kind == DENSE else 1.2
            times = [median_ms(cell) for cell in rows.values()]
            memory = [max(cell["peak_bytes"], 1) / 1e6 for cell in rows.values()]
            axes[0, column].plot(list(rows), times, _STYLES[place % len(_STYLES)], label=kind, **look)
            axes[1, column].plot(list(rows), memory, _STYLES[place % len(_STYLES)], **look)
        axes[1, column].set_xlabel("positions")
    for axis in axes.flat:
        log_axes(axis, report["settings"]["lengths"])
    axes[0, 0].set_ylabel("ms a call")
    axes[1, 0].set_ylabel("MB over an empty interpreter, at the peak")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    figure.legend(handles, labels, loc="lower center", ncols=min(5, len(labels)), frameon=False)
    with atomic_path(path, force=True) as temporary:
        figure.savefig(temporary, dpi=100)
    pyplot.close(figure)


def facts(settings: Mapping[str, Any]) -> str:
    """Returns the conditions in a sentence."""
    return (
        f"Measured by `tools/attention_cost`: one layer of self-attention, {settings['hidden_dim']} wide, "
        f"{settings['num_heads']} heads, each kind with its default options, LiteRT, one thread, batch 1, median of "
        f"{settings['rounds']} interleaved rounds on {settings['cpu']}. Instructions: an emulated "
        f"{settings['target']}. Memory: the process's peak over an interpreter without a model."
    )
