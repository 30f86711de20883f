"""The arguments of `tfedge convert` that add the signature `beam`."""

from __future__ import annotations

import argparse

from tfedge.cli import verb
from tfedge.errors import ConfigError
from tfedge.networks.beam_config import BeamConfig

_FLAGS = ("beam_width", "num_best", "length_penalty")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares them."""
    group = parser.add_argument_group("beam search, a signature of models of tfedge train")
    group.add_argument("--beam-width", type=verb.positive_int, metavar="W", help="hypotheses that go on at each step")
    group.add_argument("--num-best", type=verb.positive_int, metavar="N", help="answers with scores (default: W)")
    group.add_argument(
        "--length-penalty",
        type=float,
        metavar="A",
        help="scores are divided by length ** A: 0 (the default) prefers short answers, 1 compares the mean a token",
    )


def config_of(args: argparse.Namespace) -> BeamConfig | None:
    """Returns how to search, or None where nobody asked for it.

    Raises:
        ConfigError: an illegal value, or a flag without --beam-width.
    """
    if args.beam_width is None:
        check_unused(args, "expected --beam-width beside {}; give it")
        return None
    return BeamConfig(args.beam_width, args.num_best or args.beam_width, args.length_penalty or 0.0)


def check_unused(
    args: argparse.Namespace, said: str = "expected {} for a named recipe of a model of tfedge train; leave it out here"
) -> None:
    """Refuses the flags where they do nothing; ConfigError names the first."""
    for name in _FLAGS:
        if getattr(args, name) is not None:
            raise ConfigError(said.format("--" + name.replace("_", "-")))
