"""How far the numbers of two right devices may be apart at one stage, and how large one quantization step is there.

Measured with the shipped network (16 golden cases; LiteRT 2.3 and tflite-runtime 2.14 on x86-64 and on two emulated
ARM cores, each against LiteRT on x86-64), as the size of the difference against that of what differs between cases:

    recipe              encoder output, first logits     quantization steps
    float32             1e-6                             none
    dynamic_wi8_afp32   1.2 %                            none
    static_wi8_ai8_fc   5.9 %                            7
    static_wi8_ai8      12.4 %                           13

Other networks make more of a rounding than this one: `tolerance.FACTOR` times as much is allowed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tfedge.runtime.signatures import TensorSpec
from tfedge.validation.case_trace import Numbers
from tfedge.validation.real_values import Reals
from tfedge.validation.tolerance import FLOAT_FLOOR, QUANTIZED_FLOOR, STEPS_CAP, difference

# Three times the figures above, rounded; the first two are the floors that `tfedge check` has for such networks too.
_INT8_PRODUCTS, _INT8_EVERYWHERE = 0.2, 0.4
_FLOAT_PREFIXES = ("float32", "float16", "weight_only")
_LEVELS = 256  # Of 8 bits.
_MIN_LEVELS = 3  # Two different numbers lie on every lattice.
# float32 keeps a multiple of the step, up to 255 of them, within 255 * 2**-24 * 2 of it: a thousandth of this.
_OFF_LATTICE = 0.03
_MIN_CASES = 4  # From so many on, their average is what an answer to any input looks like.


@dataclasses.dataclass(frozen=True)
class StageTolerance:
    """What is allowed at the stages that hold numbers.

    Attributes:
        relative: largest size of the difference against the size of what differs between inputs.
        steps: largest single difference in quantization steps, where the numbers have steps.
    """

    relative: float
    steps: float = STEPS_CAP


def tolerance_of(recipe: str) -> StageTolerance:
    """Returns what is allowed of files of `recipe`; of a name of no known form what the coarsest recipe gets."""
    if recipe.startswith(_FLOAT_PREFIXES):
        return StageTolerance(FLOAT_FLOOR)
    if recipe.startswith("dynamic"):
        return StageTolerance(QUANTIZED_FLOOR)
    return StageTolerance(_INT8_PRODUCTS if recipe.endswith("_fc") else _INT8_EVERYWHERE)


def step_of(held: Sequence[Numbers]) -> float | None:
    """Returns one quantization step of a tensor, as a real number; None where its numbers have none.

    Of a tensor that leaves the file as int8 the scale says it. Where a file turns int8 into float32 at its end, as
    converters do by default, all numbers are multiples of the step: at most 256 different ones, evenly spaced.

    Args:
        held: the same tensor in several cases: more numbers show the step more surely.
    """
    scales = [each.scale for each in held if each.scale is not None]
    if scales:
        finer = held[0].array.dtype.itemsize > 1  # Of more than 8 bits steps are counted in 1/255 of the range.
        return max(scales) * ((2 ** (8 * held[0].array.dtype.itemsize) - 1) / (_LEVELS - 1) if finer else 1)
    if not held or any(each.array.dtype.kind != "f" for each in held):
        return None
    values = np.unique(np.concatenate([each.reals.reshape(-1) for each in held]))
    values = values[np.isfinite(values)]
    if len(values) < _MIN_LEVELS:
        return None
    span = float(values[-1] - values[0])
    gaps = np.diff(values)
    gaps = gaps[gaps > span / _LEVELS / 2]  # What is closer is the same level, rounded to float32 in two ways.
    if not len(gaps):
        return None
    places = (values - values[0]) / gaps.min()
    levels = np.round(places)
    if levels[-1] >= _LEVELS or np.abs(places - levels).max() > _OFF_LATTICE:
        return None
    return span / float(levels[-1])


@dataclasses.dataclass(frozen=True)
class NumbersGap:
    """How far two tensors are apart.

    Attributes:
        relative: size of the difference against the size of what differs between inputs.
        steps: of the largest single difference, in quantization steps; None without steps.
        index: its place in the tensor, flat.
        expected, actual: the two real numbers there.
    """

    relative: float
    steps: float | None
    index: int
    expected: float
    actual: float

    def is_within(self, tolerance: StageTolerance) -> bool:
        """Whether two right devices may be as far apart."""
        return self.relative <= tolerance.relative and (self.steps or 0.0) <= tolerance.steps


def gap_between(
    expected: Numbers, actual: Numbers, step: float | None, usual: Reals | None, typical: float
) -> NumbersGap:
    """Compares two tensors of one shape.

    Args:
        step: one quantization step as a real number, where there is one.
        usual: the tensor's average over cases; None with too few of them.
        typical: its size in most cases.
    """
    want, got = expected.reals, actual.reals
    spec = TensorSpec("", want.shape, "float64")
    found = difference([got], [want], spec, None if usual is None else [usual], typical)
    apart = np.abs(got - want).reshape(-1)
    apart = np.where(np.isnan(apart), 0.0 if _same_nan(want, got) else np.inf, apart)
    index = int(apart.argmax()) if apart.size else 0
    steps = None if step is None or not apart.size else float(min(apart[index] / step, 1e9))
    return NumbersGap(
        found.relative,
        steps,
        index,
        float(want.reshape(-1)[index]) if apart.size else 0.0,
        float(got.reshape(-1)[index]) if apart.size else 0.0,
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Usual:
    """What a tensor is like over all cases of a report.

    Attributes:
        step: one quantization step as a real number; None where it has none.
        mean: real numbers averaged over the cases; None with fewer than four, or with unlike shapes.
        typical: Euclidean length in most cases.
    """

    step: float | None
    mean: Reals | None
    typical: float

    @classmethod
    def of(cls, expected: Sequence[Numbers], actual: Sequence[Numbers]) -> Usual:
        """Looks at one tensor in all cases of both devices; what is usual is what the first of them says."""
        shapes = {each.array.shape for each in expected}
        lengths = [float(np.linalg.norm(np.nan_to_num(each.reals))) for each in expected]
        mean = None
        if len(expected) >= _MIN_CASES and len(shapes) == 1:
            mean = np.mean([np.nan_to_num(each.reals) for each in expected], axis=0)
        return cls(step_of([*expected, *actual]), mean, float(np.median(lengths)) if lengths else 0.0)


def usual_of(expected: Sequence[Mapping[str, Numbers]], actual: Sequence[Mapping[str, Numbers]]) -> dict[str, Usual]:
    """Returns what each tensor is like, by name."""
    names = sorted({name for case in expected for name in case})
    return {
        name: Usual.of([case[name] for case in expected if name in case], [c[name] for c in actual if name in c])
        for name in names
    }


def _same_nan(one: Reals, other: Reals) -> bool:
    return bool(np.array_equal(np.isnan(one), np.isnan(other)))
