"""`tfedge train`: trains a task on its own data or on a user's lexicon."""

from __future__ import annotations

import argparse
import dataclasses
import pathlib

from tfedge.artifacts import check_writable
from tfedge.cli import verb, wing_a
from tfedge.config import TaskConfig
from tfedge.tasks.shipped import shipped_file

SUMMARY = "train a task's network, on its data or on your own lexicon, to a .keras file"
EXAMPLE = "tfedge train g2p --data lexicon.tsv --out out/mine.keras --epochs 5"
NEEDS_TRAIN = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge train`."""
    parser.add_argument("task", metavar="TASK", help="task to train: g2p")
    parser.add_argument(
        "--data", type=pathlib.Path, metavar="LEXICON.tsv", help="your pairs: word TAB phones, UTF-8 (default: CMUdict)"
    )
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="FILE.keras", help="trained model to write")
    parser.add_argument("--config", type=pathlib.Path, metavar="CONFIG.json", help="sizes, schedule (default: shipped)")
    parser.add_argument("--epochs", type=verb.positive_int, help="length of the schedule (default: the config's)")
    parser.add_argument("--seed", type=int, help="seed of every random choice (default: the config's)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint beside --out")
    verb.add_force(parser)


def run(args: argparse.Namespace) -> int:
    """Trains, and prints the path that was written."""
    verb.check_task(args.task)
    config = _config(args)
    from tfedge.tasks import registry

    check_writable(args.out, args.force or args.resume)
    data = registry.load_task(args.task, args.data)
    wing_a.import_tensorflow()
    from tfedge.cli import terminal
    from tfedge.training import train

    reporter = terminal.TerminalReporter()
    train.train(data, config, args.out, resume=args.resume, force=args.force, reporter=reporter)
    print(args.out)
    return 0


def _config(args: argparse.Namespace) -> TaskConfig:
    """Returns the settings of the file, with those replaced that the command line names."""
    config = TaskConfig.read(args.config or shipped_file(f"{args.task}/config.json"))
    named = {key: value for key in ("epochs", "seed") if (value := getattr(args, key)) is not None}
    return dataclasses.replace(config, training=dataclasses.replace(config.training, **named))
