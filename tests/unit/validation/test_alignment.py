from __future__ import annotations

import random

import pytest

from tfedge.validation.alignment import align
from tfedge.validation.edit_distance import edit_distance


@pytest.mark.parametrize(
    ("right", "answer", "pairs"),
    [
        ("K AE T", "K AE T", [("K", "K"), ("AE", "AE"), ("T", "T")]),
        ("K AE T", "K AA T S", [("K", "K"), ("AE", "AA"), ("T", "T"), (None, "S")]),
        ("K AE T", "K T", [("K", "K"), ("AE", None), ("T", "T")]),
        ("K", "", [("K", None)]),
        ("", "", []),
    ],
)
def test_align_then_these_pairs(right, answer, pairs):
    assert align(right.split(), answer.split()) == pairs


def test_align_then_nothing_is_lost_and_edits_are_the_fewest():
    shuffled = random.Random(2)
    for _ in range(200):
        right, answer = (shuffled.choices("abc", k=shuffled.randrange(7)) for _ in range(2))
        pairs = align(right, answer)
        assert [token for token, _ in pairs if token is not None] == right
        assert [token for _, token in pairs if token is not None] == answer
        assert sum(one != other for one, other in pairs) == edit_distance(right, answer)
