"""Words from a file, made safe to print: no terminal escape, line break or invisible character gets through."""

from __future__ import annotations


def printable(text: str) -> str:
    """Returns `text` with every character that is not printable written as Python writes it: "\\x1b", "\\n", "\\u202e".

    Names come from files of strangers, and a raw one could recolour a terminal, forge lines of a report, or turn
    the reading direction. Letters of all scripts and the plain space stay.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def shortened(text: str, length: int = 80) -> str:
    """Returns `text` printable and at most `length` characters long: its start, "…", and its end.

    The end stays, because it is what tells apart names that share a long path.
    """
    if len(text) > length:
        tail = (length - 1) // 2
        text = f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"
