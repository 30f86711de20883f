"""The times of rows: another rate is refused, a gap is told, late rows and rounded times are neither."""

from __future__ import annotations

import numpy as np
import pytest

from tfedge.errors import InputError
from tfedge.tasks.csv_rows import Row
from tfedge.tasks.timeline import RATE_INTERVALS, Timeline, rate_of


def _gaps(times, rate_hz=50.0) -> list[int]:
    timeline = Timeline("a.csv", rate_hz)
    return [place for place, time in enumerate(times) if timeline.is_gap_before(Row(place + 2, (0.0,), time=time))]


def test_gap_when_rows_are_left_out_then_the_first_one_behind_is_told():
    times = np.delete(np.arange(100) / 50, [40, 70, 71])
    assert _gaps(times) == [40, 69]


def test_gap_when_times_are_late_or_rounded_then_there_is_none():
    late = np.arange(200) / 50 + np.random.default_rng(0).uniform(0, 0.004, 200)
    assert _gaps(late) == []
    assert _gaps(np.round(np.arange(200) / 30, 2), rate_hz=30.0) == []


@pytest.mark.parametrize("rate_hz", [25.0, 44.0, 56.0, 100.0])
def test_gap_when_the_rate_is_another_then_it_is_refused(rate_hz):
    with pytest.raises(InputError, match=f"50 rows a second in a.csv; got {rate_hz:.4g}"):
        _gaps(np.arange(RATE_INTERVALS + 1) / rate_hz)


def test_gap_when_the_rate_is_near_then_it_is_not_refused():
    assert _gaps(np.arange(100) / 47) == []


def test_gap_when_the_column_rate_says_another_then_it_is_refused():
    timeline = Timeline("a.csv", 50.0)
    assert not timeline.is_gap_before(Row(2, (0.0,), rate=50.0))
    with pytest.raises(InputError, match="got 100 at line 3"):
        timeline.is_gap_before(Row(3, (0.0,), rate=100.0))


def test_gap_when_time_does_not_rise_then_it_is_refused():
    with pytest.raises(InputError, match="times that rise in a.csv; line 3"):
        _gaps([1.0, 1.0])


def test_gap_when_no_rate_is_known_then_nothing_is_judged():
    assert _gaps([3.0, 1.0, 400.0], rate_hz=None) == []


def test_close_when_the_source_was_short_then_its_rate_is_judged_all_the_same():
    timeline = Timeline("a.csv", 50.0)
    for place in range(4):
        timeline.is_gap_before(Row(place + 2, (0.0,), time=place / 10))
    with pytest.raises(InputError, match="got 10 at line 5"):
        timeline.close(5)


def test_rate_of_when_there_are_gaps_then_they_do_not_count():
    assert rate_of([0.02] * 9 + [5.0]) == 50.0
    assert rate_of([0.03, 0.03, 0.04]) == 30.0
    assert rate_of([]) is None
