"""Words for people; those of a stranger's file made safe to print.

No terminal escape, line break or invisible character gets through.
"""

from __future__ import annotations

_REMEMBERED = 4096


class _Codes(dict[int, str]):
    """What a letter is written as, by its number; some are remembered, as a hostile name may be megabytes of one."""

    def __missing__(self, number: int) -> str:
        letter = chr(number)
        written = letter if letter.isprintable() else repr(letter)[1:-1]
        if len(self) < _REMEMBERED:
            self[number] = written
        return written


_CODES = _Codes()


def printable(text: str) -> str:
    """Returns `text` with every character that is not printable written as Python writes it: "\\x1b", "\\n", "\\u202e".

    Names come from files of strangers, and a raw one could recolour a terminal, forge lines of a report, or turn
    the reading direction. Letters of all scripts and the plain space stay.
    """
    return text if text.isprintable() else text.translate(_CODES)


def shortened(text: str, length: int = 80) -> str:
    """Returns `text` printable and at most `length` characters long: its start, "…", and its end.

    The end stays, because it is what tells apart names that share a long path.
    """
    if len(text) > length:
        tail = (length - 1) // 2
        text = f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def counted(number: int, noun: str) -> str:
    """Returns "1 file", "2 files": a number with its noun, whose plural is an s."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
