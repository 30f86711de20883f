"""How far two right runs of one file may be apart, derived from the file itself, and how far two runs are apart.

Three right implementations are at hand for every file: LiteRT's reference kernels, its default ones (XNNPACK) and its
own without a delegate. How far they differ on this very file and these inputs says how much this network makes of a
rounding; another right one may differ by a few times that, and a wrong one differs by about the size of the answer.
One of the two is not enough: on a file with int8 products alone XNNPACK equals the reference to the last bit, while
LiteRT without it and tflite-runtime 2.14 give each other's numbers, 10 % away.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

from tfedge.modelfile.graph import GraphSummary
from tfedge.runtime.signatures import Array, TensorSpec
from tfedge.validation.real_values import held, is_quantized, number_kind, to_real

# A few cases show less than the worst of many, and the target's kernels round in ways of their own: three times.
FACTOR = 3.0
# Float sums in another order differ by 1e-6 (x86 and ARM: 4e-6 of a logit); one kernel in half precision by 5e-4.
FLOAT_FLOOR = 1e-3
# One rounding to 8 bits moves a tensor by 1 %: its values span 10 deviations, 10 / 255 / sqrt(12). A few in a row: 5 %.
ROUNDING = 0.011
QUANTIZED_FLOOR = 0.05
HALF_ROUNDING = 2**-11  # Of a number in half precision: 10 bits after the first.
# Half the size of the answer (a cosine of 0.87) is no rounding any more, whatever the network makes of one.
CAP = 0.5
# int8 outputs of right runtimes on x86 and ARM are 4 to 5 steps apart at most: one more. Never an eighth of the range.
STEPS_FLOOR, STEPS_CAP = 6.0, 32.0
# Ids flip where two logits nearly tie: a few in a hundred in int8, and everything after a flipped one differs too.
IDS_FLOOR, IDS_CAP = 0.1, 0.5
# The part of an answer that differs between inputs is compared, down to a tenth of the whole: below is mostly rounding.
_LEAST_SIGNAL = 0.1
_TINY = 1e-30
LARGEST_RATIO = 1e6  # More says no more.

Kind = Literal["float", "quantized", "ids"]
_INT8_RANGE = 255


def kind_of(spec: TensorSpec) -> Kind:
    """Returns how values of this output are compared."""
    if is_quantized(spec):
        return "quantized"
    return "float" if number_kind(spec) == "f" else "ids"


@dataclasses.dataclass(frozen=True)
class Difference:
    """How far an actual output is from the expected one, over the calls of one case.

    Attributes:
        relative: size of the difference against the size of the expected answer; of ids the share that differs.
        steps: of a quantized output the largest difference in steps (of int16: in 1/255 of its range); else 0.
        cosine: of the angle between the two; 1 where both are zero.
    """

    relative: float
    steps: float = 0.0
    cosine: float = 1.0


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """What is allowed of one output.

    Attributes:
        kind: how it is compared.
        relative: largest `Difference.relative` allowed.
        steps: largest `Difference.steps` allowed; of quantized outputs alone.
        measured: how far LiteRT's other implementations are from its reference; None where that was not asked.
    """

    kind: Kind
    relative: float
    steps: float = math.inf
    measured: Difference | None = None

    @property
    def is_known(self) -> bool:
        """Whether right implementations agree well enough to judge another one by them."""
        cap = IDS_CAP if self.kind == "ids" else CAP
        return self.measured is None or self.measured.relative * 2 <= cap

    def allows(self, difference: Difference) -> bool:
        """Whether a right implementation may be as far away."""
        return difference.relative <= self.relative and difference.steps <= self.steps


def measured_tolerance(spec: TensorSpec, measured: Difference, graph: GraphSummary) -> Tolerance:
    """Returns what another right implementation may differ by, from how far those at hand are apart at worst."""
    kind = kind_of(spec)
    if kind == "ids":
        return Tolerance(kind, _between(IDS_FLOOR, FACTOR * measured.relative, IDS_CAP), measured=measured)
    if kind == "quantized":
        # `relative` counts only what is beyond the steps that are normal.
        steps = _between(STEPS_FLOOR, FACTOR * measured.steps, STEPS_CAP)
        return Tolerance(kind, CAP, steps, measured)
    floor = QUANTIZED_FLOOR if is_integer_network(graph) else FLOAT_FLOOR
    return Tolerance(kind, _between(floor, FACTOR * measured.relative, CAP), measured=measured)


def rounding_tolerance(spec: TensorSpec, graph: GraphSummary) -> Tolerance:
    """Returns what a quantized file may differ by from the float model that it was made of.

    Each quantized product adds a rounding of `ROUNDING` times the size of its result; roundings are independent, so
    n of them add up to sqrt(n) times that. A float file adds nothing but the order of its sums. Where activations are
    stored as integers, calibration also cuts what it has not met: by up to 20 % of an answer in the worst case of files
    by the usual recipes, where a broken one is off by all of it. Half is between.
    """
    kind = kind_of(spec)
    products = sum(any(_is_integer(tensor) for tensor in op.inputs) for op in graph.ops)
    if kind == "ids":
        return Tolerance(kind, IDS_FLOOR * 2 if products else IDS_FLOOR)
    coarse = 16 if set(graph.weight_bytes) & {"int4", "int2"} else 1  # 4 bits have 16 times coarser steps than 8.
    step = ROUNDING * coarse * math.sqrt(2 * products)  # Weights and activations.
    if "float16" in graph.weight_bytes:
        step = max(step, HALF_ROUNDING * math.sqrt(len(graph.ops)))
    limit = _between(QUANTIZED_FLOOR if products else FLOAT_FLOOR, FACTOR * step, CAP)
    if any(_is_integer(tensor) for op in graph.ops for tensor in op.outputs):
        limit = CAP
    # Beyond the steps allowed nothing is left of a quantized output but what `relative` allows.
    return Tolerance(kind, limit if kind == "float" else CAP, math.inf if kind == "float" else STEPS_CAP)


def is_integer_network(graph: GraphSummary) -> bool:
    """Whether any op computes with integers that stand for real numbers: weights or activations of 8 bits, say."""
    return any(_is_integer(tensor) for op in graph.ops for tensor in op.inputs)


def _is_integer(tensor: object) -> bool:
    scales = getattr(tensor, "num_scales", 0)
    return bool(scales) and str(getattr(tensor, "dtype", "")).startswith(("int", "uint"))


def difference(
    actual: list[Array], expected: list[Array], spec: TensorSpec, usual: list[Array] | None = None, typical: float = 0.0
) -> Difference:
    """Compares one output of one case.

    Args:
        actual: the output, one array a call.
        expected: what it is compared with: same count, shapes and dtypes.
        spec: form of the output.
        usual: the expected output averaged over other cases, as real numbers, one array a call; what it explains
            is no answer to this input. None: compare with the whole.
        typical: Euclidean length of the expected output in most cases: an answer of next to nothing (to an input of
            zeros) is held to a part of that.
    """
    kind = kind_of(spec)
    if kind == "ids":
        return Difference(_share_unequal(actual, expected))
    got, want = (_flat([to_real(array, spec) for array in arrays]) for arrays in (actual, expected))
    known, lost = np.isfinite(want), ~np.isfinite(got)
    right = np.where(known, held(want), 0)
    gap = np.where(known, held(got) - right, 0)
    gap = np.where(known & lost, np.abs(right).max(initial=1.0), gap)
    size = float(np.linalg.norm(right))
    signal = size
    if usual is not None:
        signal = float(np.linalg.norm(np.where(known, right - _flat(usual), 0)))
    steps = 0.0
    if kind == "quantized":
        unit = _step_unit(spec)
        steps = float(np.abs(gap).max(initial=0.0) / unit)
        gap = np.maximum(np.abs(gap) - STEPS_FLOOR * unit, 0)
    scale = max(signal, _LEAST_SIGNAL * size, _LEAST_SIGNAL * typical, _TINY)
    return Difference(min(float(np.linalg.norm(gap)) / scale, LARGEST_RATIO), steps, _cosine(got, want))


def worst_of(differences: list[Difference]) -> Difference:
    """Returns the largest of each figure."""
    return Difference(
        max((each.relative for each in differences), default=0.0),
        max((each.steps for each in differences), default=0.0),
        min((each.cosine for each in differences), default=1.0),
    )


def _share_unequal(actual: list[Array], expected: list[Array]) -> float:
    """Returns the share of ids that differ, of those that are not padding on both sides."""
    got, want = _flat(list(actual)), _flat(list(expected))
    counted = (got != 0) | (want != 0)
    return float(np.mean(got[counted] != want[counted])) if counted.any() else 0.0


def _step_unit(spec: TensorSpec) -> float:
    """Returns one step of an 8-bit output as a real number; of a finer one 1/255 of its range."""
    bits = np.iinfo(np.dtype(spec.dtype)).bits
    return max(spec.scales) * (2**bits - 1) / _INT8_RANGE if bits > 8 else max(spec.scales)


def _cosine(one: Array, other: Array) -> float:
    finite = np.isfinite(one) & np.isfinite(other)
    one, other = held(one[finite]), held(other[finite])
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    if norms == 0:
        return 1.0 if not one.any() and not other.any() else 0.0
    return float(one @ other) / norms


def _between(floor: float, value: float, cap: float) -> float:
    return min(max(floor, value), cap)


def _flat(arrays: list[Array]) -> Array:
    return np.concatenate([np.ravel(array) for array in arrays]) if arrays else np.zeros(0)
