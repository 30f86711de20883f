"""Ranges that calibration saw, and how far other texts leave them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = Mapping[str, Sequence[Mapping[str, npt.NDArray[Any]]]]


@dataclasses.dataclass(frozen=True)
class RangeExcursion:
    """How often one input of a signature leaves the range that it was calibrated with.

    Attributes:
        signature: which.
        input: its name there.
        low, high: the least and the largest value that calibration fed.
        seen_low, seen_high: that the other texts fed.
        num_calls: of the signature, by the other texts.
        num_outside: of those, calls in which some value lies outside.
    """

    signature: str
    input: str
    low: float
    high: float
    seen_low: float
    seen_high: float
    num_calls: int
    num_outside: int

    def to_json(self) -> dict[str, Any]:
        """Returns the fields, and the share of calls that leave the range, 0 to 1."""
        return {**dataclasses.asdict(self), "share_outside": self.num_outside / self.num_calls}


def ranges_of(samples: Samples) -> dict[str, dict[str, tuple[float, float]]]:
    """Returns signature -> input -> least and largest value; of float inputs, since ids are not quantized."""
    return {
        signature: {name: _range([sample[name] for sample in calls]) for name in _float_names(calls)}
        for signature, calls in samples.items()
    }


def excursions(calibrated: Samples, others: Samples) -> tuple[RangeExcursion, ...]:
    """Returns for each float input how far `others` leave the ranges of `calibrated`, as the signatures list them."""
    found = []
    for signature, inputs in ranges_of(calibrated).items():
        calls = others.get(signature, ())
        for name, (low, high) in inputs.items():
            if not calls:
                continue
            seen_low, seen_high = _range([call[name] for call in calls])
            outside = sum(bool(call[name].min() < low or call[name].max() > high) for call in calls)
            found.append(RangeExcursion(signature, name, low, high, seen_low, seen_high, len(calls), outside))
    return tuple(found)


def _float_names(calls: Sequence[Mapping[str, npt.NDArray[Any]]]) -> list[str]:
    return [name for name, value in calls[0].items() if np.issubdtype(value.dtype, np.floating)]


def _range(values: Sequence[npt.NDArray[Any]]) -> tuple[float, float]:
    return float(min(value.min() for value in values)), float(max(value.max() for value in values))
