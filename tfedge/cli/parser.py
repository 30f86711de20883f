"""The argument parser: absl's argparse integration, with errors as one line that names the nearest match."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping
from typing import Any, NoReturn

from absl.flags import argparse_flags

import tfedge
from tfedge.cli import verb
from tfedge.errors import ConfigError, one_of


class Parser(argparse_flags.ArgumentParser):
    """Raises ConfigError where argparse would print a usage and leave.

    Abbreviated options are refused: a script that says `--o` would change meaning with the next option.
    """

    def __init__(self, **kwargs: Any) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(allow_abbrev=False, formatter_class=layout, **kwargs)  # type: ignore[no-untyped-call]

    def error(self, message: str) -> NoReturn:
        end = " See" if message.endswith("?") else "; see"
        raise ConfigError(f"{message}{end} `{self.prog} --help`")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        # argparse hands a verb's unknown arguments up to the top, which knows neither the verb nor its options.
        parsed, unknown = super().parse_known_args(args, namespace)  # type: ignore[no-untyped-call]
        if unknown:
            near = difflib.get_close_matches(unknown[0].partition("=")[0], self._option_string_actions, n=1)
            self.error(
                f"unrecognized arguments: {' '.join(unknown)}" + (f"; did you mean {near[0]!r}?" if near else "")
            )
        return parsed, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # The hook argparse has for choices; its own message does not say which name was probably meant.
        if action.choices is not None and value not in action.choices:
            self.error(str(one_of(_label(action), value, action.choices)))


def _label(action: argparse.Action) -> str:
    return "/".join(action.option_strings) or str(action.metavar or action.dest)


def build_parser(verbs: Mapping[str, verb.Verb]) -> Parser:
    """Returns the parser of the whole command line; `args.verb` is the verb's name."""
    parser = Parser(
        prog="tfedge",
        description=tfedge.__doc__,
        epilog=_example("tfedge run g2p"),
    )
    parser.add_argument("--version", action="version", version=f"tfedge {tfedge.__version__}")
    subparsers = parser.add_subparsers(title="verbs", dest="verb", metavar="VERB", required=True)
    for name, module in verbs.items():
        subparser = subparsers.add_parser(
            name, help=module.SUMMARY, description=_sentence(module.SUMMARY), epilog=_example(module.EXAMPLE)
        )
        module.add_arguments(subparser)
    return parser


def _example(command: str) -> str:
    return f"example:\n  {command}"


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
