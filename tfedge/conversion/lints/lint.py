"""One lint: what in a Keras model will go wrong on a device although it converts, where, why, and what to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from tfedge.conversion.lints.traced_graph import TracedGraph
from tfedge.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Lint:
    """One place that a rule found.

    Attributes:
        rule: id of the rule.
        layer: path of the layer, as its name scopes tell it.
        found: what stands there, with the number that decides.
        why: what happens on a device, and where that was measured or is defined.
        fix: what to write instead.
    """

    rule: str
    layer: str
    found: str
    why: str
    fix: str

    def __post_init__(self) -> None:
        if not (self.rule and self.found and self.why and self.fix):
            raise ConfigError(f"a lint must say rule, what was found, why and fix; got {self}")

    @property
    def message(self) -> str:
        """One line: rule, layer, what was found."""
        return f"{self.rule}: {self.layer or 'outside any layer'}: {self.found}"


@dataclasses.dataclass(frozen=True)
class Rule:
    """What to look for.

    Attributes:
        id: of the rule, snake_case.
        why: see `Lint`.
        fix: see `Lint`.
        find: traced graph -> (layer, what was found) for each place.
    """

    id: str
    why: str
    fix: str
    find: Callable[[TracedGraph], Iterable[tuple[str, str]]]

    def check(self, graph: TracedGraph) -> list[Lint]:
        """Returns one lint a place; the same words twice for one layer count once."""
        places = dict.fromkeys(self.find(graph))
        return [Lint(self.id, layer, found, self.why, self.fix) for layer, found in places]
