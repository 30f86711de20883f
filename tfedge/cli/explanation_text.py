"""How explanations look on a terminal and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from tfedge.checks.explanations import Explanation, Match, catalogue
from tfedge.errors import ConfigError
from tfedge.printable import printable

MAX_WIDTH = 100  # Columns of running text; longer lines are hard to read.
_MAX_SHOWN = 80
_MAX_OTHERS = 8
_LABEL = 13


def show_ids(as_json: bool = False) -> None:
    """Prints every id with its title, by family."""
    if as_json:
        families = [
            {
                "id": name,
                "title": family.title,
                "entries": [
                    {"id": entry.id, "aliases": list(entry.aliases), "title": entry.title} for entry in family.entries
                ],
            }
            for name, family in catalogue.FAMILIES.items()
        ]
        print(json.dumps({"families": families}, indent=2, ensure_ascii=False))
        return
    console = _console()
    width = max(len(entry.id) for entry in catalogue.ALL)
    for family in catalogue.FAMILIES.values():
        console.print(Text(family.title, "bold"))
        _show_rows(console, family.entries, width)
        console.print()
    console.print("tfedge explain ID, or tfedge explain - < LOG")


def show_matches(matches: Sequence[Match], nearest: Sequence[Explanation] = (), as_json: bool = False) -> None:
    """Prints the first match whole and the others by id and title; `nearest` only as JSON, where nothing matched."""
    if as_json:
        found = [
            {**match.entry.to_json(), "family": catalogue.family_of(match.entry), "excerpt": _excerpt(match)}
            for match in matches
        ]
        near = [] if matches else [entry.id for entry in nearest]
        print(json.dumps({"matches": found, "nearest": near}, indent=2, ensure_ascii=False))
        return
    console = _console()
    _show_entry(console, matches[0])
    others = [match.entry for match in matches[1:]]
    if others:
        shown, more = others[:_MAX_OTHERS], others[_MAX_OTHERS:]
        console.print()
        console.print(Text("Also in this text", "bold"))
        _show_rows(console, shown, max(len(entry.id) for entry in shown))
        for line in textwrap.wrap(", ".join(entry.id for entry in more), console.width - 4):
            _print(console, Text(f"    {line}"))


def unknown(text: str, nearest: Sequence[Explanation]) -> ConfigError:
    """Returns the error for a text that nothing explains."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    got = printable(first).strip()[:_MAX_SHOWN]
    near = f"the nearest are {', '.join(entry.id for entry in nearest)}; " if nearest else ""
    return ConfigError(
        f"expected an id or an error that tfedge explains; got {got!r}; {near}paste the whole error with the lines "
        "before it, or run `tfedge explain` for all ids"
    )


def _show_entry(console: Console, match: Match) -> None:
    entry = match.entry
    _print(console, Text.assemble((entry.id, "bold cyan"), ": ", (entry.title, "bold")))
    if match.weight:
        for line in textwrap.wrap(_excerpt(match), console.width - 2):
            _print(console, Text(f"  {line}", "dim"))
    console.print()
    for label, text in (
        ("Cause", entry.cause),
        ("Consequence", entry.consequence),
        ("Fix", entry.fix),
        ("Example", entry.example),
        ("Affects", ", ".join(entry.affects)),
        ("Sources", ", ".join(entry.sources)),
        ("Reproduced", _reproduced(entry)),
    ):
        # An example is copied: its lines stay whole.
        is_code = label == "Example"
        lines = text.splitlines() if is_code else textwrap.wrap(text, console.width - _LABEL, break_on_hyphens=False)
        for number, line in enumerate(lines):
            name = "" if number else label
            _print(console, Text.assemble((f"{name:<{_LABEL}}", "bold"), (line, "green" if is_code else "")))


def _excerpt(match: Match) -> str:
    """Returns the lines that matched, safe to print."""
    return printable(" ".join(match.excerpt.split()))


def _reproduced(entry: Explanation) -> str:
    if not entry.reproduced:
        return f"no: {entry.not_reproduced}"
    return f"by a test, with {', '.join(entry.reproduced)}"


def _show_rows(console: Console, entries: Sequence[Explanation], width: int) -> None:
    indent = width + 4
    for entry in entries:
        first, *rest = textwrap.wrap(entry.title, max(20, console.width - indent))
        _print(console, Text.assemble((f"  {entry.id:<{width}}  ", "cyan"), first))
        for line in rest:
            _print(console, Text(" " * indent + line))


def _print(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True)  # Wrapped before, where it may be.


def _console() -> Console:
    console = Console(highlight=False)
    console.width = max(40, min(console.width, MAX_WIDTH))
    return console
