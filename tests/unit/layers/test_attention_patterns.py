from __future__ import annotations

import json

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.layers.attention_patterns import BlockPattern, StridedPattern, pattern_from_json

PATTERNS = (
    StridedPattern(4, 3, num_global=2, is_causal=True, block_size=8),
    StridedPattern(4),
    BlockPattern(16, (-4, 0, 1), num_global=1),
)


@pytest.mark.parametrize("pattern", PATTERNS, ids=repr)
def test_pattern_then_survives_json(pattern):
    assert pattern_from_json(json.loads(json.dumps(pattern.to_json()))) == pattern


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"kind": "stridet", "stride": 2}, "must be one of strided, block; got 'stridet'; did you mean 'strided'?"),
        ("strided", "`kind` of an attention pattern must be one of strided, block; got 'strided'"),
        ({"kind": "strided", "stride": 2, "reech": 1}, "a key of `pattern` must be one of .*did you mean 'reach'?"),
        ({"kind": "strided"}, "`pattern` has a missing key"),
        ({"kind": "strided", "stride": 0}, "`stride` must be an integer of 1 or more; got 0"),
        ({"kind": "strided", "stride": True}, "`stride` must be an integer of 1 or more; got True"),
        ({"kind": "strided", "stride": 2, "reach": 0}, "`reach` must be an integer of 1 or more; got 0"),
        ({"kind": "strided", "stride": 2, "block_size": 1.5}, "`block_size` must be an integer of 1 or more; got 1.5"),
        ({"kind": "block", "block_size": 2, "num_global": -1}, "`num_global` must be an integer of 0 or more; got -1"),
        ({"kind": "block", "block_size": 2, "is_causal": 1}, "`is_causal` must be true or false; got 1"),
        ({"kind": "block", "block_size": 2, "offsets": 3}, "`offsets` must be a list of integers; got 3"),
        ({"kind": "block", "block_size": 2, "offsets": [-1]}, "must be different and have 0, the own block; got"),
        ({"kind": "block", "block_size": 2, "offsets": [0, 0]}, "must be different and have 0, the own block; got"),
        ({"kind": "block", "block_size": 2, "is_causal": True}, "`offsets` must not be above 0 where `is_causal`"),
    ],
)
def test_pattern_when_it_is_illegal_then_refused_in_one_line(value, said):
    with pytest.raises(ConfigError, match=said) as caught:
        pattern_from_json(value)
    assert "\n" not in str(caught.value)


def test_layout_when_long_then_blocks_and_their_neighbours():
    layout = StridedPattern(2, 4, block_size=4).layout(100)
    assert (layout.num_lanes, layout.block_size, layout.num_blocks, layout.offsets) == (2, 4, 13, (-1, 0, 1))
    np.testing.assert_array_equal(layout.allowed[0], [True] * 9 + [False] * 3)
    np.testing.assert_array_equal(layout.allowed[3], [False] * 3 + [True] * 9)


def test_layout_when_a_lane_is_shorter_than_what_a_block_sees_then_one_block():
    layout = StridedPattern(1, 8).layout(40)
    assert (layout.block_size, layout.num_blocks, layout.offsets) == (40, 1, (0,))


def test_layout_when_blocks_are_further_than_the_ends_then_left_out():
    assert BlockPattern(4, (-9, -1, 0)).layout(12).offsets == (-1, 0)
