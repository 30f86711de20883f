"""Two more ways to look into a model: `tfedge inspect --compare` (which layer broke?) and `--lint` (what will?)."""

from __future__ import annotations

import argparse
import json
import pathlib

from tfedge.cli import verb, wing_a
from tfedge.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of both."""
    compare = parser.add_argument_group("which layer broke")
    compare.add_argument(
        "--compare",
        type=pathlib.Path,
        metavar="FLOAT.tflite",
        help="the same network where it is right: every tensor of MODEL is compared with it, in decibels and in "
        "quantization steps, and the first layer that goes wrong is named",
    )
    compare.add_argument(
        "--inputs",
        type=pathlib.Path,
        metavar="CASES.npz",
        help="what both are fed with (default: golden cases of either pack, else seeded ones)",
    )
    compare.add_argument(
        "--plot",
        type=pathlib.Path,
        metavar="FILE.html",
        help="draw the error along the graph; .svg: nothing else",
    )
    verb.add_force(parser)
    lint = parser.add_argument_group("what will break")
    lint.add_argument(
        "--lint",
        action="store_true",
        help="MODEL is a .keras file: look for what converts and then goes wrong on a device (needs tfedge[train])",
    )


def check(args: argparse.Namespace) -> None:
    """Refuses arguments of one way without it; ConfigError."""
    if args.compare is None and (args.inputs is not None or args.plot is not None):
        raise ConfigError("expected --inputs and --plot with --compare FLOAT.tflite; there is none; add it")
    if args.compare is not None and args.lint:
        raise ConfigError("expected --compare or --lint; got both; run them one after the other")


def run_compare(args: argparse.Namespace) -> int:
    """Prints the comparison; exit code 1 where a layer is wrong."""
    from tfedge import artifacts
    from tfedge.checks.verdict import worst
    from tfedge.cli.terminal import TerminalReporter
    from tfedge.reports import comparison, comparison_picture
    from tfedge.reports.compare import compare

    if args.plot is not None:
        comparison_picture.check_suffix(args.plot)
        artifacts.check_writable(args.plot, args.force)
    found = compare(args.compare, args.model, args.inputs, reporter=TerminalReporter())
    if args.plot is not None:
        comparison_picture.write_picture(args.plot, found, args.force)
    if args.json:
        print(json.dumps(comparison.comparison_json(found), indent=2, allow_nan=False))
    else:
        print("\n".join(comparison.comparison_lines(found)))
    return {"pass": 0, "fail": 1, "not_measured": 3}[worst(comparison.comparison_findings(found))]


def run_lint(args: argparse.Namespace) -> int:
    """Prints what was found; exit code 1 where there is anything."""
    from tfedge.artifacts import read_bytes

    read_bytes(args.model, "Keras model")  # Before seconds of import: says clearly what is wrong with the path.
    wing_a.require("inspect --lint")
    wing_a.import_tensorflow()
    from tfedge.conversion.lints.lint_file import lint_file

    lints = lint_file(args.model)
    if args.json:
        print(json.dumps([{**vars(lint)} for lint in lints], indent=2))
        return 1 if lints else 0
    for lint in lints:
        print(f"{lint.message}\n  why: {lint.why}\n  fix: {lint.fix}")
    if lints:
        print(f"more: tfedge explain {' '.join(dict.fromkeys(lint.rule for lint in lints))}")
    print(f"{len(lints)} found" if lints else "nothing found")
    return 1 if lints else 0
