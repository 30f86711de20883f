"""`tfedge validate`: is the file right, on every interpreter that is installed?"""

from __future__ import annotations

import argparse
import pathlib

from tfedge.cli import validate_stages, verb

SUMMARY = "check a packed .tflite file: golden cases, and accuracy on the task's test words"
EXAMPLE = "tfedge validate out/g2p.tflite"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge validate`."""
    parser.add_argument(
        "model", type=pathlib.Path, nargs="?", metavar="FILE.tflite", help="packed model; no other file is needed"
    )
    verb.add_targets(parser)
    parser.add_argument("--words", type=verb.positive_int, default=2000, help="test words to score (default: 2000)")
    parser.add_argument("--full", action="store_true", help="score every test word; several minutes")
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        metavar="LEXICON.tsv",
        help="score on the held-out tenth of your own lexicon, word TAB phones, UTF-8",
    )
    verb.add_json(parser)
    validate_stages.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Validates, and prints the report."""
    validate_stages.check(args)
    if args.trace is not None:
        return validate_stages.run_trace(args)
    if args.compare is not None:
        return validate_stages.run_compare(args)
    from tfedge.cli import output, terminal
    from tfedge.reports import validate

    report = validate.validate_file(
        args.model,
        targets=args.targets,
        num_words=args.words,
        full=args.full,
        data=args.data,
        reporter=terminal.TerminalReporter(),
    )
    return output.show(report, style="json" if args.json else "table")
