"""`tfedge convert MODEL --representative-dataset DATA.npz`: its flags, and how a model of a user's own is converted."""

from __future__ import annotations

import argparse
import pathlib
import zipfile
from typing import TYPE_CHECKING

from tfedge.artifacts import read_bytes
from tfedge.checks.verdict import worst
from tfedge.cli import ladder, wing_a
from tfedge.conversion import recipes
from tfedge.errors import ConfigError
from tfedge.tasks.tensor_task import METRICS, Quality

if TYPE_CHECKING:
    from tfedge.validation.tensor_quality import OwnMetric

_TASK = "tfedge.json"  # What tfedge train puts into its own .keras files.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments that a model of a user's own takes."""
    own = parser.add_argument_group("any other Keras 3 model, or SavedModel, with tensors in and out")
    own.add_argument(
        "--representative-dataset",
        type=pathlib.Path,
        metavar="DATA.npz",
        help="arrays by input name or SIGNATURE/INPUT, examples along the first axis; a quarter is held out",
    )
    own.add_argument(
        "--metric",
        help="agreement, cosine, snr_db, or your MODULE:FUNCTION of (expected, actual) (default: agreement of classes, "
        "else cosine)",
    )
    limit = own.add_mutually_exclusive_group()
    limit.add_argument("--at-least", type=float, metavar="LIMIT", help="fail files whose metric is below it")
    limit.add_argument(
        "--at-most", type=float, metavar="LIMIT", help="the same of an error of your own: less is better"
    )
    own.add_argument(
        "--import",
        action="append",
        default=[],
        dest="modules",
        metavar="MODULE",
        help="import this module of yours first: it registers classes of the model; may be repeated",
    )


def check_unused(args: argparse.Namespace) -> None:
    """Refuses a model that tfedge train did not write, where no examples of its inputs are given."""
    if args.model.is_dir() or holds_task(args.model) is False:
        raise ConfigError(
            f"expected --representative-dataset DATA.npz for {args.model}, which tfedge train did not write; give "
            "examples of its inputs"
        )


def run(args: argparse.Namespace) -> int:
    """Converts, and prints one path a line; with `auto` what was chosen. Returns the exit code of the worst finding."""
    names = [name for name in args.recipes or recipes.RECIPES if name != ladder.AUTO]
    is_auto = ladder.AUTO in (args.recipes or ())
    for name in names:
        recipes.get(name)
    if is_auto:
        ladder.check_words_unused(args)
    else:
        ladder.check_unused(args, but=("targets",))
    quality = _quality(args, is_auto)
    if args.data is not None or holds_task(args.model):
        raise ConfigError(
            f"expected a model of your own with --representative-dataset; {args.model} is of tfedge train and takes "
            "--data LEXICON.tsv"
        )
    if not args.model.is_dir():
        read_bytes(args.model, "model")
    read_bytes(args.representative_dataset, "file of representative data")
    if is_auto:
        ladder.check_plan(args)
    wing_a.import_tensorflow()
    from tfedge.cli import terminal
    from tfedge.pipeline import user_code, user_model
    from tfedge.reports.schema import EXIT_CODES

    user_code.import_modules(args.modules)
    metric = user_code.metric_function(quality.metric) if quality is not None and quality.is_own else None
    if is_auto:
        return _climb(args, names, quality, metric)
    converted = user_model.convert_user_model(
        args.model,
        args.representative_dataset,
        args.out,
        names,
        quality=quality,
        metric=metric,
        targets=args.targets,
        force=args.force,
        reporter=terminal.TerminalReporter(),
    )
    for file in converted:
        print(file.pack.path)
    return EXIT_CODES[worst(finding for file in converted for each in file.measured for finding in each.findings)]


def _climb(args: argparse.Namespace, forced: list[str], quality: Quality | None, metric: OwnMetric | None) -> int:
    from tfedge.cli import output, terminal
    from tfedge.pipeline import ladder_tensors

    report = ladder_tensors.climb_user_model(
        args.model,
        args.representative_dataset,
        args.out,
        args.targets,
        ladder.config_of(args),
        forced,
        quality=quality,
        metric=metric,
        resume=bool(args.resume),
        force=args.force,
        reporter=terminal.TerminalReporter(),
    )
    return output.show_ladder(report, style="json" if args.json else "table")


def _quality(args: argparse.Namespace, is_auto: bool) -> Quality | None:
    """Returns what the flags ask for; None where they leave it to the data."""
    if args.metric is None:
        if args.at_least is not None or args.at_most is not None:
            known = ", ".join(METRICS)
            raise ConfigError(f"expected --metric with a limit, one of {known} or MODULE:FUNCTION; got none")
        return None
    if args.at_most is not None:
        return Quality(args.metric, args.at_most, is_error=True)
    from tfedge.validation import tensor_quality

    limit = tensor_quality.DEFAULT_LIMITS.get(args.metric) if args.at_least is None else args.at_least
    if is_auto and limit is None:
        Quality(args.metric, None)  # One that is misspelt is called that.
        raise ConfigError(
            f"expected --at-least or --at-most with --metric {args.metric} and --recipe auto, which forbids what "
            "misses it; got no limit"
        )
    return Quality(args.metric, limit)


def holds_task(path: pathlib.Path) -> bool | None:
    """Whether tfedge train wrote a `.keras` file; None of what is none, which is refused by whoever reads it."""
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
    except (OSError, zipfile.BadZipFile):
        return None
    return _TASK in names if "config.json" in names else None
