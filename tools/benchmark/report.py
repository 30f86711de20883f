"""What a benchmark found: raw samples with conditions as JSON, a Markdown table, a picture."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.runtime.targets import installed_versions
from tools.benchmark.measure import Timing, speed_ratio

PACKAGES = (
    "ai-edge-litert",
    "tflite-runtime",
    "ctranslate2",
    "onnx",
    "onnxruntime",
    "phonetisaurus",
    "tensorflow-cpu",
    "tensorflow",
    "litert-quantizer",
    "numpy",
)
PEER = "CTranslate2 int8"  # What every speed is compared with.


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Returns the versions that matter, of what is installed."""
    return installed_versions(packages)


def row(timing: Timing, all_timings: Sequence[Timing], reference: Timing, wer: float | None) -> dict[str, Any]:
    """Returns one contender's figures: times, ratio to `PEER` of its search, identity, memory, raw samples."""
    same = [left == right for left, right in zip(timing.answers, reference.answers, strict=True)]
    same_search = [each for each in all_timings if each.contender.search == timing.contender.search]
    peer = next((each for each in same_search if each.contender.name == PEER), None)
    return {
        "name": timing.contender.name,
        "search": timing.contender.search,
        "is_peer": timing.contender.is_peer,
        "typical_ms": timing.typical_ms,
        "p50_ms": float(np.median(timing.samples_ms)),
        "p90_ms": float(np.percentile(timing.samples_ms, 90)),
        "speed_over_peer": None if peer is None else list(speed_ratio(timing, peer)),
        "identical_share": sum(same) / len(same) if timing.contender.has_our_weights else None,
        "wer_percent": wer,
        "size_bytes": timing.contender.size_bytes,
        "peak_bytes": timing.peak_bytes,
        "samples_ms": [[round(float(value), 5) for value in each] for each in timing.samples_ms],
    }


def markdown_table(report: Mapping[str, Any]) -> str:
    """Returns the tables of all shapes."""
    parts = []
    for shape in report["shapes"]:
        lines = [
            f"**{shape['name']}**, {shape['num_sources']} sources, {shape['rounds']} rounds",
            "",
            f"| decode | by | ms | a second | x {PEER} | identical % | WER % | MB | process MB |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for each in shape["rows"]:
            ratio = each["speed_over_peer"]
            said = f"{ratio[0]:.2f} ({ratio[1]:.2f}-{ratio[2]:.2f})" if ratio else "-"
            wer = "-" if each["wer_percent"] is None else f"{each['wer_percent']:.2f}"
            cells = [
                each["search"],
                each["name"],
                f"{each['typical_ms']:.3g}",
                f"{1000 / each['typical_ms']:.0f}",
                said,
                "-" if each["identical_share"] is None else f"{100 * each['identical_share']:.1f}",
            ]
            cells += [wer, f"{each['size_bytes'] / 1e6:.2f}", f"{each['peak_bytes'] / 1e6:.0f}"]
            lines.append("| " + " | ".join(cells) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def draw(report: Mapping[str, Any], path: pathlib.Path) -> None:
    """Writes a bar chart of the typical milliseconds as PNG, one panel a shape and search."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = [
        (shape["name"], search, [each for each in shape["rows"] if each["search"] == search])
        for shape in report["shapes"]
        for search in dict.fromkeys(each["search"] for each in shape["rows"])
    ]
    heights = [len(rows) for *_, rows in panels]
    figure, axes = pyplot.subplots(
        len(panels), 1, figsize=(8, 0.34 * sum(heights) + 0.9 * len(panels)), height_ratios=heights, squeeze=False
    )
    for axis, (shape, search, rows) in zip(axes[:, 0], panels, strict=True):
        names = [each["name"] for each in rows]
        times = [each["typical_ms"] for each in rows]
        colors = ["#999999" if each["is_peer"] else "#2a7ab9" for each in rows]
        axis.barh(names, times, color=colors)
        axis.invert_yaxis()
        axis.set_xscale("log")
        axis.set_title(f"{search}: {shape}", loc="left", fontsize=10)
        axis.set_xlabel("ms a decode (log)", fontsize=8)
        axis.tick_params(labelsize=8)
        for place, value in enumerate(times):
            axis.annotate(f" {value:.3g}", (value, place), va="center", fontsize=8)
        axis.margins(x=0.15)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
