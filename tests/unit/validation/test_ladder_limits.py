from __future__ import annotations

import math

import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.tensor_task import Quality
from tfedge.validation.ladder_limits import LadderLimits, Speedup, speed_gate


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("max_points_lost", -0.1),
        ("max_points_lost", 101),
        ("max_points_lost", math.nan),
        ("max_points_lost", True),
        ("max_size_ratio", 0),
        ("max_size_ratio", math.inf),
        ("min_speedup", -1),
        ("min_speedup", "2"),
        ("max_bytes", 0),
        ("max_bytes", 1.5),
        ("quality", "agreement"),
        ("quality", Quality("snr_db", None)),
    ],
)
def test_limits_when_one_makes_no_sense_then_it_is_named(limit, value):
    with pytest.raises(ConfigError, match=f"`{limit}` must be"):
        LadderLimits(**{limit: value})


def test_limits_at_their_ends_then_accepted():
    assert LadderLimits(0, 0.01, 0, 1).min_speedup == 0
    assert LadderLimits(100).max_points_lost == 100


@pytest.mark.parametrize(("times", "verdict"), [(0.95, "pass"), (0.94, "fail")])
def test_speed_gate_then_the_measured_speed_is_compared_with_the_limit(times, verdict):
    finding = speed_gate(Speedup(times, times - 0.02, times + 0.02, "greedy"), 0.95)
    assert (finding.gate, finding.verdict, finding.measured, finding.limit) == ("speed", verdict, times, 0.95)
    assert ("its interval reaches the limit" in finding.message) == (verdict == "fail")


def test_speed_gate_when_surely_slower_then_no_more_is_promised_of_a_longer_run():
    finding = speed_gate(Speedup(0.5, 0.4, 0.6, "greedy"), 0.95)
    assert finding.verdict == "fail" and "longer run" not in finding.message
    assert "0.50x the speed of float32 by greedy (95 % interval 0.40 to 0.60)" in finding.message


def test_speed_gate_when_not_timed_then_not_measured_with_the_reason():
    finding = speed_gate(None, 0.95, "the target is emulated here")
    assert finding.verdict == "not_measured" and "the target is emulated here" in finding.message


@pytest.mark.parametrize("numbers", [(0, 0, 1), (1, 2, 1.5), (1, 1, math.inf), (math.nan, 1, 1)])
def test_speedup_when_illegal_then_config_error(numbers):
    with pytest.raises(ConfigError, match="a speedup"):
        Speedup(*numbers, "greedy")


@pytest.mark.parametrize("limits", [LadderLimits(1.0, max_bytes=5), LadderLimits(quality=Quality("mine:f", 0.1, True))])
def test_limits_then_read_as_written(limits):
    assert LadderLimits.from_json(limits.to_json()) == limits
    with pytest.raises(ConfigError, match="max_point"):
        LadderLimits.from_json({**limits.to_json(), "max_point": 1})
