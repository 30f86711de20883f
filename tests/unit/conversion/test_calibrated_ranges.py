from __future__ import annotations

import numpy as np

from tfedge.conversion.calibrated_ranges import excursions, ranges_of


def calls(*rows):
    """One call of `decode_step` for each row of float values, and the same ids each time."""
    return {"decode_step": tuple({"cache": np.array([row], np.float32), "ids": np.array([7])} for row in rows)}


def test_ranges_of_then_least_and_largest_of_float_inputs_over_all_calls():
    assert ranges_of(calls([0.5, 2.0], [-3.0, 1.0])) == {"decode_step": {"cache": (-3.0, 2.0)}}


def test_excursions_then_calls_that_leave_on_either_side_are_counted_once():
    (found,) = excursions(calls([-1.0, 1.0]), calls([0.0, 1.5], [-2.0, 1.5], [-1.0, 1.0], [0.0, 0.0]))
    assert (found.signature, found.input, found.low, found.high) == ("decode_step", "cache", -1.0, 1.0)
    assert (found.seen_low, found.seen_high, found.num_outside, found.num_calls) == (-2.0, 1.5, 2, 4)
    assert found.to_json()["share_outside"] == 0.5


def test_excursions_when_all_stay_inside_then_none():
    (found,) = excursions(calls([-1.0, 1.0]), calls([-1.0, 0.9], [0.0, 1.0]))
    assert found.num_outside == 0


def test_excursions_when_a_signature_was_not_called_then_it_says_nothing():
    assert excursions(calls([-1.0, 1.0]), {"encode": ()}) == ()
