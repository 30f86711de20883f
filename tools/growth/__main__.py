"""How a decode's time and memory grow with the tokens it writes and reads, ours and naive.

    python -m tools.growth [--out out/growth] [--sizes 16 32 64 128 256 512] [--recipe dynamic_wi8_afp32] [--readme]

A network of random weights, 256 wide with 3 + 3 layers, that never writes the stop token, is converted for each length:
target tokens grow while the source has 32, and source tokens while the target has 32. `ours` is one call with the loop
in the graph; `naive` runs the whole model again for every token, as a plainly exported Keras model makes one do. Each
is timed in a process of its own, LiteRT, one thread, warm; memory is the process's peak above one that has decoded with
a network of a few kilobytes. Every number is written at once, and a run that was stopped goes on where it was.
`--readme` draws the README's table from the kept report.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from tfedge.artifacts import write_bytes
from tfedge.cli import wing_a
from tfedge.cli.terminal import TerminalReporter
from tfedge.errors import ConfigError, TfedgeError
from tfedge.progress import Reporter
from tfedge.runtime import cpu
from tfedge.tasks.spec import MAX_LENGTH
from tools.benchmark.measure import Contender, measure
from tools.growth import report as reports
from tools.update_readme import README, write_region

KEPT = pathlib.Path(__file__).with_name("measured.json")
MARKS = ("<!-- growth: begin -->", "<!-- growth: end -->")


def todo(sizes: Sequence[int]) -> list[tuple[str, str, int]]:
    """Returns (side, kind, size) of every row, the quick ones first."""
    return [(side, kind, size) for size in sorted(sizes) for side in reports.SIDES for kind in reports.KINDS]


def run(out: pathlib.Path, args: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """Measures what the report in `out` does not hold yet; returns the whole report.

    Raises:
        ArtifactError: `out` holds a report of other settings.
        ConversionError, MeasurementError: a length could not be converted or timed.
    """
    settings = {key: getattr(args, key) for key in ("hidden_dim", "layers", "fixed", "recipe", "rounds")}
    settings["cpu"] = cpu.this_cpu()
    path = out / "growth.json"
    report = reports.read(path, settings) if path.exists() else reports.empty(settings, _interpreter_bytes())
    left = [row for row in todo(args.sizes) if " ".join(map(str, row)) not in report["rows"]]
    reporter.stage(f"{len(left)} of {len(todo(args.sizes))} decodes to measure")
    with reporter.bar("decodes", len(left)) as bar:
        for side, kind, size in left:
            report["rows"][f"{side} {kind} {size}"] = _row(side, kind, size, args)
            write_bytes(path, (json.dumps(report, indent=1) + "\n").encode(), force=True)
            bar.advance(note=f"{kind}, {size} {side} tokens")
    return report


def _interpreter_bytes() -> int:
    """Returns the memory of a contender's process that has decoded with a network of a few kilobytes: the library's own
    pages, which loading and running any file brings in, are no part of what a file costs."""
    return int(_timed("ours", 2, 2, 8, 1, "dynamic_wi8_afp32", 1)["peak_bytes"])


def _row(side: str, kind: str, size: int, args: argparse.Namespace) -> dict[str, Any]:
    source_length, target_length = (args.fixed, size) if side == "target" else (size, args.fixed)
    timed = _timed(kind, source_length, target_length, args.hidden_dim, args.layers, args.recipe, args.rounds)
    return {"side": side, "kind": kind, "size": size, "steps": target_length, **timed}


def _timed(
    kind: str, source_length: int, target_length: int, hidden_dim: int, layers: int, recipe: str, rounds: int
) -> dict[str, Any]:
    from tools.growth import networks

    model = networks.make(source_length, target_length, hidden_dim, layers)
    with tempfile.TemporaryDirectory(prefix="tfedge-growth-") as folder:
        path = pathlib.Path(folder) / f"{kind}.tflite"
        networks.write(model, kind, recipe, path)
        config = {"kind": "naive"} if kind == "naive" else {"kind": "tflite", "signature": "greedy"}
        size_bytes = path.stat().st_size
        contender = Contender(kind, "greedy", {**config, "path": str(path)}, size_bytes)
        source = [3 + place % 26 for place in range(source_length - 1)]
        (timing,) = measure([contender], [source], rounds)
    return {
        "ms": [float(value) for value in timing.samples_ms[:, 0]],
        "peak_bytes": timing.peak_bytes,
        "file_bytes": size_bytes,
    }


def readme_region(report: dict[str, Any]) -> str:
    """Returns what stands between the README's marks."""
    settings = report["settings"]
    said = (
        f"Measured by `tools/growth`: {settings['hidden_dim']} wide, {settings['layers']} layers a side, "
        f"{settings['recipe']}, one signature, the other side {settings['fixed']} tokens, LiteRT, one thread, "
        f"{settings['cpu']}. Memory: above a process that has decoded with a network of a few kilobytes."
    )
    return f"\n{reports.markdown(report)}\n\n{said}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/growth"), help="folder; goes on in it")
    parser.add_argument("--sizes", type=int, nargs="+", default=[16, 32, 64, 128, 256, 512], help="tokens")
    parser.add_argument("--fixed", type=int, default=32, help="tokens of the other side (default: 32)")
    parser.add_argument("--hidden-dim", type=int, default=256)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--recipe", choices=("float32", "dynamic_wi8_afp32"), default="dynamic_wi8_afp32")
    parser.add_argument("--rounds", type=int, default=5, help="decodes to time at each length (default: 5)")
    parser.add_argument("--readme", action="store_true", help="draw the README's table from the kept report")
    return parser


def _check(args: argparse.Namespace) -> None:
    lengths = [*args.sizes, args.fixed]
    if not all(2 <= length <= MAX_LENGTH for length in lengths):
        raise ConfigError(f"expected --sizes and --fixed of 2 to {MAX_LENGTH} tokens; got {lengths}")
    if args.hidden_dim < 8 or args.hidden_dim % 8 or args.layers < 1 or args.rounds < 1:
        raise ConfigError(
            "expected --hidden-dim as a multiple of 8, --layers and --rounds of 1 or more; "
            f"got {args.hidden_dim}, {args.layers} and {args.rounds}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the table and draws the picture; returns the exit code."""
    args = _parser().parse_args(arguments)
    try:
        if args.readme:
            write_region(README, readme_region(reports.read(KEPT)), *MARKS)
            return 0
        _check(args)
        wing_a.import_tensorflow()
        report = run(args.out, args, TerminalReporter())
        reports.draw(report, args.out / "growth.png")
        write_bytes(args.out / "growth.md", (reports.markdown(report) + "\n").encode(), force=True)
    except TfedgeError as error:
        print(f"growth: error: {error}", file=sys.stderr)
        return error.exit_code
    print(reports.markdown(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
