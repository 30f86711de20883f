"""Settings of the ladder."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from tfedge.config import from_keys
from tfedge.errors import ConfigError, one_of
from tfedge.validation.front import AXES, LATENCY
from tfedge.validation.ladder_limits import LadderLimits


@dataclasses.dataclass(frozen=True)
class LadderConfig:
    """What the ladder measures with, and what it holds recipes to.

    Attributes:
        limits: what is forbidden.
        prefer: what is shipped of what is allowed: the best in "latency", "size" or "accuracy".
        num_words: dev words that decide; all there are where there are fewer. Of tensors all held-out examples do.
        num_test_words: test words by which the shipped file is scored, after the choice.
        num_emulated_words: words or examples on an emulated target, which takes a third of a second for a word.
        score_all: whether every file is scored on test words, and not the shipped one alone; for tables.
        min_seconds: of decoding or calling for each file and target, when latency is measured.
    """

    limits: LadderLimits = LadderLimits()
    prefer: str = LATENCY
    # A recipe that changes 1 answer in 200 for better or worse is then known to +-0.28 points.
    num_words: int = 2_500
    num_test_words: int = 2_000
    num_emulated_words: int = 40
    score_all: bool = False
    min_seconds: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.limits, LadderLimits):
            raise ConfigError(f"`limits` must be limits of a ladder; got {type(self.limits).__name__}")
        if self.prefer not in AXES:
            raise one_of("`prefer`", self.prefer, AXES)
        for key in ("num_words", "num_test_words", "num_emulated_words"):
            if type(getattr(self, key)) is not int or getattr(self, key) < 1:
                raise ConfigError(f"`{key}` must be a whole number of 1 or more; got {getattr(self, key)!r}")
        if not isinstance(self.min_seconds, int | float) or not 0 < self.min_seconds < math.inf:
            raise ConfigError(f"`min_seconds` must be above 0; got {self.min_seconds!r}")
        if not isinstance(self.score_all, bool):
            raise ConfigError(f"`score_all` must be true or false; got {self.score_all!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the settings as JSON values."""
        return {**dataclasses.asdict(self), "limits": self.limits.to_json()}

    @classmethod
    def from_json(cls, value: Any) -> LadderConfig:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        if not isinstance(value, dict) or "limits" not in value:
            raise ConfigError("the settings of a ladder must be an object with `limits`; got another value")
        return from_keys(cls, {**value, "limits": LadderLimits.from_json(value["limits"])}, "config")
