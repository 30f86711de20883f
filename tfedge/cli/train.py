"""`tfedge train`: trains a task on its own data or on a user's lexicon."""

from __future__ import annotations

import argparse
import pathlib

from tfedge.cli import verb

SUMMARY = "train a task's network, on its data or on your own lexicon, to a .keras file"
EXAMPLE = "tfedge train g2p --data lexicon.tsv --out out/mine.keras --minutes 30"
NEEDS_TRAIN = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge train`."""
    parser.add_argument("task", metavar="TASK", help="task to train: g2p")
    parser.add_argument(
        "--data", type=pathlib.Path, metavar="LEXICON.tsv", help="your pairs: word TAB phones, UTF-8 (default: CMUdict)"
    )
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="FILE.keras", help="trained model to write")
    parser.add_argument("--config", type=pathlib.Path, metavar="CONFIG.json", help="sizes, schedule (default: shipped)")
    parser.add_argument("--minutes", type=verb.positive_float, help="stop after this time (default: no limit)")
    parser.add_argument("--epochs", type=verb.positive_int, help="stop after these epochs (default: the config)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every random choice (default: 0)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint beside --out")
    verb.add_force(parser)


def run(args: argparse.Namespace) -> int:
    """Trains, and prints what was written."""
    from tfedge.cli import terminal
    from tfedge.training import train

    trained = train.train_task(
        args.task,
        args.out,
        data=args.data,
        config=args.config,
        minutes=args.minutes,
        epochs=args.epochs,
        seed=args.seed,
        resume=args.resume,
        force=args.force,
        reporter=terminal.TerminalReporter(),
    )
    print(trained.path)
    return 0
