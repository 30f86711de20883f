"""How far a tensor of one file is from the same tensor of another: sums over many runs, and what they say."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

# A tensor whose error leaves less than one effective bit of the eight says next to nothing: the signal-to-noise ratio
# of n bits is 6.02 n + 1.76 dB (a full-scale sine against uniform rounding, the measure of converters).
ONE_BIT_DB = 20 * math.log10(2) + 10 * math.log10(1.5)  # 7.78
EIGHT_BITS_DB = 8 * 20 * math.log10(2) + 10 * math.log10(1.5)  # 49.9: nothing in 8 bits can be better.
# What softmax in float32 can see: exp(-16) is half a unit in the last place of 1.
SOFTMAX_SEES = 16.0


@dataclasses.dataclass(frozen=True)
class Step:
    """The quantization of a tensor that holds integers with one scale.

    Attributes:
        scale: real units a step.
        zero_point: the integer that means 0.
        low, high: the least and the greatest integer of its dtype.
    """

    scale: float
    zero_point: int
    low: int
    high: int

    def rounded(self, values: Reals) -> tuple[Reals, Any]:
        """Returns the nearest values that it can hold, and where `values` were out of its range: bool."""
        stored = np.round(values / self.scale) + self.zero_point
        outside = (stored < self.low) | (stored > self.high)
        return (np.clip(stored, self.low, self.high) - self.zero_point) * self.scale, outside


class ErrorSums:
    """Sums over all runs of one tensor in two files.

    Args:
        step: of the second file's tensor; None where it holds floats.
        is_softmax_input: whether softmax reads it. Then only what softmax can see counts: differences between scores
            that are at most `SOFTMAX_SEES` below their row's largest. A mask of -1e9 is then no signal, however large.
    """

    def __init__(self, step: Step | None, is_softmax_input: bool) -> None:
        self._step, self._is_softmax_input = step, is_softmax_input
        self.count = 0
        self.is_finite = True
        self._signal = self._noise = self._rounding = self._clipping = self._outside = 0.0
        self._largest = 0.0

    def add(self, expected: npt.NDArray[Any], actual: npt.NDArray[Any]) -> None:
        """Adds one run: real values of the first file and of the second, of one size."""
        x, y = (np.asarray(values, np.float64) for values in (expected, actual.reshape(expected.shape)))
        usable = np.isfinite(x)
        if not np.all(np.isfinite(y[usable])):
            self.is_finite = False
            return
        if not self._is_softmax_input:
            x, y = x[usable], y[usable]
        signal, error = self._view(x, x), self._view(y - np.where(np.isfinite(x), x, 0.0), x)
        self.count += error.size
        self._signal += float(np.sum(signal**2))
        self._noise += float(np.sum(error**2))
        self._largest = max(self._largest, float(np.max(np.abs(error), initial=0.0)))
        if self._step is not None:
            held, outside = self._step.rounded(np.where(np.isfinite(x), x, 0.0))
            self._outside += float(np.sum(outside))
            own = np.where(np.isfinite(x), held - np.where(np.isfinite(x), x, 0.0), 0.0)
            self._rounding += float(np.sum(self._view(np.where(outside, 0.0, own), x) ** 2))
            self._clipping += float(np.sum(self._view(np.where(outside, own, 0.0), x) ** 2))

    def _view(self, values: Reals, expected: Reals) -> Reals:
        """Returns what the reader of the tensor sees of `values`: for softmax differences in a row, else all."""
        if not self._is_softmax_input or expected.ndim == 0:
            return values.ravel()
        seen = expected > np.max(expected, axis=-1, keepdims=True) - SOFTMAX_SEES
        kept = np.where(seen, values, 0.0)
        means = np.sum(kept, axis=-1, keepdims=True) / np.maximum(np.sum(seen, axis=-1, keepdims=True), 1)
        shown: Reals = (kept - means)[seen]
        return shown

    @property
    def signal_power(self) -> float:
        """Mean square of the signal. An error of 1 in a score changes a weight e-fold, so scores count as 1 at least:
        where all scores are nearly equal, small errors change nothing."""
        power = self._signal / max(self.count, 1)
        return max(power, 1.0) if self._is_softmax_input else power

    @property
    def snr_db(self) -> float | None:
        """Signal to noise in dB; None where there is no error; -inf where there is no number."""
        return decibels(self.signal_power, self._noise / max(self.count, 1)) if self.is_finite else -math.inf

    @property
    def rounding_db(self) -> float | None:
        """The ratio that rounding to the second file's step alone would leave; None without step or error."""
        return decibels(self.signal_power, self._rounding / max(self.count, 1))

    @property
    def clipping_db(self) -> float | None:
        """The ratio that the ends of the second file's range alone would leave; None without step or error."""
        return decibels(self.signal_power, self._clipping / max(self.count, 1))

    @property
    def steps(self) -> tuple[float, float] | None:
        """Root mean square and largest error, in the second file's quantization steps."""
        if self._step is None or not self.is_finite:
            return None
        return math.sqrt(self._noise / max(self.count, 1)) / self._step.scale, self._largest / self._step.scale

    @property
    def scale(self) -> float:
        """One step in real units; NaN where the second file holds floats."""
        return self._step.scale if self._step else math.nan

    @property
    def ends(self) -> str:
        """The least and the greatest value that the second file's tensor holds, in words."""
        if self._step is None:
            return "no number"
        low, high = ((end - self._step.zero_point) * self._step.scale for end in (self._step.low, self._step.high))
        return f"{low:.4g} and {high:.4g}"

    @property
    def outside_share(self) -> float:
        """Share of the first file's values that the second file's tensor cannot hold."""
        return self._outside / max(self.count, 1)


def decibels(signal: float, noise: float) -> float | None:
    """Returns 10 log10(signal / noise); None where there is no noise, -inf where there is noise alone."""
    if noise <= 0:
        return None
    return 10 * math.log10(signal / noise) if signal > 0 else -math.inf


def noise_share(snr_db: float | None) -> float:
    """Returns noise power over signal power; 8 bits are the best that is told apart."""
    if snr_db is None:
        return 10 ** (-EIGHT_BITS_DB / 10)
    return float(10 ** (-min(max(snr_db, -200.0), EIGHT_BITS_DB) / 10))
