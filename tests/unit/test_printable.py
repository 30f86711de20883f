"""Words of a stranger's file reach a terminal only in a form that cannot act on it."""

from __future__ import annotations

import pytest

from tfedge.printable import printable, shortened


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b31m", "\\x9b31m"),  # The one-byte form of ESC [.
        ("\u202etxet", "\\u202etxet"),  # Turns the reading direction.
        ("\ud800", "\\ud800"),
        ("\u2028", "\\u2028"),
        ("\U000e0041", "\\U000e0041"),  # An invisible tag letter.
    ],
)
def test_printable_when_a_letter_acts_on_a_terminal_writes_its_code(text: str, expected: str) -> None:
    assert printable(text) == expected
    assert printable(text).isprintable()


@pytest.mark.parametrize("text", ["", "encoder/layer_0/dense", "naïve 文字 ひらがな", "a\\b"])
def test_printable_when_all_letters_are_ordinary_changes_nothing(text: str) -> None:
    assert printable(text) == text


def test_shortened_when_long_keeps_start_and_end() -> None:
    assert shortened("a" * 50 + "/BiasAdd", 21) == "aaaaaaaaaa…aa/BiasAdd"
    assert shortened("short", 5) == "short"


def test_shortened_when_codes_make_it_longer_still_fits() -> None:
    assert shortened("\x1b" * 20, 20) == "\\x1b\\x1b\\x1b\\x1b\\x1…"
