"""Rows of channels, as a sensor writes them, cut into windows of equal length and scaled: one window is one input."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tfedge.config import from_keys
from tfedge.errors import ConfigError, InputError

# A window is one batch of a phone's memory; longer ones belong into several.
MAX_LENGTH = 65_536
_LISTS = ("channels", "mean", "deviation")


@dataclasses.dataclass(frozen=True)
class WindowPreprocessing:
    """How rows become inputs: window `i` holds rows `i * hop` to `i * hop + length`, each `(row - mean) / deviation`.

    Attributes:
        channels: names of the columns, in the order of the tensor's last axis.
        length: rows of a window.
        hop: rows from the start of one window to the start of the next.
        mean: what is subtracted, one number a channel: the mean of the training rows.
        deviation: what is divided by, one number above 0 a channel: their standard deviation.
        rate_hz: rows a second; None where rows follow each other without a time between them.
    """

    kind: ClassVar[str] = "windows"
    channels: tuple[str, ...]
    length: int
    hop: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    rate_hz: float | None = None

    def __post_init__(self) -> None:
        names = self.channels
        if not names or len(set(names)) != len(names) or not all(isinstance(name, str) and name for name in names):
            raise ConfigError(f"`channels` must be one or more different names; got {list(names)!r}")
        for key in ("length", "hop"):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_LENGTH:
                raise ConfigError(f"`{key}` of windows must be 1 to {MAX_LENGTH} rows; got {value!r}")
        for key in ("mean", "deviation"):
            values = getattr(self, key)
            if len(values) != len(names) or not all(_is_finite(value) for value in values):
                raise ConfigError(f"`{key}` must be {len(names)} finite numbers, one a channel; got {list(values)!r}")
        if min(self.deviation) <= 0:
            raise ConfigError(f"`deviation` must be above 0 for each channel; got {list(self.deviation)!r}")
        if self.rate_hz is not None and (not _is_finite(self.rate_hz) or self.rate_hz <= 0):
            raise ConfigError(f"`rate_hz` must be a number above 0, or null; got {self.rate_hz!r}")

    @property
    def input_shape(self) -> tuple[int, int]:
        """Sizes of one window without the batch: (length, channels)."""
        return (self.length, len(self.channels))

    def starts(self, num_rows: int) -> range:
        """Returns the first row of each window of a recording of `num_rows`; empty where not one fits."""
        return range(0, num_rows - self.length + 1, self.hop)

    def apply(self, rows: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Returns one raw window (length, channels) as an input tensor, float32 (1, length, channels).

        Raises:
            InputError: another shape, or a value that is not finite.
        """
        raw = self._checked(rows)
        if len(raw) != self.length:
            raise InputError(f"expected a window of {self.length} rows; got {len(raw)}")
        return self._scaled(raw)[None]

    def cut(self, rows: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Returns every window of a recording (rows, channels), scaled: float32 (windows, length, channels).

        A recording shorter than one window gives none: shape (0, length, channels). Rows after the last whole window
        are left out.

        Raises:
            InputError: another number of channels, or a value that is not finite.
        """
        raw = self._checked(rows)
        if len(raw) < self.length:
            return np.zeros((0, *self.input_shape), np.float32)
        views = np.lib.stride_tricks.sliding_window_view(self._scaled(raw), self.length, axis=0)
        return np.ascontiguousarray(views[:: self.hop].transpose(0, 2, 1))

    def to_json(self) -> dict[str, Any]:
        """Returns the settings as JSON values; `from_json` of it is equal to these."""
        return {"kind": self.kind, **{key: _listed(value) for key, value in dataclasses.asdict(self).items()}}

    @classmethod
    def from_json(cls, value: Any) -> WindowPreprocessing:
        """Reads what `to_json` wrote; ConfigError on another kind, an unknown or missing key or an illegal value."""
        if not isinstance(value, dict) or value.get("kind") != cls.kind:
            got = value.get("kind") if isinstance(value, dict) else type(value).__name__
            raise ConfigError(f"preprocessing of windows must have kind {cls.kind!r}; got {got!r}")
        values = {key: each for key, each in value.items() if key != "kind"}
        for key in _LISTS:
            if key in values and not isinstance(values[key], list):
                raise ConfigError(f"`{key}` of windows must be a list; got {values[key]!r}")
            values[key] = tuple(values.get(key, ()))
        return from_keys(cls, values, "preprocessing")

    @classmethod
    def fitted(
        cls,
        recordings: Iterable[npt.ArrayLike],
        channels: Sequence[str],
        *,
        length: int,
        hop: int,
        rate_hz: float | None = None,
    ) -> WindowPreprocessing:
        """Returns windows scaled by the mean and deviation of `recordings`, each (rows, channels): the training rows.

        A channel that never changes is divided by 1.

        Raises:
            ConfigError: no rows, values that are not finite, or illegal settings.
        """
        arrays = [np.asarray(recording, np.float64) for recording in recordings]
        rows = np.concatenate(arrays) if arrays else np.zeros((0, len(channels)))
        if not len(rows):
            raise ConfigError("expected recordings to fit the scaling of windows to; got no rows")
        deviation = rows.std(axis=0)
        deviation[deviation == 0] = 1.0
        # Nine digits give back the same float32, and are what a person can read in a JSON file.
        mean, deviation = (tuple(float(f"{value:.9g}") for value in each) for each in (rows.mean(axis=0), deviation))
        return cls(tuple(channels), length, hop, mean, deviation, rate_hz)

    def _scaled(self, raw: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """In float32 throughout, so that Kotlin's and Python's inputs are the same bits."""
        return (raw - np.asarray(self.mean, np.float32)) / np.asarray(self.deviation, np.float32)

    def _checked(self, rows: npt.ArrayLike) -> npt.NDArray[np.float32]:
        raw = np.asarray(rows, np.float32)
        if raw.ndim != 2 or raw.shape[1] != len(self.channels):
            raise InputError(f"expected rows of {len(self.channels)} channels; got an array of shape {raw.shape}")
        if not np.isfinite(raw).all():
            row, column = (int(each[0]) for each in np.nonzero(~np.isfinite(raw)))
            raise InputError(
                f"expected finite numbers; got {raw[row, column]} in row {row} of {self.channels[column]!r}"
            )
        return raw


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
