"""`tfedge report`: draws a stored report again, or a page on a model."""

from __future__ import annotations

import argparse
import pathlib

from tfedge.cli import verb

SUMMARY = "draw a stored report as a table, as a Markdown model card, as JSON, or a model as one HTML page"
EXAMPLE = "tfedge report out/g2p.report.json --format markdown"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge report`."""
    parser.add_argument(
        "report",
        type=pathlib.Path,
        metavar="FILE",
        help="report or ladder to draw; for --html a report, or a packed .tflite with its report beside it",
    )
    drawn = parser.add_mutually_exclusive_group()
    drawn.add_argument("--format", choices=("table", "markdown", "json"), default="table", help="(default: table)")
    drawn.add_argument(
        "--html",
        type=pathlib.Path,
        metavar="OUT.html",
        help="write one page on the model: results, errors, attention, latency and size by layer; it needs no network",
    )
    parser.add_argument(
        "--target", metavar="RUNTIME", help="interpreter that answers for --html (default: ai-edge-litert)"
    )
    verb.add_force(parser)
    parser.add_argument("--gate", action="store_true", help="exit 1 or 3 when the report's verdict is not pass")


def run(args: argparse.Namespace) -> int:
    """Draws the report, or the ladder of `convert --recipe auto`; the exit code is its verdict only with `--gate`."""
    if args.html is not None:
        return _write_page(args)
    from tfedge.cli import output
    from tfedge.errors import ConfigError
    from tfedge.reports import ladder_report, report_file

    unused = [name for name, given in (("--force", args.force), ("--target", args.target)) if given]
    if unused:
        raise ConfigError(f"expected --html OUT.html with {' and '.join(unused)}; got none; name the page to write")
    if report_file.is_ladder(args.report):
        code = output.show_ladder(ladder_report.read_ladder(args.report), style=args.format)
    else:
        code = output.show(report_file.read_report(args.report), style=args.format)
    return code if args.gate else 0


def _write_page(args: argparse.Namespace) -> int:
    from tfedge.cli.terminal import TerminalReporter
    from tfedge.reports.html.page import write_page
    from tfedge.reports.schema import EXIT_CODES

    subject = write_page(args.report, args.html, args.force, args.target, TerminalReporter())
    return EXIT_CODES[subject.verdict] if args.gate else 0
