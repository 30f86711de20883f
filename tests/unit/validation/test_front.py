from __future__ import annotations

import itertools
import random

import pytest

from tfedge.errors import ConfigError
from tfedge.validation.front import Cost, dominates, front, rank, standing


def cost(name="a", lost=0.1, latency=1.0, size=1_000_000, margin=0.1):
    return Cost(name, lost, margin, latency, size)


@pytest.mark.parametrize(
    ("other", "signs"),
    [
        (cost(), (0, 0, 0)),
        (cost(lost=0.21), (-1, 0, 0)),
        (cost(lost=0.2), (0, 0, 0)),  # Within the margin of 0.1 points.
        (cost(lost=-0.01), (1, 0, 0)),
        (cost(lost=0.21, margin=0.3), (-1, 0, 0)),  # The narrower interval of the two counts.
        (cost(latency=1.06), (0, -1, 0)),
        (cost(latency=1.05), (0, 0, 0)),
        (cost(latency=0.94), (0, 1, 0)),
        (cost(size=1_011_000), (0, 0, -1)),
        (cost(size=1_009_000), (0, 0, 0)),
        (cost(latency=None), (0, 0, 0)),
        (cost(lost=None, size=500_000), (0, 0, 1)),
    ],
)
def test_standing_then_only_what_is_beyond_a_margin_tells(other, signs):
    assert tuple(standing(cost(), other).values()) == signs
    assert tuple(standing(other, cost()).values()) == tuple(-sign for sign in signs)


def test_dominates_when_better_at_one_thing_and_no_worse_then_true():
    assert dominates(cost(latency=0.5), cost())
    assert dominates(cost(latency=0.5, lost=0.2), cost())  # 0.1 points are within the margin.
    assert not dominates(cost(latency=0.5, lost=0.21), cost())
    assert not dominates(cost(), cost())


@pytest.mark.parametrize(("prefer", "first"), [("latency", "fast"), ("size", "small"), ("accuracy", "right")])
def test_rank_then_the_preferred_axis_decides(prefer, first):
    costs = [cost("right", lost=-0.5), cost("small", size=1000), cost("fast", latency=0.2)]
    assert rank(costs, prefer)[0].name == first
    assert rank(costs[::-1], prefer) == rank(costs, prefer)


def test_rank_when_two_are_as_fast_then_the_smaller():
    costs = [cost("float32", latency=1.0, size=4_000_000), cost("weight_only", latency=1.04, size=1_000_000)]
    assert rank(costs)[0].name == "weight_only"
    slower = [costs[0], cost("weight_only", latency=1.06, size=1_000_000)]
    assert rank(slower)[0].name == "float32"


def test_rank_when_an_axis_was_not_measured_then_what_was_comes_first():
    assert [each.name for each in rank([cost("b", latency=None), cost("a", latency=9.0)])] == ["a", "b"]
    assert [each.name for each in rank([cost("b", latency=None, size=1), cost("a", latency=None)])] == ["b", "a"]


def test_rank_when_the_axis_is_unknown_then_config_error():
    with pytest.raises(ConfigError, match="did you mean 'latency'"):
        rank([cost()], "latensy")


def test_front_then_what_dominates_is_named_and_on_the_front():
    best, small, bad = cost("best", latency=0.5), cost("small", latency=2.0, size=10), cost("bad", latency=2.0)
    kept, dominated = front([bad, small, best])
    assert kept == [best, small] and dominated == {"bad": best}


def test_front_when_two_are_equal_then_both_are_kept():
    kept, dominated = front([cost("b"), cost("a")])
    assert [each.name for each in kept] == ["a", "b"] and dominated == {}


def test_front_of_any_costs_then_nothing_kept_is_lost_and_each_dominator_is_kept():
    drawn = random.Random(3)
    for _ in range(50):
        costs = [cost(str(n), drawn.uniform(-1, 1), drawn.uniform(0.5, 2), drawn.randint(1, 9)) for n in range(8)]
        kept, dominated = front(costs)
        assert {each.name for each in kept} | set(dominated) == {each.name for each in costs}
        assert all(by in kept and dominates(by, costs[int(name)]) for name, by in dominated.items())
        # Taken best first: none is kept that one kept before it dominates.
        assert not any(dominates(first, second) for first, second in itertools.combinations(kept, 2))


@pytest.mark.parametrize(
    "wrong", [dict(latency=0.0), dict(size=0), dict(margin=-0.1), dict(lost=float("nan")), dict(latency=float("inf"))]
)
def test_cost_when_a_number_is_illegal_then_config_error(wrong):
    with pytest.raises(ConfigError, match="got"):
        cost(**wrong)
