"""The search of a rescue: the smallest set of places in higher precision that meets a limit. Pure: it asks a
measuring object and knows nothing of files.

Damage is what a place alone costs while all others are kept: where two places break a network together, as a mask and
its softmax do, keeping either of them alone wins nothing, but quantizing either of them alone shows all of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from tfedge.errors import ConfigError
from tfedge.pipeline.rescue_places import Place

Places = tuple[Place, ...]


class BudgetSpentError(Exception):
    """Raised by a `Meter` in place of a measurement when time is over; never leaves the search."""


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What a recipe does to dev words.

    Attributes:
        num_words: words decoded.
        points_lost: points of word error rate above the float network.
        points_low: lower end of its paired 95 % interval, points.
        points_high: its upper end.
        identical_share: 0 to 1: share of answers equal to the float network's.
        size_bytes: of the file; 0 where there is none.
        refused: why it could not be converted or run; empty where it could. It then counts as all wrong.
    """

    num_words: int
    points_lost: float
    points_low: float
    points_high: float
    identical_share: float
    size_bytes: int
    refused: str = ""

    def __post_init__(self) -> None:
        if self.num_words < 1 or self.size_bytes < 0 or not 0 <= self.identical_share <= 1:
            raise ConfigError(
                f"a measurement needs words, bytes and a share; got {self.num_words}, {self.size_bytes} and "
                f"{self.identical_share}"
            )
        if not -100 <= self.points_low <= self.points_high <= 100 or not -100 <= self.points_lost <= 100:
            raise ConfigError(
                f"points must be between -100 and 100, low before high; got {self.points_lost} "
                f"({self.points_low} to {self.points_high})"
            )

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON values."""
        return dataclasses.asdict(self)


class Meter(Protocol):
    """Measures recipes by the places they keep in higher precision; the order of places does not matter."""

    def decide(self, kept: Places) -> Measurement:
        """Returns the measurement that a limit is held against. Raises BudgetSpentError when time is over."""

    def share(self, kept: Places) -> float:
        """Returns the share of answers equal to float's, on fewer words: for ranking only. Raises as `decide`."""

    def confirm(self, kept: Places) -> Measurement:
        """Returns the measurement on words that decided nothing; never raises BudgetSpentError."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a search found.

    Attributes:
        base: the recipe as it was; None where time was over before.
        kept: the smallest set found that meets the limit, the most damaging place first; None where none was found.
        measurement: of `kept`, on the words that chose it.
        confirmed: of `kept`, on words that chose nothing; may miss the limit.
        damage: of each ranked place: share of answers that it alone changes.
        stopped: why the search ended early; empty where it ended by itself.
    """

    base: Measurement | None
    kept: Places | None
    measurement: Measurement | None
    confirmed: Measurement | None
    damage: Mapping[Place, float]
    stopped: str = ""


class Search:
    """One search.

    Args:
        meter: measures.
        max_points_lost: the limit, points of word error rate.
        split: place -> smaller places inside it; itself where there are none.
        say: hears what happens, a line each.
    """

    def __init__(
        self,
        meter: Meter,
        max_points_lost: float,
        split: Callable[[Place], Places] = lambda place: (place,),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._meter, self._limit, self._split, self._say = meter, max_points_lost, split, say
        self._base: Measurement | None = None
        self._best: tuple[Places, Measurement] | None = None
        self._damage: dict[Place, float] = {}

    def run(self, places: Places) -> Outcome:
        """Searches among `places`; ends early with the best so far when the meter's time is over."""
        stopped = ""
        try:
            self._run(places)
        except BudgetSpentError as error:
            stopped = str(error) or "the budget is spent"
        if self._best is None:
            return Outcome(self._base, None, None, None, dict(self._damage), stopped)
        confirmed, stopped = self._confirm(places, stopped)
        kept, measurement = self._best
        kept = tuple(sorted(kept, key=self._rank))
        return Outcome(self._base, kept, measurement, confirmed, dict(self._damage), stopped)

    def _confirm(self, places: Places, stopped: str) -> tuple[Measurement, str]:
        """Measures the best set on words that chose nothing; while it misses there, adds one place, then two, four …

        A search takes whatever meets the limit, good luck included, and asks dozens of times. Measured on g2p with
        all products in 4 bits: a set chosen at +0.48 points lies where sets around it lose about one.
        """
        chosen = self._best[0] if self._best else ()
        spare = tuple(sorted((place for place in places if place not in chosen), key=self._rank))
        count, kept, confirmed = 0, chosen, self._meter.confirm(chosen)
        try:
            while not self._is_within(confirmed) and count < len(spare) and not stopped:
                count = min(len(spare), max(1, 2 * count))
                self._say(f"{confirmed.points_lost:+.2f} points on words that chose nothing: adding {count} more")
                kept = chosen + spare[:count]
                self._best = (kept, self._meter.decide(kept))
                confirmed = self._meter.confirm(kept)
        except BudgetSpentError as error:
            stopped = str(error)
        return confirmed, stopped

    def _run(self, places: Places) -> None:
        self._base = self._meter.decide(())
        if self._accepts((), self._base) or not self._meets(places):
            return
        self._measure_damage(places)
        # Two orders: what hurts most, and what hurts most for its bytes. Neither is better always.
        by_bytes = sorted(places, key=lambda place: (-self._damage[place] / (1 + place.weight_bytes), _cost((place,))))
        found = [self._shortest(tuple(order)) for order in (sorted(places, key=self._rank), by_bytes)]
        kept = self._prune(min(found, key=_cost))
        finer = tuple(part for place in kept for part in self._split(place))
        if finer != kept:
            self._refine(kept)

    def _meets(self, kept: Places) -> bool:
        return self._accepts(kept, self._meter.decide(kept))

    def _accepts(self, kept: Places, measured: Measurement) -> bool:
        meets = self._is_within(measured)
        if meets and (self._best is None or _cost(kept) < _cost(self._best[0])):
            self._best = (kept, measured)
        return meets

    def _is_within(self, measured: Measurement) -> bool:
        return measured.points_lost <= self._limit and not measured.refused

    def _rank(self, place: Place) -> tuple[float, tuple[int, int, int], str]:
        return -self._damage.get(place, 0.0), _cost((place,)), place.title

    def _measure_damage(self, places: Places) -> None:
        whole = self._meter.share(places)
        for place in places:
            others = tuple(other for other in places if other != place)
            self._damage[place] = whole - self._meter.share(others)
        worst = min(places, key=self._rank)
        self._say(f"{worst.title} hurts most of {len(places)} places: {self._damage[worst]:.1%} of answers change")

    def _shortest(self, order: Places) -> Places:
        """Returns the shortest beginning of `order`, which meets the limit as a whole, that bisection finds."""
        misses, meets = 0, len(order)
        while meets - misses > 1:
            middle = (misses + meets) // 2
            if self._meets(order[:middle]):
                meets = middle
            else:
                misses = middle
        return order[:meets]

    def _prune(self, kept: Places) -> Places:
        """Returns `kept` without what is not needed: halves of the least damaging, then quarters, down to each."""
        kept = tuple(sorted(kept, key=self._rank))
        size = max(1, len(kept) // 2)
        while size:
            end = len(kept)
            while end > 0:
                start = max(0, end - size)
                fewer = kept[:start] + kept[end:]
                if fewer and self._meets(fewer):
                    kept = fewer
                end = start
            size //= 2
        self._say(f"{len(kept)} of the places must stay: {', '.join(place.title for place in kept)}")
        return kept

    def _refine(self, kept: Places) -> None:
        """Splits what must stay, and leaves out the parts that need not; a place that its parts do not replace stays
        whole."""
        for place in kept:
            finer = tuple(part for other in kept for part in (self._split(other) if other == place else (other,)))
            if finer != kept and self._meets(finer):
                kept = finer
        self._measure_damage(kept)
        self._prune(kept)


def _cost(kept: Sequence[Place]) -> tuple[int, int, int]:
    """Returns what makes a set smaller than another: bytes of weights, then ops, then places."""
    return sum(place.weight_bytes for place in kept), sum(place.num_ops for place in kept), len(kept)
