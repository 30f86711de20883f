"""Variants of recordings: what each does to gravity and to rotation; the recordings themselves stay."""

from __future__ import annotations

import numpy as np

from tfedge.tasks.recordings import Recording
from tfedge.tasks.signal_variants import Variation, at_speed, mirrored, variants

CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")
ROWS = np.random.default_rng(0).normal(size=(101, 6)).astype(np.float32)


def test_mirrored_when_done_twice_then_it_is_the_recording():
    once = mirrored(ROWS, CHANNELS)
    np.testing.assert_array_equal(once[:, [0, 4, 5]], -ROWS[:, [0, 4, 5]])
    np.testing.assert_array_equal(once[:, [1, 2, 3]], ROWS[:, [1, 2, 3]])
    np.testing.assert_array_equal(mirrored(once, CHANNELS), ROWS)


def test_mirrored_when_axes_have_other_names_then_nothing_changes():
    np.testing.assert_array_equal(mirrored(ROWS, tuple("abcdef")), ROWS)


def test_at_speed_when_twice_as_fast_then_half_the_rows_and_double_rotation():
    fast = at_speed(ROWS, CHANNELS, 2.0)
    np.testing.assert_allclose(fast[:, :3], ROWS[::2, :3], rtol=1e-6)
    np.testing.assert_allclose(fast[:, 3:], 2 * ROWS[::2, 3:], rtol=1e-6)
    assert len(at_speed(ROWS, CHANNELS, 0.5)) == 201


def test_variants_when_made_twice_then_they_are_alike_and_begin_with_the_recordings():
    recordings = [Recording(ROWS, "walk", "1"), Recording(ROWS[:50], "run", "2")]
    made, again = (variants(recordings, CHANNELS, Variation(copies=3)) for _ in range(2))
    assert made[:2] == recordings
    assert [(each.label, each.subject) for each in made] == [("walk", "1"), ("run", "2")] * 4
    for one, other in zip(made, again, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)


def test_variants_when_there_are_to_be_none_then_recordings_stay_alone():
    recordings = [Recording(ROWS, "walk", "1")]
    assert variants(recordings, CHANNELS, Variation(copies=0)) == recordings
