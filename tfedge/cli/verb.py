"""What a verb is, and the argument types that verbs share.

A verb is a module of this package that has the attributes of `Verb`. It parses, calls one stage
function and prints; everything heavy is imported inside `run`, so that `tfedge --help` stays quick.
To add one: write the module, and add it to `VERBS` in `tfedge/cli/main.py`.
"""

from __future__ import annotations

import argparse
import pathlib
from typing import Protocol

TASKS = "g2p, image, sensor, anomaly, or the Python file of a task of your own"


class Verb(Protocol):
    """A module with one verb of the command line.

    Attributes:
        SUMMARY: one line, shown by `tfedge --help`.
        EXAMPLE: one command line that works in a clone; the last line of the verb's `--help`.
        NEEDS_TRAIN: whether the verb runs wing A, which the extra `train` installs.
    """

    SUMMARY: str
    EXAMPLE: str
    NEEDS_TRAIN: bool

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the verb's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Calls the stage, prints what it returned, and returns the exit code."""


def positive_int(text: str) -> int:
    """Reads a whole number of 1 or more."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more; got {text!r}")
    return value


def natural(text: str) -> int:
    """Reads a whole number of 0 or more."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more; got {text!r}")
    return int(text)


def positive_float(text: str) -> float:
    """Reads a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0; got {text!r}")
    return value


def check_task(name: str) -> None:
    """Returns when there is a task `name`, or a file of one; ConfigError with the nearest match otherwise."""
    from tfedge.tasks import registry

    registry.is_array_task(name)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Adds `--json`, spelled alike in every verb that has it."""
    parser.add_argument("--json", action="store_true", help="print JSON on stdout instead of text")


def add_data(parser: argparse.ArgumentParser) -> None:
    """Adds `--data` to verbs that need the data a model was trained on."""
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        metavar="PATH",
        help="data the model was trained on, as tfedge train took it: of g2p a lexicon, word TAB phones (default: the "
        "task's own)",
    )


def add_force(parser: argparse._ActionsContainer) -> None:
    """Adds `--force`, spelled alike in every verb that writes files."""
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def add_targets(parser: argparse._ActionsContainer) -> None:
    """Adds the repeatable `--target`."""
    parser.add_argument(
        "--target",
        action="append",
        dest="targets",
        metavar="RUNTIME",
        help="interpreter: ai-edge-litert or tflite-runtime, or ssh:HOST[:PYTHON] for a board's; may be repeated "
        "(default: all installed here)",
    )
