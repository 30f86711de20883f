"""`tfedge report`: draws a stored report again."""

from __future__ import annotations

import argparse
import pathlib

SUMMARY = "draw a stored report as a table, as a Markdown model card, or as JSON"
EXAMPLE = "tfedge report out/g2p.report.json --format markdown"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge report`."""
    parser.add_argument("report", type=pathlib.Path, metavar="REPORT.json", help="report or ladder to draw")
    parser.add_argument("--format", choices=("table", "markdown", "json"), default="table", help="(default: table)")
    parser.add_argument("--gate", action="store_true", help="exit 1 or 3 when the report's verdict is not pass")


def run(args: argparse.Namespace) -> int:
    """Draws the report, or the ladder of `convert --recipe auto`; the exit code is its verdict only with `--gate`."""
    from tfedge.cli import output
    from tfedge.reports import ladder_report, report_file

    if report_file.is_ladder(args.report):
        code = output.show_ladder(ladder_report.read_ladder(args.report), style=args.format)
    else:
        code = output.show(report_file.read_report(args.report), style=args.format)
    return code if args.gate else 0
