"""`tfedge targets`: the runtimes a file can be checked against, and the only command that installs one."""

from __future__ import annotations

import argparse

from tfedge.cli.verb import add_json
from tfedge.errors import ConfigError

SUMMARY = "list the runtimes that check knows; add TARGET installs one, remove TARGET frees its disk"
EXAMPLE = "tfedge targets add tflite-runtime==2.14.0@aarch64 ai-edge-litert==2.3.0@aarch64"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge targets`."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=("list", "add", "remove"),
        default="list",
        metavar="list|add|remove",
        help="what to do (default: list)",
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="runtime==version@architecture[:core]; cores of one architecture are one installation",
    )
    parser.add_argument("--force", action="store_true", help="install again what is installed")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Lists, installs or removes."""
    from tfedge.cli.terminal import TerminalReporter
    from tfedge.devices import environment
    from tfedge.runtime.targets import RuntimeTarget

    asked = [RuntimeTarget.parse(text) for text in args.targets]
    if args.action == "list":
        if asked:
            raise ConfigError(f"expected no target to list; got {args.targets[0]}; did you mean `add` or `remove`?")
        return _show(args.json)
    if not asked:
        raise ConfigError(f"expected a target to {args.action}; got none; see `tfedge targets` for those known")
    if args.action == "remove":
        for target in asked:
            environment.remove_target(target)
    else:
        environment.add_targets(asked, args.force, TerminalReporter())
    return _show(as_json=True) if args.json else 0


def _show(as_json: bool) -> int:
    import json

    from tfedge.reports import target_list

    states = target_list.list_targets()
    if as_json:
        print(json.dumps([state.to_json() for state in states], indent=2))
    else:
        print("\n".join(target_list.table_lines(states)))
    return 0
