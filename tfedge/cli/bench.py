"""`tfedge bench`: how fast is the file, and how much memory does it take?"""

from __future__ import annotations

import argparse
import pathlib

from tfedge.cli import verb

SUMMARY = "measure latency and peak memory; several files are timed interleaved in one run"
EXAMPLE = "tfedge bench out/g2p.tflite --seconds 2"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge bench`."""
    parser.add_argument("models", type=pathlib.Path, nargs="+", metavar="FILE.tflite", help="packed models to time")
    verb.add_targets(parser)
    parser.add_argument(
        "--seconds", type=verb.positive_float, default=5.0, help="time to measure each file, after warm-up (default: 5)"
    )
    parser.add_argument("--threads", type=verb.positive_int, default=1, help="interpreter threads (default: 1)")
    verb.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Measures, and prints the report."""
    from tfedge.cli import output, terminal
    from tfedge.reports import bench

    report = bench.bench_files(
        args.models,
        targets=args.targets,
        seconds=args.seconds,
        num_threads=args.threads,
        reporter=terminal.TerminalReporter(),
    )
    return output.show(report, style="json" if args.json else "table")
