"""HTML and SVG from Python calls: every text is escaped unless it was made here, so that no file can write markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from tfedge.printable import printable

# Elements that HTML closes by itself; SVG's are closed in words, which every parser reads alike.
_VOID = frozenset({"meta", "img", "br", "wbr"})

Attribute = str | int | float | None


class Markup(str):
    """A text that is HTML already; only this module makes one from a text."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Returns a stranger's text as HTML: printable, and without a character that HTML reads as its own."""
    return Markup(html.escape(printable(value), quote=True))


def element(tag: str, *children: str, **attributes: Attribute) -> Markup:
    """Returns one element.

    Args:
        tag: its name.
        children: `Markup` as it is, and any other text escaped.
        attributes: by name, of which a `_` at the end is cut and others become `-`: `class_`, `stroke_width`. None
            leaves the attribute out.
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{joined(children)}</{tag}>")


def joined(parts: Iterable[str], separator: str = "") -> Markup:
    """Returns the parts one after the other, those that are no `Markup` escaped."""
    return Markup(text(separator).join(part if isinstance(part, Markup) else text(part) for part in parts))


def breakable(name: str) -> Markup:
    """Returns a long name that a narrow box may break behind "_" and "/", and nowhere else."""
    return Markup(re.sub("([_/])", r"\1<wbr>", text(name)))


def raw(trusted: str) -> Markup:
    """Returns a text of this program, such as its style sheet, as HTML; nothing of a file may come here."""
    return Markup(trusted)


def number(value: float) -> str:
    """Returns a coordinate with at most two digits after the point: "12", "3.5"."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _value(value: str | int | float) -> str:
    return text(value) if isinstance(value, str) else number(value)
