"""`tfedge package`: puts task spec, golden cases and manifest into a .tflite file."""

from __future__ import annotations

import argparse
import pathlib

from tfedge.artifacts import check_writable, read_bytes
from tfedge.cli import verb, wing_a
from tfedge.conversion import recipes

SUMMARY = "add task spec, golden cases and manifest to a .tflite file, so that it travels alone"
EXAMPLE = "tfedge package out/g2p.float32.tflite --from models/g2p/g2p.keras --out out/mine.tflite"
NEEDS_TRAIN = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge package`."""
    parser.add_argument("model", type=pathlib.Path, metavar="MODEL.tflite", help="converted model")
    parser.add_argument(
        "--from",
        dest="trained",
        type=pathlib.Path,
        required=True,
        metavar="MODEL.keras",
        help="trained model it was converted from: the reference of the golden cases",
    )
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="FILE.tflite", help="packed file to write")
    parser.add_argument("--recipe", help="how MODEL.tflite was quantized (default: what its old pack says)")
    verb.add_data(parser)
    verb.add_force(parser)


def run(args: argparse.Namespace) -> int:
    """Packs, and prints the path."""
    if args.recipe:
        recipes.get(args.recipe)
    for path, what in ((args.model, "converted model"), (args.trained, "trained model")):
        read_bytes(path, what)
    from tfedge.modelfile import flatbuffer, pack

    flatbuffer.verify_model(pack.split_model(args.model))
    if not args.recipe and not pack.has_pack(args.model):
        raise recipes.unnamed(args.model)
    check_writable(args.out, args.force)
    wing_a.import_tensorflow()
    from tfedge.cli import terminal
    from tfedge.pipeline import convert

    packed = convert.package_model(
        args.model,
        args.trained,
        args.out,
        recipe=args.recipe,
        data_path=args.data,
        force=args.force,
        reporter=terminal.TerminalReporter(),
    )
    print(packed.path)
    return 0
