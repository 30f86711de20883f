"""Nearness of a file's answers to Keras' on examples that calibrated nothing: one metric, with an interval."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.config import from_keys
from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys
from tfedge.runtime.signatures import Array
from tfedge.tasks.tensor_task import AGREEMENT, COSINE, Quality
from tfedge.validation import intervals
from tfedge.validation.tensor_quality import (
    MAX_SNR_DB,
    OutputQuality,
    OwnMetric,
    compare_output,
    judged_values,
    own_value,
    share_interval,
)

Interval = tuple[float, float] | tuple[None, None]
# A metric whose value of all examples is the mean of its values of each, but for the rounding of float32 sums.
_MEAN_TOLERANCE = 1e-5


@dataclasses.dataclass(frozen=True)
class TensorAccuracy:
    """Answers of one file on one runtime against Keras'.

    Attributes:
        metric: as of Quality.
        is_error: whether less is better.
        key: "signature/output" of the worst output, which the figures are of; empty of a user's function, which sees
            all of them, and where the metric says nothing of any output.
        num_examples: compared.
        value: of the metric; None where it says nothing of any output.
        low: lower end of the 95 % interval of `value` over examples (Wilson's of shares, else a bootstrap); None where
            a user's function judges all examples together.
        high: its upper end.
        lost: how much worse than Keras' own answers, by the same metric; None of a ratio in dB, and where a user's
            function has no number for answers that are equal.
        lost_low: lower end of its paired interval; None where there is none.
        lost_high: its upper end.
        outputs: figures of every output by "signature/output".
    """

    metric: str
    is_error: bool
    key: str
    num_examples: int
    value: float | None
    low: float | None
    high: float | None
    lost: float | None
    lost_low: float | None
    lost_high: float | None
    outputs: Mapping[str, OutputQuality]

    def __post_init__(self) -> None:
        Quality(self.metric, None, self.is_error)
        if type(self.num_examples) is not int or self.num_examples < 1 or not self.outputs:
            raise ConfigError(f"expected one example and one output or more; got {self.num_examples}, {self.outputs}")
        for key in ("value", "low", "high", "lost", "lost_low", "lost_high"):
            number = getattr(self, key)
            if number is not None and (isinstance(number, bool) or not math.isfinite(number)):
                raise ConfigError(f"`{key}` of a tensor's accuracy must be a finite number; got {number!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values; `from_json` of it is equal to this."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> TensorAccuracy:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, [field.name for field in dataclasses.fields(cls)], "an accuracy of tensors")
        if not isinstance(value["outputs"], dict):
            raise ConfigError(f"`outputs` of an accuracy must be an object; got {value['outputs']!r:.40}")
        outputs = {key: from_keys(OutputQuality, each, "outputs") for key, each in value["outputs"].items()}
        return cls(**{**value, "outputs": outputs})


class OwnJudge:
    """A user's function, called by one thread at a time.

    Args:
        metric: of (expected, actual): arrays (N, ...) where there is one output, else dicts by output.
        name: "module:function", for messages.
        has_one_signature: whether outputs are named without their signature.
    """

    def __init__(self, metric: OwnMetric, name: str, has_one_signature: bool) -> None:
        self._metric, self._name, self._is_plain = metric, name, has_one_signature
        self._lock = threading.Lock()

    def value(self, expected: Mapping[str, Array], actual: Mapping[str, Array]) -> float:
        """Returns its number; ConfigError where it raised, or returned no finite number."""
        with self._lock:
            return own_value(self._metric, self._name, self._named(expected), self._named(actual))

    def check(self, expected: Mapping[str, Array]) -> None:
        """Calls it with equal answers, so that a mistake in it is known before minutes of work.

        Raises:
            ConfigError: it raised, or returned no number; infinity is one, as of a ratio to no error.
        """
        with self._lock:
            own_value(self._metric, self._name, self._named(expected), self._named(expected), must_be_finite=False)

    def of_each(self, expected: Mapping[str, Array], actual: Mapping[str, Array]) -> npt.NDArray[np.float64] | None:
        """Returns its value of every example alone; None where it does not judge one alone."""
        counts = {len(array) for array in expected.values()}
        if len(counts) > 1:
            return None
        values = []
        for place in range(counts.pop()):
            rows = slice(place, place + 1)
            try:
                values.append(
                    self.value(
                        {key: array[rows] for key, array in expected.items()},
                        {key: array[rows] for key, array in actual.items()},
                    )
                )
            except ConfigError:  # As of a correlation, which one example does not have.
                return None
        return np.array(values)

    def _named(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {key.partition("/")[2] if self._is_plain else key: array for key, array in arrays.items()}


def measure_accuracy(
    quality: Quality,
    expected: Mapping[str, Array],
    actual: Mapping[str, Array],
    steps: Mapping[str, float],
    own: OwnJudge | None = None,
    with_interval: bool = True,
    seed: int = 0,
) -> TensorAccuracy:
    """Compares answers by "signature/output", (N, ...) each.

    Args:
        steps: real number that one quantization step of an output stands for, of those that have one.
        own: the function, where the metric is one.
        with_interval: whether a function is called with every example alone too, for its interval over them.
        seed: of the bootstrap.

    Raises:
        ConfigError: other shapes, a metric that raised, or one that is a function and is not given.
    """
    outputs = {key: compare_output(want, actual[key], steps.get(key)) for key, want in expected.items()}
    if quality.is_own:
        if own is None:
            raise ConfigError(f"expected the function {quality.metric} to judge with; got none")
        return _by_function(quality, expected, actual, outputs, own, with_interval, seed)
    values = judged_values(quality.metric, outputs)
    if not values:
        count = min(output.num_examples for output in outputs.values())
        return TensorAccuracy(quality.metric, False, "", count, *(None,) * 6, outputs)
    key = min(values, key=lambda each: values[each])
    value, count = values[key], outputs[key].num_examples
    low, high = _interval(quality.metric, expected[key], actual[key], value, seed)
    if quality.metric not in (AGREEMENT, COSINE):
        return TensorAccuracy(quality.metric, False, key, count, value, low, high, None, None, None, outputs)
    return TensorAccuracy(quality.metric, False, key, count, value, low, high, 1 - value, 1 - high, 1 - low, outputs)


def _interval(metric: str, expected: Array, actual: Array, value: float, seed: int) -> tuple[float, float]:
    if metric == AGREEMENT:
        # Of as many answers as there are examples: positions within one are no independent trials.
        return share_interval(value, len(expected))
    want, got = (array.reshape(len(array), -1).astype(np.float64) for array in (expected, actual))
    got = np.where(np.isfinite(got), got, 0.0)
    if metric == COSINE:
        sums = np.stack([(want * got).sum(1), (want**2).sum(1), (got**2).sum(1)], axis=1)
        return intervals.bootstrap_sums(sums, lambda s: s[0] / np.sqrt(np.maximum(s[1] * s[2], 1e-300)), seed)
    sums = np.stack([(want**2).sum(1), ((want - got) ** 2).sum(1)], axis=1)
    low, high = intervals.bootstrap_sums(
        sums, lambda s: 10 * np.log10(np.maximum(s[0], 1e-300) / np.maximum(s[1], 1e-300)), seed
    )
    return max(-MAX_SNR_DB, min(MAX_SNR_DB, low)), max(-MAX_SNR_DB, min(MAX_SNR_DB, high))


def _by_function(
    quality: Quality,
    expected: Mapping[str, Array],
    actual: Mapping[str, Array],
    outputs: Mapping[str, OutputQuality],
    own: OwnJudge,
    with_interval: bool,
    seed: int,
) -> TensorAccuracy:
    value = own.value(expected, actual)
    low = high = lost = lost_low = lost_high = None
    sign = 1 if quality.is_error else -1
    with contextlib.suppress(ConfigError):  # Infinite, as a ratio to no error is.
        lost = sign * (value - own.value(expected, expected))
    each = own.of_each(expected, actual) if with_interval else None
    # A value of all examples together is not the mean of theirs, and has no interval over them.
    if each is not None and math.isclose(float(each.mean()), value, rel_tol=_MEAN_TOLERANCE, abs_tol=1e-9):
        low, high = _interval_of_mean(each, seed)
        best = None if lost is None else own.of_each(expected, expected)
        if best is not None:
            lost_low, lost_high = _interval_of_mean(sign * (each - best), seed)
    count = min(output.num_examples for output in outputs.values())
    return TensorAccuracy(
        quality.metric, quality.is_error, "", count, value, low, high, lost, lost_low, lost_high, outputs
    )


def _interval_of_mean(values: npt.NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Returns the 95 % interval of a mean; of yes and no Wilson's, which is open where all are alike."""
    kinds = set(np.unique(values))
    if kinds <= {0.0, 1.0}:
        return share_interval(float(values.mean()), len(values))
    if kinds <= {-1.0, 0.0, 1.0}:
        worse, better = int((values == 1).sum()), int((values == -1).sum())
        return intervals.bootstrap_paired_difference(worse, better, len(values), seed)
    return intervals.bootstrap_mean(values, seed)
