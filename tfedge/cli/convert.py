"""`tfedge convert`: one .tflite file a recipe."""

from __future__ import annotations

import argparse
import pathlib

from tfedge.artifacts import check_writable, read_bytes
from tfedge.cli import convert_rescue, decoding, ladder, user_model, verb, wing_a
from tfedge.conversion import recipes
from tfedge.errors import ConfigError

SUMMARY = "convert a .keras model or a SavedModel to .tflite, one file a recipe, or by the recipe that measures best"
EXAMPLE = "tfedge convert models/g2p/g2p.keras --recipe dynamic_wi8_afp32 --out out"
NEEDS_TRAIN = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge convert`."""
    parser.add_argument(
        "model", type=pathlib.Path, metavar="MODEL", help=".keras of tfedge train or of your own, or a SavedModel"
    )
    parser.add_argument(
        "--recipe",
        action="append",
        dest="recipes",
        metavar="RECIPE",
        help="name, JSON file, or `auto`, which tries all on each target and says which to ship; a recipe named beside "
        "it is written whatever it says; may be repeated (default: those of tfedge run)",
    )
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out"), help="folder to write (default: out)")
    verb.add_data(parser)
    parser.add_argument("--task", metavar="TASK.py", help="Python file of the task, where MODEL is of one of your own")
    verb.add_force(parser)
    decoding.add_arguments(parser)
    ladder.add_arguments(parser)
    user_model.add_arguments(parser)
    convert_rescue.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Converts, and prints one path a line; with `auto` what was chosen, with --rescue what it took."""
    is_rescue = convert_rescue.is_asked(args)
    if is_rescue or args.representative_dataset is not None or ladder.AUTO in (args.recipes or ()):
        decoding.check_unused(args)
    beam_config = decoding.beam_of(args)
    if args.representative_dataset is not None:
        if is_rescue:
            raise ConfigError("expected a model of tfedge train with --rescue, which needs words; leave out --rescue")
        return user_model.run(args)
    user_model.check_unused(args)
    if is_rescue:
        ladder.check_unused(args, but=("max_points_lost",))
        return convert_rescue.run(args)
    names = [name for name in args.recipes or () if name != ladder.AUTO]
    is_auto = len(names) < len(args.recipes or ())
    chosen = [recipes.get(name) for name in (names if is_auto or names else recipes.RECIPES)]
    if is_auto:
        ladder.config_of(args)
    else:
        ladder.check_unused(args)
    read_bytes(args.model, "trained model")
    for recipe in chosen:
        check_writable(recipes.recipe_file(args.out, args.model.stem, recipe.name), args.force or bool(args.resume))
    if is_auto:
        return ladder.run(args, names)
    wing_a.import_tensorflow()
    from tfedge.cli import terminal
    from tfedge.pipeline import convert

    converted = convert.convert_model(
        args.model,
        args.out,
        recipes=args.recipes,
        data_path=args.data,
        force=args.force,
        beam_config=beam_config,
        length_buckets=args.length_buckets,
        signatures=args.signatures,
        reporter=terminal.TerminalReporter(),
        task=args.task,
    )
    for model in converted:
        print(model.path)
    return 0
