"""What a recipe may cost before it is forbidden, and the gate on speed."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from tfedge.checks.verdict import Finding
from tfedge.config import from_keys
from tfedge.errors import ConfigError, one_of
from tfedge.tasks.meaning import AnomalyMeaning, ClassesMeaning
from tfedge.tasks.tensor_task import Quality

WORDS = "words"
SCORED = (WORDS, ClassesMeaning.kind, AnomalyMeaning.kind)
_CAUSE = "its kernels are slower than float's there, or its delegate takes the graph in more pieces"
_FIX = "ship a faster recipe, or allow it with --min-speedup where size counts more"


@dataclasses.dataclass(frozen=True)
class LadderLimits:
    """Limits of one ladder: the same for every recipe on every target.

    Attributes:
        max_points_lost: points lost against the float Keras model, 0 to 100: of word error rate, of accuracy, or of
            ROC-AUC; not of a user's own model of tensors.
        max_size_ratio: of the float32 file's size, above 0; 1.0: no larger than float.
        min_speedup: speed over float32's by the same entry, 0 or more; 0: as slow as it likes.
        max_bytes: of the model part of the file, 1 or more; None for no such limit.
        quality: what the answers of a user's own model of tensors are held to, with its limit; None of a task.
        scored: what a task scores: "words", "classes" or "anomaly".

    Raises:
        ConfigError: a limit that makes no sense.
    """

    # The project's promise of a quantized encoder-decoder; of 2,500 words the paired interval is about +-0.3 wide.
    max_points_lost: float = 0.5
    max_size_ratio: float = 1.0
    # Slower than float buys nothing; 5 % are what one interleaved run is sure of (`latency.TOLERANCE`).
    min_speedup: float = 0.95
    max_bytes: int | None = None
    quality: Quality | None = None
    scored: str = WORDS

    def __post_init__(self) -> None:
        if self.scored not in SCORED:
            raise one_of("`scored` of limits", self.scored, SCORED)
        if not _is_finite(self.max_points_lost) or not 0 <= self.max_points_lost <= 100:
            raise ConfigError(f"`max_points_lost` must be 0 to 100 points; got {self.max_points_lost!r}")
        if not _is_finite(self.max_size_ratio) or self.max_size_ratio <= 0:
            raise ConfigError(f"`max_size_ratio` must be above 0, 1 being float32's size; got {self.max_size_ratio!r}")
        if not _is_finite(self.min_speedup) or self.min_speedup < 0:
            raise ConfigError(f"`min_speedup` must be 0 or more, 1 being float32's speed; got {self.min_speedup!r}")
        if self.max_bytes is not None and (type(self.max_bytes) is not int or self.max_bytes < 1):
            raise ConfigError(f"`max_bytes` must be a whole number of 1 or more; got {self.max_bytes!r}")
        if self.quality is not None and (not isinstance(self.quality, Quality) or self.quality.limit is None):
            raise ConfigError(f"`quality` must be a metric with a limit; got {self.quality!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the limits as JSON values; `quality` and `scored` are there or not."""
        left_out = {"quality": self.quality is None, "scored": self.scored == WORDS}
        return {key: value for key, value in dataclasses.asdict(self).items() if not left_out.get(key)}

    @classmethod
    def from_json(cls, value: Any) -> LadderLimits:
        """Reads what `to_json` wrote; ConfigError on an unknown key or an illegal value."""
        if isinstance(value, dict) and value.get("quality") is not None:
            value = {**value, "quality": from_keys(Quality, value["quality"], "quality")}
        return from_keys(cls, value, "limits")


@dataclasses.dataclass(frozen=True)
class Speedup:
    """The speed of a file over float32's, by the same entry on the same runtime, measured in one interleaved run.

    Attributes:
        times: 2.0 is twice as fast.
        low: lower end of the paired 95 % bootstrap interval.
        high: its upper end.
        entry: `greedy`, `encode+decode_step` or `signatures`.
    """

    times: float
    low: float
    high: float
    entry: str

    def __post_init__(self) -> None:
        if not all(_is_finite(value) and value > 0 for value in (self.times, self.low, self.high)):
            raise ConfigError(f"a speedup must be finite and above 0; got {self.times}, {self.low}, {self.high}")
        if self.low > self.high or not isinstance(self.entry, str):
            raise ConfigError(f"a speedup's interval must have its lower end first; got {self.low} to {self.high}")


def speed_gate(
    speedup: Speedup | None, min_speedup: float, why_not: str = "", most_speedup: float | None = None
) -> Finding:
    """Judges the speed of a file against float32's.

    Args:
        speedup: None where it was not measured.
        min_speedup: the least allowed.
        why_not: why it was not measured.
        most_speedup: what it is at best, where no more is known.
    """
    if speedup is None and most_speedup is not None and most_speedup < min_speedup:
        message = f"at best {most_speedup:.2f}x the speed of float32, expected {min_speedup:.2f}x or more ({why_not})"
        return Finding("speed", "fail", message, cause=_CAUSE, fix=_FIX, measured=most_speedup, limit=min_speedup)
    if speedup is None:
        message = f"expected at least {min_speedup:.2f}x the speed of float32; not measured: {why_not or 'not timed'}"
        return Finding("speed", "not_measured", message, fix="time it on a quiet machine", limit=min_speedup)
    message = (
        f"{speedup.times:.2f}x the speed of float32 by {speedup.entry} (95 % interval {speedup.low:.2f} to "
        f"{speedup.high:.2f}), expected {min_speedup:.2f}x or more"
    )
    if speedup.times >= min_speedup:
        return Finding("speed", "pass", message, measured=speedup.times, limit=min_speedup)
    sure = "" if speedup.high < min_speedup else "; its interval reaches the limit, a longer run might say otherwise"
    return Finding(
        "speed",
        "fail",
        message + sure,
        cause=_CAUSE,
        fix=_FIX,
        measured=speedup.times,
        limit=min_speedup,
    )


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
