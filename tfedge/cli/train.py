"""`tfedge train`: trains a task on its own data or on a user's."""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
from typing import TYPE_CHECKING, Any

from tfedge.artifacts import check_writable
from tfedge.cli import verb, wing_a
from tfedge.config import TaskConfig
from tfedge.errors import ArtifactError
from tfedge.tasks.array_config import ArrayTaskConfig

if TYPE_CHECKING:
    from tfedge.tasks.array_data import ArrayData
    from tfedge.tasks.g2p import TaskData

SUMMARY = "train a task's network, on its data or on your own, to a .keras file"
EXAMPLE = "tfedge train g2p --data lexicon.tsv --out out/mine.keras --epochs 5"
NEEDS_TRAIN = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge train`."""
    parser.add_argument("task", metavar="TASK", help=verb.TASKS)
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        metavar="PATH",
        help="your own: of g2p word TAB phones, UTF-8; of image a folder of images a class; of sensor, anomaly CSV "
        "(default: the task's own)",
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
    _check_data_stays(args)
    if isinstance(config, TaskConfig):
        _train_texts(args, config, registry.load_task(args.task, args.data))
    else:
        _train_arrays(args, config, registry.load_arrays(args.task, args.data))
    print(args.out)
    return 0


def _check_data_stays(args: argparse.Namespace) -> None:
    """Refuses, even with --force, an --out whose log is the very file of the data: `log.csv` beside `log.keras`."""
    if args.data is None or not pathlib.Path(args.data).exists():
        return
    out = pathlib.Path(args.out)
    for path in (out, out.with_suffix(".csv"), out.with_suffix(".png")):
        if path.exists() and path.samefile(args.data):
            raise ArtifactError(f"expected --out beside which the data stay; {path} would be replaced; choose another")


def _train_texts(args: argparse.Namespace, config: TaskConfig, data: TaskData) -> None:
    wing_a.import_tensorflow()
    from tfedge.cli import terminal
    from tfedge.training import train

    reporter = terminal.TerminalReporter()
    train.train(data, config, args.out, resume=args.resume, force=args.force, reporter=reporter)


def _train_arrays(args: argparse.Namespace, config: ArrayTaskConfig, data: ArrayData) -> None:
    wing_a.import_tensorflow()
    from tfedge.cli import terminal
    from tfedge.training import train_arrays

    reporter = terminal.TerminalReporter()
    for why, count in data.skipped.items():
        reporter.say(f"left out: {count:,} ({why})")
    train_arrays.train_arrays(data, config, args.out, resume=args.resume, force=args.force, reporter=reporter)


def _config(args: argparse.Namespace) -> TaskConfig | ArrayTaskConfig:
    """Returns the settings of the file, with those replaced that the command line names."""
    from tfedge.tasks import registry

    path = args.config or registry.config_file(args.task)
    config: Any = (ArrayTaskConfig if registry.is_array_task(args.task) else TaskConfig).read(path)
    named = {key: value for key in ("epochs", "seed") if (value := getattr(args, key)) is not None}
    replaced: TaskConfig | ArrayTaskConfig = dataclasses.replace(
        config, training=dataclasses.replace(config.training, **named)
    )
    return replaced
