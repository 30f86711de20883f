"""Counts the instructions of whole decodes on emulated ARM cores: no board, no root, the same number every time.

    python -m tools.instructions file MODEL.tflite ... [--signature beam] [--target NAME==VERSION@aarch64:CORE]
    python -m tools.instructions file MODEL.tflite --functions 20     # where they are spent
    python -m tools.instructions table [--out out/instructions.json]  # every recipe; the README's table with --readme
    python -m tools.instructions check [--store]                      # what CI checks: exit code 1 where a decode grew

Counts are no milliseconds: they know no caches and no memory. They rank, and they notice what grew. A count goes from
setting the inputs to having read the outputs, in a warm process, start-up excluded. Needs Debian 12 on x86-64 and, the
first time, a network; what it installs goes beside the targets of `tfedge targets add`.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tempfile
from collections.abc import Sequence

from tfedge.artifacts import read_bytes
from tfedge.cli import wing_a
from tfedge.cli.terminal import TerminalReporter
from tfedge.devices.environment import add_targets
from tfedge.errors import ConfigError, TfedgeError
from tfedge.runtime.targets import RuntimeTarget
from tools.instructions import emulator as emulators
from tools.instructions import stored, table
from tools.instructions.counting import Job, count, count_functions
from tools.update_readme import README, write_region

TARGET = "ai-edge-litert==2.3.0@aarch64:cortex-a76"
STOP_ID = 2
MARKS = ("<!-- instructions: begin -->", "<!-- instructions: end -->")
KEPT = pathlib.Path(__file__).with_name("measured.json")


def count_files(args: argparse.Namespace) -> int:
    """Prints the counts of given files, or the functions of the first."""
    sources = tuple(_ids(text) for text in args.source or ["3 4 5 6 7 8"])
    jobs = [Job(path, args.signature, sources) for path in args.files]
    for path in args.files:
        read_bytes(path, "model")
    reporter = TerminalReporter()
    (environment,) = add_targets([RuntimeTarget.parse(args.target)], reporter=reporter)
    emulator = emulators.install(reporter)
    if args.functions:
        found = count_functions(emulator, environment, jobs[0])
        total = sum(found.values())
        for name, number in list(found.items())[: args.functions]:
            print(f"{number / 1e6:10.3f} M {number / total:7.2%}  {name}")
        return 0
    counts = [count(emulator, environment, [job])[0] for job in jobs]
    for each in counts:
        ratio = each.mean / counts[0].mean
        print(f"{each.mean / 1e6:10.3f} M  {ratio:6.3f}x  repeats within {each.spread:.3%}  {each.job.path}")
    return 0


def _ids(text: str) -> tuple[int, ...]:
    try:
        ids = tuple(int(word) for word in text.split())
    except ValueError:
        raise ConfigError(f"expected --source as ids, such as '3 4 5'; got {text!r}") from None
    if not ids or min(ids) < 1:
        raise ConfigError(f"expected --source as ids above 0; got {text!r}")
    return ids if ids[-1] == STOP_ID else (*ids, STOP_ID)


def make_table(args: argparse.Namespace) -> int:
    """Counts every recipe of the benchmark's networks, and prints the table."""
    if args.readme:
        write_region(README, readme_region(table.read(KEPT)), *MARKS)
        return 0
    wing_a.import_tensorflow()
    from tools.instructions import networks

    reporter = TerminalReporter()
    releases = table.RELEASES
    add_targets([RuntimeTarget.parse(f"{release}@aarch64:{core}") for release in releases for core in table.CORES])
    emulator = emulators.install(reporter)
    with tempfile.TemporaryDirectory(prefix="tfedge-instructions-") as name:
        folder = args.files or pathlib.Path(name)
        reporter.stage("files of every recipe")
        todo = networks.all_cases(folder, args.recipes, args.shapes, reporter)
        reporter.stage(f"counting {len(todo)} decodes")
        report = table.measure(args.out, todo, emulator, reporter)
    print(table.markdown(report))
    return 0


def readme_region(report: dict[str, object]) -> str:
    """Returns what stands between the README's marks."""
    made = "Million instructions a decode (in brackets: times float32's), counted by `tools/instructions` under QEMU "
    versions = report["versions"]
    said = ", ".join(f"{name} {version}" for name, version in versions.items()) if isinstance(versions, dict) else ""
    return f"\n{table.markdown(report)}\n\n{made}({said}). Counts are no milliseconds.\n"


def check(args: argparse.Namespace) -> int:
    """Compares the counts of a small network with those that are stored."""
    wing_a.import_tensorflow()
    from tools.instructions import regression

    reporter = TerminalReporter()
    add_targets([RuntimeTarget.parse(regression.TARGET)], reporter=reporter)
    emulator = emulators.install(reporter)
    with tempfile.TemporaryDirectory(prefix="tfedge-instructions-") as name:
        measured = regression.measure(emulator, regression.write_files(regression.make_network(), pathlib.Path(name)))
    if args.store:
        stored.StoredCounts(measured, regression.versions(emulator)).write(args.stored)
        print(json.dumps(measured, indent=1))
        return 0
    lines = stored.differences(measured, stored.StoredCounts.read(args.stored))
    print("\n".join(lines or [f"{len(measured)} decodes take what is stored"]))
    return 1 if lines else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="instructions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    files = verbs.add_parser("file", help="count decodes of files")
    files.add_argument("files", nargs="+", type=pathlib.Path, metavar="MODEL.tflite", help="the first is 1.000x")
    files.add_argument("--signature", default="greedy")
    files.add_argument("--target", default=TARGET)
    files.add_argument("--source", action="append", help="ids, '3 4 5'; may be repeated (default: 3 4 5 6 7 8)")
    files.add_argument("--functions", type=int, default=0, metavar="N", help="the N functions that take most")
    files.set_defaults(run=count_files)
    whole = verbs.add_parser("table", help="count every recipe of the benchmark's networks")
    whole.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/instructions.json"), help="goes on in it")
    whole.add_argument("--files", type=pathlib.Path, help="folder that keeps the converted files (default: none)")
    whole.add_argument("--recipes", nargs="+", help="default: the five of the benchmark")
    whole.add_argument("--shapes", nargs="+", choices=("shipped", "wide"), default=["shipped", "wide"])
    whole.add_argument("--readme", action="store_true", help="draw the README's table from the kept report")
    whole.set_defaults(run=make_table)
    ratchet = verbs.add_parser("check", help="compare a small network's counts with the stored ones")
    ratchet.add_argument("--store", action="store_true", help="store what is counted")
    ratchet.add_argument("--stored", type=pathlib.Path, default=stored.KEPT)
    ratchet.set_defaults(run=check)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what was asked for; returns the exit code."""
    args = _parser().parse_args(arguments)
    try:
        code: int = args.run(args)
    except TfedgeError as error:
        print(f"instructions: error: {error}", file=sys.stderr)
        return error.exit_code
    return code


if __name__ == "__main__":
    raise SystemExit(main())
