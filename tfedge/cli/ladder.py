"""`tfedge convert --recipe auto`: its flags, and what it prints."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfedge.cli import verb
from tfedge.errors import ConfigError
from tfedge.reports.ladder_config import LadderConfig
from tfedge.validation.front import AXES
from tfedge.validation.ladder_limits import LadderLimits

if TYPE_CHECKING:
    from tfedge.reports.ladder_report import LadderReport

AUTO = "auto"
_DEFAULTS, _LIMITS = LadderConfig(), LadderLimits()
# Where argparse keeps each flag; None: not given, so that one without `--recipe auto` is told from a default.
_FLAGS = {
    "targets": "--target",
    "max_points_lost": "--max-points-lost",
    "max_size_ratio": "--max-size-ratio",
    "max_size_mb": "--max-size-mb",
    "min_speedup": "--min-speedup",
    "prefer": "--prefer",
    "words": "--words",
    "test_words": "--test-words",
    "emulated_words": "--emulated-words",
    "seconds": "--seconds",
    "resume": "--resume",
    "json": "--json",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments that `--recipe auto` takes."""
    group = parser.add_argument_group("with --recipe auto: all recipes are measured, and the best allowed one ships")
    group.add_argument(
        "--target",
        action="append",
        dest="targets",
        metavar="T",
        help="where it must run: RUNTIME==VERSION@ARCH[:CORE], or a runtime beside this Python; may be repeated "
        "(default: the runtimes beside this Python)",
    )
    group.add_argument(
        "--max-points-lost",
        type=_number,
        metavar="POINTS",
        help="of WER above Keras, of accuracy or ROC-AUC below it, on dev examples "
        f"(default: {_LIMITS.max_points_lost}); --rescue takes it too; a model of your own has the limit of --metric",
    )
    group.add_argument(
        "--max-size-ratio",
        type=_number,
        metavar="R",
        help=f"of float32's size (default: {_LIMITS.max_size_ratio})",
    )
    group.add_argument("--max-size-mb", type=verb.positive_float, metavar="MB", help="10^6 bytes (default: no limit)")
    group.add_argument(
        "--min-speedup",
        type=_number,
        metavar="X",
        help=f"over float32 by the same entry; 0 allows any (default: {_LIMITS.min_speedup}, what a run is sure of)",
    )
    group.add_argument("--prefer", choices=AXES, help=f"what the shipped one is best in (default: {_DEFAULTS.prefer})")
    _add_amounts(group)
    group.add_argument("--resume", action="store_true", default=None, help="go on with an unfinished ladder")
    group.add_argument("--json", action="store_true", default=None, help="print JSON on stdout instead of text")


def _add_amounts(group: argparse._ArgumentGroup) -> None:
    """Declares how much is measured."""
    group.add_argument(
        "--examples",
        "--words",
        dest="words",
        type=verb.positive_int,
        metavar="N",
        help=f"dev examples that decide (default: {_DEFAULTS.num_words})",
    )
    group.add_argument(
        "--test-examples",
        "--test-words",
        dest="test_words",
        type=verb.positive_int,
        metavar="N",
        help=f"test examples that the shipped file is scored on afterwards (default: {_DEFAULTS.num_test_words})",
    )
    group.add_argument(
        "--emulated-examples",
        "--emulated-words",
        dest="emulated_words",
        type=verb.positive_int,
        metavar="N",
        help=f"examples on an emulated target, a word takes 0.3 s (default: {_DEFAULTS.num_emulated_words})",
    )
    group.add_argument(
        "--seconds",
        type=verb.positive_float,
        metavar="S",
        help=f"of timed decoding or calling for each file and target (default: {_DEFAULTS.min_seconds})",
    )


def check_unused(args: argparse.Namespace, but: tuple[str, ...] = ()) -> None:
    """Refuses flags of the ladder where it is not asked for, `but` those that another way of converting takes.

    Raises:
        ConfigError: naming them.
    """
    given = [flag for name, flag in _FLAGS.items() if name not in but and getattr(args, name) is not None]
    if given:
        raise ConfigError(f"expected --recipe auto with {', '.join(given)}; got other recipes; add --recipe auto")


def check_words_unused(args: argparse.Namespace) -> None:
    """Refuses flags of words where a model of tensors is converted.

    Raises:
        ConfigError: naming them.
    """
    given = [_FLAGS[name] for name in ("max_points_lost", "words", "test_words") if getattr(args, name) is not None]
    if given:
        raise ConfigError(
            f"expected a model of tfedge train with {', '.join(given)}, which counts words; got "
            "--representative-dataset; set a limit by --metric with --at-least or --at-most"
        )


def check_plan(args: argparse.Namespace) -> None:
    """Refuses what needs no model to be refused, before seconds of imports.

    Raises:
        ConfigError: a limit that makes no sense, or an unknown target.
        RuntimeUnavailableError: a target that is not installed.
    """
    from tfedge.reports import check

    config_of(args)
    if args.targets:
        check.choose(args.targets)


def config_of(args: argparse.Namespace) -> LadderConfig:
    """Returns the settings that the flags say.

    Raises:
        ConfigError: a limit that makes no sense.
    """
    size = None if args.max_size_mb is None else max(1, round(args.max_size_mb * 1_000_000))
    limits = _given(
        max_points_lost=args.max_points_lost,
        max_size_ratio=args.max_size_ratio,
        min_speedup=args.min_speedup,
        max_bytes=size,
    )
    settings = _given(
        prefer=args.prefer,
        num_words=args.words,
        num_test_words=args.test_words,
        num_emulated_words=args.emulated_words,
        min_seconds=args.seconds,
    )
    return LadderConfig(LadderLimits(**limits), **settings)


def run(args: argparse.Namespace, forced: list[str]) -> int:
    """Climbs, prints the report, and returns the exit code of its verdict."""
    from tfedge.cli import output, terminal, wing_a

    config = config_of(args)
    check_plan(args)
    wing_a.import_tensorflow()
    from tfedge.networks import trained_model
    from tfedge.pipeline import ladder, ladder_arrays

    is_of_arrays = trained_model.holds_arrays(args.model)
    climb: Callable[..., LadderReport] = ladder_arrays.climb_array_model if is_of_arrays else ladder.climb
    report = climb(
        args.model,
        args.out,
        args.targets,
        config,
        forced=forced,
        data_path=args.data,
        resume=bool(args.resume),
        force=args.force,
        reporter=terminal.TerminalReporter(),
        **({"task": args.task} if is_of_arrays else {}),
    )
    return output.show_ladder(report, style="json" if args.json else "table")


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _number(text: str) -> float:
    """Reads a finite number; its limits are LadderLimits' to say."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"expected a number; got {text!r}")
    return value
