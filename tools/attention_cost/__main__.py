"""What each kind of attention costs on the device format: kind x length x recipe, and from where on it beats dense.

    python -m tools.attention_cost [--out out/attention] [--lengths 64 128 ...] [--kinds local ...] [--counted 64 256]
    python -m tools.attention_cost --readme          # the README's tables and picture, from the kept report

One layer of self-attention of each kind (64 wide, 4 heads, the kind's default options) is converted at each length by
each recipe. All kinds of a length and recipe are timed in one interleaved run: a process each, LiteRT, one thread;
memory is that process's peak above one that loaded nothing. Instructions of the lengths in --counted are those of an
emulated Cortex-A76. Every group is written at once to OUT/measured.json with its raw samples, and a run that was
stopped goes on where it was. What would by the square of the length before take more than --max-seconds a call or
--max-gb is skipped, and the table says so. To keep a run: copy OUT/measured.json and measured.png beside this file.
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
from tfedge.devices.environment import add_targets
from tfedge.errors import ConfigError, TfedgeError, one_of
from tfedge.progress import Reporter
from tfedge.runtime import cpu
from tfedge.runtime.targets import RuntimeTarget
from tools.attention_cost import report as reports
from tools.benchmark.report import versions
from tools.instructions import emulator as emulators
from tools.update_readme import README, write_region

KEPT = pathlib.Path(__file__).with_name("measured.json")
MARKS = ("<!-- attention: begin -->", "<!-- attention: end -->")
LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096)
TARGET = "ai-edge-litert==2.3.0@aarch64:cortex-a76"
_SETTINGS = ("lengths", "counted", "hidden_dim", "num_heads", "rounds", "max_seconds", "max_gb")


def todo(report: dict[str, Any], kinds: Sequence[str]) -> list[tuple[int, str]]:
    """Returns (length, recipe) of every group of which a kind is missing, the quick ones first."""
    settings, held = report["settings"], report["cells"]
    return [
        (length, recipe)
        for length in settings["lengths"]
        for recipe in reports.RECIPES
        if any(reports.key(kind, recipe, length) not in held for kind in kinds)
    ]


def run(path: pathlib.Path, kinds: Sequence[str], settings: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Measures the groups that the report `path` does not hold yet; returns the whole report.

    Raises:
        ArtifactError: `path` holds a report of other settings.
        RuntimeUnavailableError, DeviceError: no interpreter, or no emulator.
    """
    from tools.attention_cost import measure

    report = reports.read(path, settings) if path.exists() else reports.empty(settings)
    groups, counter = todo(report, kinds), None
    if groups and settings["counted"]:
        (environment,) = add_targets([RuntimeTarget.parse(TARGET)], reporter=reporter)
        counter = emulators.install(reporter), environment
    report["versions"] |= versions()
    layers: dict[int, measure.Layers] = {}
    with reporter.bar("groups of length and recipe", len(groups)) as bar:
        for length, recipe in groups:
            if length not in layers:  # Of one length alone: traced graphs take memory.
                layers = {length: measure.Layers(length, settings["hidden_dim"], settings["num_heads"])}
            cells = _group(report, kinds, length, recipe, layers[length], counter)
            for kind, cell in cells.items():
                place = {"kind": kind, "recipe": recipe, "length": length}
                report["cells"][reports.key(kind, recipe, length)] = {**place, **cell}
            write_bytes(path, (json.dumps(report, indent=1) + "\n").encode(), force=True)
            bar.advance(note=f"{recipe}, length {length}")
    return report


def _group(
    report: dict[str, Any], kinds: Sequence[str], length: int, recipe: str, layers: Any, counter: Any
) -> dict[str, dict[str, Any]]:
    """Returns every kind's cell of one length and recipe."""
    from tools.attention_cost import measure

    settings, cells, files = report["settings"], {}, {}
    before = max((each for each in settings["lengths"] if each < length), default=length)
    with tempfile.TemporaryDirectory(prefix="tfedge-attention-") as folder:
        for kind in kinds:
            earlier = report["cells"].get(reports.key(kind, recipe, before), {})
            why = measure.too_much(earlier, length / before, settings["max_seconds"], settings["max_gb"] * 1e9)
            path = pathlib.Path(folder) / f"{kind}.tflite"
            cells[kind] = {"skipped": why} if why else layers.write(kind, recipe, path)
            if "sha256" in cells[kind]:
                files[kind] = path
        found = [measure.time_files(files, length, settings["hidden_dim"], settings["rounds"])]
        alive = {kind: path for kind, path in files.items() if "ms" in found[0][kind]}
        if counter is not None and length in settings["counted"] and alive:
            found.append(measure.count_files(alive, *counter))
    for each in found:
        for kind, facts in each.items():
            cells[kind] |= facts
    return cells


def readme_region(report: dict[str, Any]) -> str:
    """Returns what stands between the README's marks."""
    picture = "![Latency and memory of each kind by length](tools/attention_cost/measured.png)"
    return f"\n{picture}\n\n{reports.markdown(report)}\n\n{reports.facts(report['settings'])}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="attention_cost", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/attention"), help="folder; goes on in it")
    parser.add_argument("--kinds", nargs="+", help="default: all; dense attention is always measured with them")
    parser.add_argument("--lengths", type=int, nargs="+", default=list(LENGTHS), help="positions")
    parser.add_argument("--counted", type=int, nargs="*", default=[64, 256], help="lengths to count instructions of")
    parser.add_argument("--hidden-dim", type=int, default=64)
    parser.add_argument("--num-heads", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each kind that count (default: 7)")
    parser.add_argument("--max-seconds", type=float, default=3.0, help="of one call (default: 3)")
    parser.add_argument("--max-gb", type=float, default=8.0, help="of one process (default: 8)")
    parser.add_argument("--readme", action="store_true", help="draw the README's tables from the kept report")
    return parser


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    args.lengths, args.counted = sorted(set(args.lengths)), sorted(set(args.counted))
    if not all(2 <= length <= 65536 for length in args.lengths) or not set(args.counted) <= set(args.lengths):
        raise ConfigError(
            "expected --lengths of 2 to 65536 and --counted among them; "
            f"got {args.lengths} and {args.counted}; --counted without lengths counts nothing"
        )
    if args.num_heads < 1 or args.hidden_dim < 1 or args.hidden_dim % args.num_heads:
        raise ConfigError(
            f"expected --hidden-dim as a multiple of --num-heads; got {args.hidden_dim} and {args.num_heads}"
        )
    if args.rounds < 1 or not args.max_seconds > 0 or not args.max_gb > 0:
        raise ConfigError(
            "expected --rounds of 1 or more, --max-seconds and --max-gb above 0; "
            f"got {args.rounds}, {args.max_seconds:g} and {args.max_gb:g}"
        )
    return {**{name: getattr(args, name) for name in _SETTINGS}, "cpu": cpu.this_cpu(), "target": TARGET}


def _kinds(asked: Sequence[str] | None) -> list[str]:
    from tfedge.layers.attention_kinds import KINDS

    for kind in asked or ():
        if kind not in KINDS:
            raise one_of("--kinds", kind, KINDS)
    return [kind for kind in KINDS if asked is None or kind in (reports.DENSE, *asked)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the tables and draws the picture; returns the exit code."""
    args = _parser().parse_args(arguments)
    try:
        if args.readme:
            write_region(README, readme_region(reports.read(KEPT)), *MARKS)
            return 0
        settings = _settings(args)
        wing_a.import_tensorflow()
        report = run(args.out / "measured.json", _kinds(args.kinds), settings, TerminalReporter())
        reports.draw(report, args.out / "measured.png")
    except TfedgeError as error:
        print(f"attention_cost: error: {error}", file=sys.stderr)
        return error.exit_code
    print(reports.markdown(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
