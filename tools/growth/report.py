"""What growth looks like: rows as they are measured, a table, a log-log picture."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.artifacts import atomic_path, read_bytes
from tfedge.errors import ArtifactError

SCHEMA_VERSION = 1
KINDS = {"ours": "one call, loop in the graph", "naive": "whole model again for every token"}
SIDES = ("target", "source")


def empty(settings: Mapping[str, Any], base_bytes: int) -> dict[str, Any]:
    """Returns a report without rows; `base_bytes` is what the process of a tiny network takes."""
    return {"schema_version": SCHEMA_VERSION, "settings": dict(settings), "base_bytes": base_bytes, "rows": {}}


def read(path: pathlib.Path, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Reads a report, of the same settings where some are given.

    Raises:
        ArtifactError: missing, none of this schema version, or of other settings.
    """
    try:
        report: dict[str, Any] = json.loads(read_bytes(path, "report of growth"))
        if report["schema_version"] != SCHEMA_VERSION or not isinstance(report["rows"], dict):
            raise ValueError(f"schema version {report['schema_version']!r}")
        held, _ = report["settings"], report["base_bytes"] + 1
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError(f"expected a report of growth in {path}; {error}; name another file") from None
    if settings is not None and held != dict(settings):
        raise ArtifactError(
            f"expected a report of {dict(settings)} to go on with; {path} is of {held}; name another file"
        )
    return report


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Returns the exponent of growth over the upper half of the sizes: 1 is linear, 2 quadratic; nan of one size."""
    half = len(sizes) // 2 if len(sizes) > 3 else 0
    if len(sizes) - half < 2:
        return float("nan")
    return float(np.polyfit(np.log(sizes[half:]), np.log(values[half:]), 1)[0])


def series(report: Mapping[str, Any], side: str, kind: str) -> list[dict[str, Any]]:
    """Returns the rows of one line of the picture, by size."""
    rows = [row for row in report["rows"].values() if (row["side"], row["kind"]) == (side, kind)]
    return sorted(rows, key=lambda row: row["size"])


def over_base(report: Mapping[str, Any], row: Mapping[str, Any]) -> int:
    """Returns the bytes that a row's process took beyond that of a tiny network."""
    return max(int(row["peak_bytes"]) - int(report["base_bytes"]), 1)


def markdown(report: Mapping[str, Any]) -> str:
    """Returns a table a side: latency, latency a token, and memory of both ways, and how each grows."""
    parts = []
    for side in SIDES:
        if not series(report, side, "ours"):
            continue
        lines = [
            f"| {side} tokens | ours ms | ours ms a target token | naive ms | naive / ours "
            "| ours MB over the interpreter | as files | naive MB |",
            "| ---: |" + " ---: |" * 7,
        ]
        naive = {row["size"]: row for row in series(report, side, "naive")}
        for row in series(report, side, "ours"):
            lines.append("| " + " | ".join(_cells(report, row, naive.get(row["size"]))) + " |")
        parts.append("\n".join([*lines, "", _growth(report, side)]))
    return "\n\n".join(parts)


def _cells(report: Mapping[str, Any], ours: Mapping[str, Any], naive: Mapping[str, Any] | None) -> list[str]:
    took, memory = float(np.median(ours["ms"])), over_base(report, ours)
    cells = [str(ours["size"]), _ms(took), f"{took / ours['steps']:.3f}"]
    other = None if naive is None else float(np.median(naive["ms"]))
    cells += ["-", "-"] if other is None else [_ms(other), f"{other / took:.1f}"]
    cells += [f"{memory / 1e6:.1f}", f"{memory / ours['file_bytes']:.1f}"]
    return [*cells, "-" if naive is None else f"{over_base(report, naive) / 1e6:.1f}"]


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _growth(report: Mapping[str, Any], side: str) -> str:
    said = []
    for kind in KINDS:
        rows = series(report, side, kind)
        if len(rows) > 1:
            power = slope([row["size"] for row in rows], [float(np.median(row["ms"])) for row in rows])
            said.append(f"{kind} as the number of {side} tokens to the power {power:.2f}")
    return "Latency grows, over the longer half: " + "; ".join(said) + "." if said else ""


def draw(report: Mapping[str, Any], path: pathlib.Path) -> None:
    """Writes a log-log picture as PNG: latency above, memory below; by target tokens left, by source tokens right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(9, 7), sharex="col")
    for column, side in enumerate(SIDES):
        fixed = report["settings"]["fixed"]
        other = "source" if side == "target" else "target"
        axes[0, column].set_title(f"{side} tokens, {fixed} {other} tokens", loc="left", fontsize=10)
        for kind, color, mark in (("naive", "#b0603a", "s"), ("ours", "#2a7ab9", "o")):
            rows = series(report, side, kind)
            if not rows:
                continue
            sizes = [row["size"] for row in rows]
            times = [float(np.median(row["ms"])) for row in rows]
            memory = [over_base(report, row) / 1e6 for row in rows]
            axes[0, column].plot(sizes, times, mark + "-", color=color, label=f"{kind}: {KINDS[kind]}")
            axes[1, column].plot(sizes, memory, mark + "-", color=color)
        for axis in axes[:, column]:
            log_axes(axis, sorted({row["size"] for row in report["rows"].values() if row["side"] == side}))
        axes[1, column].set_xlabel(f"{side} tokens")
    axes[0, 0].set_ylabel("ms a decode")
    axes[1, 0].set_ylabel("MB over a tiny network's")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.legend(handles, labels, loc="lower center", ncols=2, frameon=False)
    with atomic_path(path, force=True) as temporary:
        figure.savefig(temporary, dpi=110)
    pyplot.close(figure)


def log_axes(axis: Any, sizes: Sequence[int]) -> None:
    """Makes both axes logarithmic, with a tick a size, and no line steeper than it is."""
    from matplotlib import ticker

    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.minorticks_off()
    low, high = axis.get_ylim()
    if high / low < 20:  # A line that hardly rises must not look steep.
        middle = (low * high) ** 0.5
        axis.set_ylim(middle / 20**0.5, middle * 20**0.5)
    axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if high / low < 200 else (1,)))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.grid(True, color="#dddddd", linewidth=0.6)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
