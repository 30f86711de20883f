from __future__ import annotations

import itertools
import random

import pytest

from tfedge.conversion.scopes import STATIC, Scope
from tfedge.errors import ConfigError
from tfedge.pipeline.rescue_places import Place
from tfedge.pipeline.rescue_search import BudgetSpentError, Measurement, Search


def place(name: str, weight_bytes: int = 0, num_ops: int = 1) -> Place:
    return Place(name, "FULLY_CONNECTED", Scope(STATIC), num_ops, weight_bytes)


A, B, C, D = (place(name) for name in "abcd")


def measured(points: float, share: float = 0.5, refused: str = "") -> Measurement:
    return Measurement(100, points, max(-100.0, points - 1), min(100.0, points + 1), share, 1000, refused)


class Network:
    """A network by two functions of the names that are kept: points lost, and share of answers as in float."""

    def __init__(self, points, share=None, budget=10_000, other_points=None):
        self.points, self.budget, self.other_points = points, budget, other_points or points
        self.confirmed = []
        self.share_of = share or (lambda kept: 1 - points(kept) / 100)
        self.asked = []

    def _spend(self, kept):
        if len(self.asked) >= self.budget:
            raise BudgetSpentError("the budget of 1 minutes is spent")
        self.asked.append(frozenset(each.layers for each in kept))
        return self.asked[-1]

    def decide(self, kept):
        return measured(self.points(self._spend(kept)))

    def share(self, kept):
        return self.share_of(self._spend(kept))

    def confirm(self, kept):
        self.confirmed.append({each.layers for each in kept})
        return measured(self.other_points(frozenset(each.layers for each in kept)))


def kept_of(outcome) -> list[str] | None:
    return None if outcome.kept is None else [each.layers for each in outcome.kept]


def losses(**of_place: float):
    """Returns points(kept): what is not kept loses its own points."""
    return lambda kept: float(sum(lost for name, lost in of_place.items() if name not in kept))


def test_search_when_one_place_does_all_the_harm_then_it_alone_is_kept():
    outcome = Search(Network(losses(a=0.1, b=5.0, c=0.1)), 0.5).run((A, B, C))
    assert kept_of(outcome) == ["b"]
    assert outcome.measurement.points_lost == pytest.approx(0.2)
    assert outcome.base.points_lost == pytest.approx(5.2)
    assert outcome.damage[B] == pytest.approx(0.05)
    assert not outcome.stopped


def test_search_when_two_break_it_together_then_both_are_found_though_neither_wins_alone():
    """A mask and its softmax: everything is wrong until both are in float."""
    outcome = Search(Network(lambda kept: 0.0 if {"b", "d"} <= kept else 74.0), 0.5).run((A, B, C, D))
    assert sorted(kept_of(outcome)) == ["b", "d"]


def test_search_when_the_recipe_meets_its_limit_then_nothing_is_kept_and_nothing_else_is_measured():
    network = Network(losses(a=0.2, b=0.2))
    outcome = Search(network, 0.5).run((A, B))
    assert kept_of(outcome) == [] and outcome.measurement == outcome.base
    assert network.asked == [frozenset()]


def test_search_when_everything_kept_still_misses_then_none_is_found():
    outcome = Search(Network(lambda kept: 3.0 - len(kept)), 0.5).run((A, B))
    assert outcome.kept is None and outcome.measurement is None and not outcome.stopped
    # The near twin: one point less, and it is found.
    assert sorted(kept_of(Search(Network(lambda kept: 2.0 - len(kept)), 0.5).run((A, B)))) == ["a", "b"]


def test_search_when_ranking_misleads_then_what_is_not_needed_is_pruned():
    # By answers a and b look worst, by words only d matters.
    network = Network(losses(d=2.0), share=lambda kept: 1 - 0.3 * ("a" not in kept) - 0.2 * ("b" not in kept))
    assert kept_of(Search(network, 0.5).run((A, B, C, D))) == ["d"]


def test_search_when_bytes_differ_then_the_smaller_set_is_taken():
    heavy, light, other = place("heavy", 100_000), place("light", 100), place("other", 100)
    # heavy alone is enough, and so are the other two together, at a five-hundredth of the bytes.
    network = Network(lambda kept: 0.0 if "heavy" in kept or {"light", "other"} <= kept else 4.0, losses_share)
    assert sorted(kept_of(Search(network, 0.5).run((heavy, light, other)))) == ["light", "other"]
    # The near twin: of equal bytes the one that hurts most comes first.
    equal = Network(lambda kept: 0.0 if "heavy" in kept or {"light", "other"} <= kept else 4.0, losses_share)
    assert kept_of(Search(equal, 0.5).run((place("heavy"), place("light"), place("other")))) == ["heavy"]


def losses_share(kept):
    return 1 - 0.2 * ("heavy" not in kept) - 0.1 * ("light" not in kept) - 0.1 * ("other" not in kept)


@pytest.mark.parametrize("seed", range(20))
def test_search_when_losses_are_random_then_no_kept_place_can_be_left_out(seed):
    draw = random.Random(seed)
    places = tuple(place(f"p{index}", draw.randrange(1, 9_000)) for index in range(12))
    own = {each.layers: draw.expovariate(2) for each in places}
    pairs = {frozenset(pair): draw.random() for pair in itertools.combinations(own, 2) if draw.random() < 0.2}

    def points(kept):
        together = sum(lost for pair, lost in pairs.items() if not pair & kept)
        return float(sum(lost for name, lost in own.items() if name not in kept) + together)

    outcome = Search(Network(points), 0.5).run(places)
    names = frozenset(kept_of(outcome))
    assert points(names) <= 0.5
    assert all(points(names - {name}) > 0.5 for name in names)


@pytest.mark.parametrize(("needed", "expected"), [({"a1"}, ["a1"]), ({"a"}, ["a"])])
def test_search_when_a_place_can_be_split_then_its_parts_replace_it_only_where_they_suffice(needed, expected):
    whole, parts = place("a", num_ops=9), (place("a1"), place("a2"), place("a3"))

    def points(kept):
        held = kept | ({"a1", "a2", "a3"} if "a" in kept else frozenset())
        return 0.0 if needed <= held else 9.0

    outcome = Search(Network(points), 0.5, lambda each: parts if each == whole else (each,)).run((whole, B))
    assert kept_of(outcome) == expected


def test_search_when_the_budget_ends_then_the_best_so_far_is_told_with_the_reason():
    points = losses(a=0.1, b=5.0, c=0.1, d=0.1)
    whole = Network(points)
    Search(whole, 0.5).run((A, B, C, D))
    sizes = []
    for budget in range(len(whole.asked)):
        outcome = Search(Network(points, budget=budget), 0.5).run((A, B, C, D))
        assert outcome.stopped == "the budget of 1 minutes is spent"
        assert outcome.kept is None or outcome.measurement.points_lost <= 0.5
        sizes.append(None if outcome.kept is None else len(outcome.kept))
    # Nothing, then everything, then what is needed: never worse with more time.
    assert sizes[0] is None and sizes[2] == 4 and sizes[-1] == 1
    assert sizes[2:] == sorted(sizes[2:], reverse=True)


def test_search_when_other_words_disagree_then_places_are_added_until_they_agree():
    lucky = Network(losses(b=5.0), other_points=losses(a=0.4, b=5.0, c=0.3, d=0.1), share=losses_of_all)
    outcome = Search(lucky, 0.5).run((A, B, C, D))
    assert kept_of(outcome) == ["b", "a"]
    assert lucky.confirmed == [{"b"}, {"a", "b"}]
    assert (outcome.measurement.points_lost, outcome.confirmed.points_lost) == (0.0, pytest.approx(0.4))
    # The near twins: words that agree need no more, and words that never agree are told.
    agreeing = Search(Network(losses(b=5.0), share=losses_of_all), 0.5).run((A, B, C, D))
    assert kept_of(agreeing) == ["b"] and agreeing.confirmed.points_lost == 0.0
    never = Search(Network(losses(b=5.0), other_points=lambda _: 3.0, share=losses_of_all), 0.5).run((A, B, C, D))
    assert len(never.kept) == 4 and never.confirmed.points_lost == 3.0


def losses_of_all(kept):
    return 1 - sum(lost for name, lost in {"a": 0.04, "b": 0.5, "c": 0.03, "d": 0.01}.items() if name not in kept)


def test_search_when_the_budget_ends_before_other_words_agree_then_both_are_told():
    points = losses(b=5.0)
    whole = Network(points, share=losses_of_all)
    Search(whole, 0.5).run((A, B, C, D))
    short = Network(points, share=losses_of_all, other_points=lambda _: 3.0, budget=len(whole.asked))
    outcome = Search(short, 0.5).run((A, B, C, D))
    assert outcome.stopped and kept_of(outcome) == ["b"] and outcome.confirmed.points_lost == 3.0


def test_search_when_a_candidate_is_refused_then_it_does_not_meet_the_limit():
    class Refusing(Network):
        def decide(self, kept):
            if len(self._spend(kept)) == 1:
                return measured(0.0, refused="unsupported")
            return measured(self.points(frozenset(each.layers for each in kept)))

    outcome = Search(Refusing(losses(a=0.1, b=5.0, c=0.1)), 0.5).run((A, B, C))
    assert "b" in kept_of(outcome) and len(outcome.kept) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_words": 0},
        {"identical_share": 1.1},
        {"size_bytes": -1},
        {"points_low": 2.0, "points_high": 1.0},
        {"points_lost": 101.0},
    ],
)
def test_measurement_when_illegal_then_config_error(wrong):
    fields = {**measured(0.0).to_json(), **wrong}
    with pytest.raises(ConfigError):
        Measurement(**fields)
