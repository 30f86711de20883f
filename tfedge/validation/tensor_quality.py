"""How near a converted file is to its float model on held-out examples: agreement, cosine, SNR, quantization steps."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError
from tfedge.modelfile.graph import GraphSummary
from tfedge.runtime.signatures import Array
from tfedge.tasks.tensor_task import AGREEMENT, COSINE, Quality

GATE = "quality"
OTHERS = "other_outputs"
# Each answer of a right quantized file flips with a chance of 5 %: `validation.golden` says where that comes from.
DEFAULT_AGREEMENT = 0.95
# An error of 14 % of the answer, 17 dB: what right static int8 files of small networks stay below (2 to 9 % on the
# networks of this project's tests), where a broken one has a cosine near 0.
DEFAULT_COSINE = 0.99
DEFAULT_LIMITS = {AGREEMENT: DEFAULT_AGREEMENT, COSINE: DEFAULT_COSINE}
# A vector of probabilities adds up to 1 but for the rounding of float32 sums and of half precision.
_SUM_TOLERANCE = 2e-3
_NORMAL = 1.96  # 95 % of a normal distribution lie within so many deviations.
MAX_SNR_DB = 200.0  # Of equal outputs, of which it is infinite, and JSON has no word for that.
OwnMetric = Callable[[Any, Any], Any]


@dataclasses.dataclass(frozen=True)
class OutputQuality:
    """One output over all examples.

    Attributes:
        num_examples: compared.
        cosine: of the angle between both, all examples together.
        least_cosine: of the worst example.
        snr_db: size of the expected answers against that of the differences, at most `MAX_SNR_DB`.
        agreement: share of positions at which the largest value along the last axis has the same place; of whole
            numbers the share that is equal. None of an output with one value alone.
        is_classes: whether the expected values are probabilities along the last axis, or whole numbers.
        max_steps: largest difference in quantization steps; None where the output is not stored in steps.
    """

    num_examples: int
    cosine: float
    least_cosine: float
    snr_db: float
    agreement: float | None
    is_classes: bool
    max_steps: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values."""
        return dataclasses.asdict(self)


def compare_output(expected: Array, actual: Array, step: float | None = None) -> OutputQuality:
    """Compares the answers to N examples.

    Args:
        expected: (N, ...), of the float model.
        actual: same shape, of the file.
        step: real number that one quantization step of the output stands for; None where it has none.

    Raises:
        ConfigError: other shapes, or no example.
    """
    if expected.shape != actual.shape or not len(expected):
        raise ConfigError(f"expected answers of shape {expected.shape}, one example or more; got {actual.shape}")
    want, got = (array.reshape(len(array), -1).astype(np.float64) for array in (expected, actual))
    got = np.where(np.isfinite(got), got, 0.0)  # Lost: as wrong as an answer of nothing.
    gap = want - got
    each = np.array([_cosine(one, other) for one, other in zip(want, got, strict=True)])
    steps = float(np.abs(gap).max(initial=0.0)) / step if step else None
    return OutputQuality(
        len(expected),
        _cosine(want.ravel(), got.ravel()),
        float(each.min()),
        _snr_db(want, gap),
        agreement_of(expected, actual),
        is_classes(expected),
        steps,
    )


def agreement_of(expected: Array, actual: Array) -> float | None:
    """Returns the share of equal argmax along the last axis; of whole numbers the share of equal values."""
    if expected.dtype.kind in "iub":
        return float(np.mean(expected == actual))
    if expected.ndim < 2 or expected.shape[-1] < 2:
        return None
    lost = ~np.isfinite(actual).all(axis=-1)
    return float(np.mean((expected.argmax(-1) == np.where(lost[..., None], 0, actual).argmax(-1)) & ~lost))


def is_classes(expected: Array) -> bool:
    """Whether values are probabilities along their last axis, or whole numbers: their order alone is the answer."""
    if expected.dtype.kind in "iub":
        return True
    if expected.ndim < 2 or expected.shape[-1] < 2 or expected.min(initial=0.0) < 0:
        return False
    return bool(np.all(np.abs(expected.sum(axis=-1, dtype=np.float64) - 1) <= _SUM_TOLERANCE))


def default_quality(expected: Mapping[str, Array]) -> Quality:
    """Returns what outputs like these are held to: agreement where any is classes, else their cosine."""
    if any(is_classes(array) for array in expected.values()):
        return Quality(AGREEMENT, DEFAULT_AGREEMENT)
    return Quality(COSINE, DEFAULT_COSINE)


def own_value(
    metric: OwnMetric,
    name: str,
    expected: Mapping[str, Array],
    actual: Mapping[str, Array],
    must_be_finite: bool = True,
) -> float:
    """Returns what a user's function says: of arrays (N, ...) where there is one output, else of dicts by output.

    Raises:
        ConfigError: it raised, or returned no number, or none that is finite.
    """
    one = next(iter(expected)) if len(expected) == 1 else None
    try:
        value = metric(expected[one], actual[one]) if one else metric(dict(expected), dict(actual))
        number = float(value)
    except Exception as error:
        raise ConfigError(
            f"expected {name} to return a number for (expected, actual); it raised {type(error).__name__}: {error}"
        ) from error
    if must_be_finite and not math.isfinite(number):
        raise ConfigError(f"expected {name} to return a finite number; got {number}")
    return number


def quality_finding(
    quality: Quality, outputs: Mapping[str, OutputQuality], own: float | None = None, target: str = ""
) -> tuple[Finding, ...]:
    """Judges the worst output, and those that agreement says nothing about by their cosine.

    Args:
        quality: metric and limit.
        outputs: by "signature/output".
        own: value of the user's function, where that is the metric.
        target: that ran the file, for the message.
    """
    where = f" on {target}" if target else ""
    if quality.is_own:
        if own is None:
            return (Finding(GATE, "not_measured", f"{quality.metric} is a function that nobody has called here"),)
        return (_judged(GATE, quality, quality.metric, own, next(iter(outputs.values())).num_examples, where),)
    values = judged_values(quality.metric, outputs)
    if not values:
        message = "expected an output with two values or more along its last axis for agreement; there is none"
        return (Finding(GATE, "not_measured", message, fix="choose --metric cosine"),)
    found = [_worst(GATE, quality, values, outputs, where)]
    others = {key: each.cosine for key, each in outputs.items() if key not in values}
    if others:
        found.append(_worst(OTHERS, Quality(COSINE, DEFAULT_COSINE), others, outputs, where))
    return tuple(found)


def judged_values(metric: str, outputs: Mapping[str, OutputQuality]) -> dict[str, float]:
    """Returns the metric of each output that it says something of; agreement judges classes alone where there are."""
    values = {key: value for key, each in outputs.items() if (value := _value(metric, each)) is not None}
    classes = {key: value for key, value in values.items() if outputs[key].is_classes}
    return classes if metric == AGREEMENT and classes else values


def _worst(
    gate: str, quality: Quality, values: Mapping[str, float], outputs: Mapping[str, OutputQuality], where: str
) -> Finding:
    key = min(values, key=lambda each: values[each])
    return _judged(gate, quality, key, values[key], outputs[key].num_examples, where)


def _judged(gate: str, quality: Quality, key: str, value: float, count: int, where: str) -> Finding:
    name = quality.metric.rpartition(":")[2]
    message = f"{name} {value:.4g} of {key} over {count} held-out examples{where}"
    if quality.limit is None:
        return Finding(gate, "pass", f"{message}; no limit asked for", measured=value)
    least = "at most" if quality.is_error else "at least"
    message += f", {least} {quality.limit:g}"
    if quality.passes(value):
        return Finding(gate, "pass", message, measured=value, limit=quality.limit)
    if quality.metric == AGREEMENT and upper_share(value, count) >= quality.limit:
        message += "; so few examples do not tell"
        return Finding(gate, "not_measured", message, fix="give more examples", measured=value, limit=quality.limit)
    return Finding(
        gate,
        "fail",
        message,
        cause="quantization changed what the model answers",
        consequence="the app gets other answers than the Keras model gives",
        fix="choose another recipe, give more typical examples, or keep the layers that lose most in float",
        measured=value,
        limit=quality.limit,
    )


def upper_share(share: float, count: int) -> float:
    """Returns the upper end of `share_interval`."""
    return share_interval(share, count)[1]


def share_interval(share: float, count: int) -> tuple[float, float]:
    """Returns Wilson's 95 % interval of a share, https://doi.org/10.1080/01621459.1927.10502953."""
    square = _NORMAL**2 / count
    middle = share + square / 2
    half = _NORMAL * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def output_steps(graph: GraphSummary) -> dict[str, float]:
    """Returns "signature/output" -> what one quantization step of it stands for; of outputs stored in steps alone.

    A float output is, where a DEQUANTIZE gives it.
    """
    sources = {
        (tensor.subgraph, tensor.index): op.inputs[0]
        for op in graph.ops
        if op.name == "DEQUANTIZE"
        for tensor in op.outputs
        if tensor is not None
    }
    found = {}
    for name, signature in graph.signatures.items():
        for key, tensor in signature.outputs.items():
            stored = sources.get((tensor.subgraph, tensor.index), tensor)
            if stored is not None and stored.scale and str(stored.dtype).startswith(("int", "uint")):
                found[f"{name}/{key}"] = float(stored.scale)
    return found


def stacked(rows: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Returns outputs of N calls by name, as (N, ...): the batch axis of 1 becomes that of the examples."""
    return {key: np.concatenate([row[key] if row[key].ndim else row[key][None] for row in rows]) for key in rows[0]}


def _value(metric: str, output: OutputQuality) -> float | None:
    return {AGREEMENT: output.agreement, COSINE: output.cosine}.get(metric, output.snr_db)


def _snr_db(want: Array, gap: Array) -> float:
    signal, noise = float(np.sum(want**2)), float(np.sum(gap**2))
    if noise == 0:
        return MAX_SNR_DB
    if signal == 0:
        return -MAX_SNR_DB
    return max(-MAX_SNR_DB, min(MAX_SNR_DB, 10 * math.log10(signal / noise)))


def _cosine(one: Array, other: Array) -> float:
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    if norms == 0:
        return 1.0 if not one.any() and not other.any() else 0.0
    return min(1.0, float(one @ other) / norms)
