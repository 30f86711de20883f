"""Edit distances against values counted by hand."""

from __future__ import annotations

import pytest

from tfedge.validation.edit_distance import edit_distance


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", 0),
        ("", "a b", 2),
        ("a b", "", 2),
        ("a b c", "a b c", 0),
        ("a b c", "a x c", 1),
        ("a b c", "a c", 1),
        ("a c", "a b c", 1),
        ("a b", "b a", 2),
        ("k i t t e n", "s i t t i n g", 3),
        ("s u n d a y", "s a t u r d a y", 3),
        ("AH0 K", "AH K", 1),
    ],
)
def test_edit_distance_when_counted_by_hand_is_equal(first: str, second: str, expected: int) -> None:
    assert edit_distance(first.split(), second.split()) == expected
    assert edit_distance(tuple(second.split()), first.split()) == expected
