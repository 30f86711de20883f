"""`tfedge inspect`: what is in a .tflite, whoever made it?"""

from __future__ import annotations

import argparse
import pathlib

from tfedge.cli import inspect_modes
from tfedge.cli.verb import add_json, positive_float
from tfedge.progress import SILENT, Reporter

SUMMARY = "show what is in any .tflite file: signatures, ops, weights, memory, delegates, pack"
EXAMPLE = "tfedge inspect models/g2p/g2p.tflite"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge inspect`."""
    parser.add_argument(
        "model", type=pathlib.Path, metavar="MODEL.tflite", help="file to look into; a .keras with --lint"
    )
    parser.add_argument(
        "--run",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="load the file in every runtime installed here, each in a process with limits; without, it is only read "
        "(default: --run)",
    )
    parser.add_argument(
        "--timeout", type=positive_float, default=60.0, metavar="SECONDS", help="for one load or run (default: 60)"
    )
    add_json(parser)
    inspect_modes.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the inspection; exit code 0 whatever the file holds, as long as it can be read."""
    inspect_modes.check(args)
    if args.compare is not None:
        return inspect_modes.run_compare(args)
    if args.lint:
        return inspect_modes.run_lint(args)

    import json

    from tfedge.reports import inspect

    inspection = inspect.inspect_file(args.model, args.run, args.timeout, _reporter() if args.run else SILENT)
    if args.json:
        print(json.dumps(inspection.to_json(), indent=2))
        return 0
    # Imported after the reading, whose peak is then the file and little else.
    from rich.console import Console

    from tfedge.reports import inspect_table

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=inspect_table.PIPE_WIDTH)
    inspect_table.print_inspection(inspection, console)
    return 0


def _reporter() -> Reporter:
    from tfedge.cli.terminal import TerminalReporter

    return TerminalReporter()
