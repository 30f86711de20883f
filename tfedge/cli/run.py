"""`tfedge run`: the whole road for one task."""

from __future__ import annotations

import argparse
import pathlib

from tfedge.cli import verb, wing_a

SUMMARY = "from data to a verified int8 .tflite file: weights, recipes, gates, report"
EXAMPLE = "tfedge run g2p"
NEEDS_TRAIN = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge run`."""
    parser.add_argument("task", metavar="TASK", help=verb.TASKS)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out"), help="folder to write (default: out)")
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        metavar="PATH",
        help="your own data, as tfedge train takes them, with --from-scratch; or where the task's own data lie",
    )
    parser.add_argument("--from-scratch", action="store_true", help="train instead of using the shipped weights; hours")
    parser.add_argument(
        "--examples",
        "--words",
        type=verb.positive_int,
        default=2000,
        metavar="N",
        dest="examples",
        help="test examples to score (default: 2000)",
    )
    parser.add_argument("--full", action="store_true", help="score every test example; several minutes")
    verb.add_force(parser)
    verb.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the pipeline, prints its report and where the files are."""
    verb.check_task(args.task)
    wing_a.import_tensorflow()
    from tfedge.cli import output, terminal
    from tfedge.pipeline import run as pipeline

    report = pipeline.run_task(
        args.task,
        args.out,
        from_scratch=args.from_scratch,
        num_words=args.examples,
        full=args.full,
        force=args.force,
        reporter=terminal.TerminalReporter(),
        data_path=args.data,
    )
    return output.show(report, style="json" if args.json else "table")
