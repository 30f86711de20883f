"""The arguments of `tfedge convert` that shape the decode inside a file: beam search, length buckets, signatures."""

from __future__ import annotations

import argparse

from tfedge.cli import verb
from tfedge.errors import ConfigError
from tfedge.networks.beam_config import BeamConfig

_BEAM_FLAGS = ("beam_width", "num_best", "length_penalty")
_SIGNATURES = ("encode", "decode_step", "greedy", "beam")
_FLAGS = (*_BEAM_FLAGS, "length_buckets", "signatures")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares them."""
    group = parser.add_argument_group("decoding inside the file, of models of tfedge train")
    group.add_argument("--beam-width", type=verb.positive_int, metavar="W", help="hypotheses that go on at each step")
    group.add_argument("--num-best", type=verb.positive_int, metavar="N", help="answers with scores (default: W)")
    group.add_argument(
        "--length-penalty",
        type=float,
        metavar="A",
        help="scores are divided by length ** A: 0 (the default) prefers short answers, 1 compares the mean a token",
    )
    group.add_argument(
        "--length-buckets",
        type=verb.positive_int,
        nargs="*",
        metavar="S",
        help="source lengths that the file holds the encoder for, beside the longest: a short source then costs less, "
        "and a runtime packs the encoder's weights once more for each (default: a quarter and a half of the longest, "
        "but none for dynamic_wi8_afp32; without a length: none)",
    )
    group.add_argument(
        "--signatures",
        nargs="+",
        choices=_SIGNATURES,
        metavar="NAME",
        help="entry points to keep, of encode, decode_step, greedy and beam; each one costs a runtime memory, called "
        "or not, and without encode and decode_step no stage between input and answer can be compared (default: all)",
    )


def beam_of(args: argparse.Namespace) -> BeamConfig | None:
    """Returns how to search, or None where nobody asked for it.

    Raises:
        ConfigError: an illegal value, or a flag without --beam-width.
    """
    if args.beam_width is None:
        _refuse(args, _BEAM_FLAGS, "expected --beam-width beside {}; give it")
        return None
    return BeamConfig(args.beam_width, args.num_best or args.beam_width, args.length_penalty or 0.0)


def check_unused(args: argparse.Namespace) -> None:
    """Refuses all of them where they do nothing; ConfigError names the first."""
    _refuse(args, _FLAGS, "expected {} for a named recipe of a model of tfedge train; leave it out here")


def _refuse(args: argparse.Namespace, flags: tuple[str, ...], said: str) -> None:
    for name in flags:
        if getattr(args, name) is not None:
            raise ConfigError(said.format("--" + name.replace("_", "-")))
