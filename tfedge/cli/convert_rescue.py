"""`tfedge convert --rescue`: what must stay in higher precision for a recipe to meet its accuracy limit."""

from __future__ import annotations

import argparse

from tfedge.artifacts import read_bytes
from tfedge.cli import verb, wing_a
from tfedge.errors import ConfigError

# As RescueConfig's; written again, because importing it imports NumPy, and --help must be quick.
BUDGET_MINUTES = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares --rescue and its budget; `--max-points-lost` is the ladder's too, and declared there."""
    parser.add_argument(
        "--rescue",
        action="store_true",
        help="where the recipe misses its limit: search what must stay in higher precision, write that mixed recipe",
    )
    parser.add_argument(
        "--budget-minutes",
        type=verb.positive_float,
        metavar="M",
        help=f"with --rescue: take the best found by then; run again to go on (default: {BUDGET_MINUTES:g})",
    )


def is_asked(args: argparse.Namespace) -> bool:
    """Returns whether a rescue is asked for.

    Raises:
        ConfigError: --budget-minutes without --rescue, or a rescue of none or several recipes.
    """
    if not args.rescue:
        if args.budget_minutes is not None:
            raise ConfigError(
                "expected --rescue with --budget-minutes; got --budget-minutes alone; add --rescue, or leave it out"
            )
    elif len(args.recipes or ()) != 1:
        raise ConfigError(f"expected one --recipe with --rescue; got {len(args.recipes or ())}; name one")
    return bool(args.rescue)


def run(args: argparse.Namespace) -> int:
    """Rescues, prints what each step cost, and returns 0, 1 (no way was found) or 3 (time was over before)."""
    from tfedge.conversion import recipes
    from tfedge.pipeline import rescue_places
    from tfedge.pipeline.rescue_report import RescueConfig

    config = RescueConfig(args.max_points_lost, args.budget_minutes or BUDGET_MINUTES)
    rescue_places.in_scopes(recipes.get(args.recipes[0]))
    read_bytes(args.model, "trained model")
    wing_a.import_tensorflow()
    from tfedge.cli import terminal
    from tfedge.pipeline import rescue
    from tfedge.pipeline.rescue_text import rescue_lines

    report = rescue.rescue_file(
        args.model, args.out, args.recipes[0], config, args.data, args.force, terminal.TerminalReporter()
    )
    print("\n".join(rescue_lines(report)))
    if report.rescued:
        files = rescue.RescueFiles.of(args.out, args.model.stem, recipes.get(args.recipes[0]))
        print(files.recipe, files.model, files.report, sep="\n")
    return report.exit_code
