"""How a beam search goes: the facts that are fixed when a file is converted."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfedge.errors import ConfigError

# Below any sum of log probabilities, and finite: the score of a hypothesis that does not exist.
NO_SCORE = -1e9


@dataclasses.dataclass(frozen=True)
class BeamConfig:
    """How to search; all of it is fixed when a file is converted.

    A hypothesis is finished when its stop token is among the `width` best continuations of a step, or the target is
    full. Its score is the sum of its tokens' log probabilities, the stop token's included, divided by
    length ** length_penalty, where length counts the stop token. The search ends when `width` have finished, or as
    soon as no running one can come among the `num_best` any more.

    Attributes:
        width: hypotheses that go on at each step.
        num_best: hypotheses returned, best first.
        length_penalty: 0 prefers short answers, 1 compares the mean a token.

    Raises:
        ConfigError: a value that no search can have.
    """

    width: int = 4
    num_best: int = 4
    length_penalty: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.width, int) or not 1 <= self.width <= 64:
            raise ConfigError(f"`width` of a beam search must be a whole number from 1 to 64; got {self.width!r}")
        if not isinstance(self.num_best, int) or not 1 <= self.num_best <= self.width:
            raise ConfigError(
                f"`num_best` must be a whole number from 1 to the width {self.width}; got {self.num_best!r}"
            )
        if not 0.0 <= self.length_penalty <= 2.0:  # Also what is not a number.
            raise ConfigError(f"`length_penalty` must be a number from 0 to 2; got {self.length_penalty!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the fields by name, as a manifest records them."""
        return dataclasses.asdict(self)
