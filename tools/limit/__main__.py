"""How far above the machine's own limit a decode is.

    python -m tools.limit MODEL.tflite ... [--signature greedy] [--rounds 200] [--json] [--out out/limit.json]

Prints, for each file: the floor that the products of one decode have on one core of this machine (`floor.py` says what
is assumed), the decode as measured, on LiteRT, one thread, warm, and how many times the floor it takes. Other work on
the machine makes the decode slower, but hardly the limits, which are the best of many runs: measure while it is quiet.
Needs gcc and a CPU with AVX2.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.artifacts import read_bytes, sha256_hex, write_bytes
from tfedge.cli.terminal import TerminalReporter
from tfedge.errors import ArtifactError, ConfigError, TfedgeError
from tfedge.modelfile.graph import read_graph
from tfedge.progress import SILENT, Reporter
from tfedge.runtime import cpu
from tools.benchmark.measure import Contender
from tools.benchmark.measure import measure as measure_decodes
from tools.limit import floor, machine
from tools.update_readme import README, write_region

MARKS = ("<!-- limit: begin -->", "<!-- limit: end -->")
KEPT = pathlib.Path(__file__).with_name("measured.json")
SCHEMA_VERSION = 1
AIM = 2.0  # times the floor at most


def judge(
    path: pathlib.Path, signature: str, rounds: int, milliseconds: int, reporter: Reporter = SILENT
) -> dict[str, Any]:
    """Returns the row of one file.

    Raises:
        ArtifactError: no .tflite.
        ConfigError: no such signature, or one without `source_ids`.
        DeviceError, MeasurementError: this machine cannot be measured, or the decode failed.
    """
    data = read_bytes(path, "model")
    graph = read_graph(data)
    floor.products(graph, signature, 1)
    source = _source(graph.signatures[signature].inputs)
    contender = Contender(
        path.stem, signature, {"kind": "tflite", "path": str(path), "signature": signature}, len(data)
    )
    (timing,) = measure_decodes([contender], [source], rounds, reporter)
    longest = max(tensor.shape[-1] for tensor in graph.signatures[signature].outputs.values())
    steps = min(len(timing.answers[0]) + 1, longest)  # the stop token is no part of an answer
    found = floor.products(graph, signature, steps)
    limits = machine.measure(floor.weights_of_a_step(found), milliseconds)
    least = 1e3 * floor.seconds(found, limits)
    return {
        "name": path.stem,
        "sha256": sha256_hex(data),
        "signature": signature,
        "steps": steps,
        "mega_macs": sum(product.times * product.macs for product in found) / 1e6,
        "mega_bytes": sum(product.times * product.num_bytes for product in found) / 1e6,
        "machine": {**dataclasses.asdict(limits), "per_cycle": limits.per_cycle},
        "floor_ms": least,
        "median_ms": float(np.median(timing.samples_ms)),
        "best_ms": float(timing.samples_ms.min()),
        "ratio": float(np.median(timing.samples_ms)) / least,
    }


def _source(inputs: Mapping[str, Any]) -> list[int]:
    """Returns ids that fill the source, without the stop token; low ones, which every vocabulary has."""
    if "source_ids" not in inputs:
        raise ConfigError(f"expected a signature with source_ids; this one has {', '.join(inputs)}; name another one")
    return [3 + place % 8 for place in range(int(inputs["source_ids"].shape[-1]) - 1)]


def markdown(report: Mapping[str, Any]) -> str:
    """Returns the table of a report."""
    lines = [
        "| decode | steps | million MACs | MB read | floor ms | measured ms | times the floor |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in report["rows"]:
        cells = [f"{row['name']}, {row['signature']}", str(row["steps"]), f"{row['mega_macs']:.1f}"]
        cells += [
            f"{row['mega_bytes']:.1f}",
            f"{row['floor_ms']:.3f}",
            f"{row['median_ms']:.3f}",
            f"{row['ratio']:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def limits_line(row: Mapping[str, Any]) -> str:
    """Returns what the machine did, in words."""
    limits = row["machine"]
    each = limits["per_cycle"]
    return (
        f"One core at {limits['ghz']:.2f} GHz ({limits['kernels']}): reads {limits['read_bytes'] / 1e6:.2f} MB at "
        f"{limits['read_gb_s']:.0f} GB/s ({each['bytes']:.0f} bytes a cycle), {limits['int8_gmac_s']:.0f} billion int8 "
        f"({each['int8']:.0f} a cycle) and {limits['float_gmac_s']:.0f} billion float multiply-accumulates a second "
        f"({each['float']:.0f} a cycle)."
    )


def readme_region(report: Mapping[str, Any]) -> str:
    """Returns what stands between the README's marks."""
    said = f"Measured by `tools/limit` on {report['cpu']}, one thread; {limits_line(report['rows'][0])}"
    return f"\n{markdown(report)}\n\n{said}\n"


def update_readme(readme: pathlib.Path = README, kept: pathlib.Path = KEPT) -> None:
    """Draws the README's table from the kept report.

    Raises:
        ArtifactError: no report, or a README without the marks.
    """
    try:
        report = json.loads(read_bytes(kept, "report of limits"))
        region = readme_region(report)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ArtifactError(f"expected a report of limits in {kept}; {error}; measure it again with --out") from None
    write_region(readme, region, *MARKS)


def _run(args: argparse.Namespace) -> None:
    if args.readme:
        update_readme()
        return
    if not args.files or args.rounds < 1 or args.milliseconds < 1:
        raise ConfigError("expected a .tflite, and 1 or more --rounds and --milliseconds; see --help")
    for path in args.files:
        read_graph(read_bytes(path, "model"))
    reporter = TerminalReporter()
    rows = []
    for path in args.files:
        for signature in args.signature or ["greedy"]:
            reporter.stage(f"{path.name}, {signature}")
            rows.append(judge(path, signature, args.rounds, args.milliseconds, reporter))
    report = {"schema_version": SCHEMA_VERSION, "cpu": cpu.this_cpu(), "aim": AIM, "rows": rows}
    text = json.dumps(report, indent=1) + "\n"
    if args.out:
        write_bytes(args.out, text.encode(), force=args.force)
    aim = f"{args.rounds} rounds; the aim is {AIM:g} times the floor or less"
    lines = [markdown(report), "", *map(limits_line, rows), aim]
    print(text if args.json else "\n".join(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="limit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=pathlib.Path, metavar="MODEL.tflite")
    parser.add_argument("--signature", action="append", help="may be repeated (default: greedy)")
    parser.add_argument("--rounds", type=int, default=200, help="decodes to time (default: 200)")
    parser.add_argument("--milliseconds", type=int, default=machine.MILLISECONDS, help="for the limits (default: 2000)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--out", type=pathlib.Path, help="write the JSON there")
    parser.add_argument("--force", action="store_true", help="replace --out")
    parser.add_argument("--readme", action="store_true", help="draw the README's table from the kept report")
    args = parser.parse_args(arguments)
    try:
        _run(args)
    except TfedgeError as error:
        print(f"limit: error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
