"""One signature of two files: how far each tensor is off, where it goes wrong first, and why."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping

import numpy as np

from tfedge.modelfile.stored_values import StoredValues
from tfedge.modelfile.summary import GraphSummary, TensorSummary
from tfedge.runtime.signatures import Array
from tfedge.validation.tensor_error import ONE_BIT_DB, ErrorSums, Step, decibels, noise_share
from tfedge.validation.tensor_matching import Match, SignatureGraph, match_tensors
from tfedge.validation.weight_comparison import WeightError, weight_errors

_SOFTMAX = ("SOFTMAX", "LOG_SOFTMAX")
_LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "int4": (-8, 7)}
# A cause explains an error when it makes at least a quarter of it: half of its amplitude.
_EXPLAINS = 0.25


@dataclasses.dataclass(frozen=True)
class TensorError:
    """One tensor of the first file, and how far the second file's is from it, over all runs.

    Attributes:
        signature: it belongs to.
        position: among the compared tensors of its signature, in the order in which they are computed.
        name: in the first file.
        layer: of it, as Keras named it; empty where the name tells of none.
        op: that computes it.
        dtype: in the second file.
        shape: in the second file.
        matched_by: "signature", "name" or "order".
        snr_db: signal to noise in dB; None: no error; -inf: NaN or infinity where the first file has numbers.
        lost_db: how far `snr_db` is below the worst input of its op.
        added_noise: noise over signal, less that of the worst input: what this op contributed.
        steps_rms: root mean square of the error in quantization steps of the second file; None without a step.
        steps_max: the largest error in steps.
        cause: of the error, in words, where it can be told; empty where this op is not at fault.
    """

    signature: str
    position: int
    name: str
    layer: str
    op: str
    dtype: str
    shape: tuple[int, ...]
    matched_by: str
    snr_db: float | None
    lost_db: float
    added_noise: float
    steps_rms: float | None
    steps_max: float | None
    cause: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether less than one effective bit is left."""
        return self.snr_db is not None and self.snr_db < ONE_BIT_DB

    @property
    def title(self) -> str:
        """The layer, or the tensor where the layer is unknown."""
        return self.layer or self.name


@dataclasses.dataclass(frozen=True)
class SignatureComparison:
    """One signature of both files.

    Attributes:
        name: of it.
        num_runs: calls compared.
        tensors: in graph order.
        wrong: where it goes wrong: the op that contributed most to the first tensor that is; None: nowhere.
        unmatched: names of the first file's tensors that the second has not.
        num_loops: ops whose insides are not compared.
    """

    name: str
    num_runs: int
    tensors: tuple[TensorError, ...]
    wrong: TensorError | None
    unmatched: tuple[str, ...]
    num_loops: int


class SignaturePair:
    """One signature of two files: which tensors belong together, and the sums of their errors.

    Args:
        name: of the signature, which both files have.
        first, second: the graphs of both files.
        stored: the stored values of both files.
    """

    def __init__(
        self, name: str, first: GraphSummary, second: GraphSummary, stored: tuple[StoredValues, StoredValues]
    ) -> None:
        self.name, self.num_runs = name, 0
        self._graphs = SignatureGraph(first, name), SignatureGraph(second, name)
        self._matching = match_tensors(*self._graphs)
        self.weights = weight_errors(self._matching.matches, self._graphs, stored)
        self._sums = [ErrorSums(_step_of(match.second.tensor), self._feeds_softmax(match)) for match in self.matches]

    @property
    def matches(self) -> tuple[Match, ...]:
        """Tensors that both files have, in the first file's order."""
        return self._matching.matches

    def add(self, expected: Iterator[Array], actual: Iterator[Array]) -> None:
        """Adds one run: stored values of the matched tensors of the first and of the second file, in order."""
        self.num_runs += 1
        for match, sums, one, other in zip(self.matches, self._sums, expected, actual, strict=True):
            sums.add(_reals(one, match.first.tensor), _reals(other, match.second.tensor))

    def result(self) -> SignatureComparison:
        """Returns what the sums say."""
        shares = {
            match.first.tensor.index: noise_share(sums.snr_db)
            for match, sums in zip(self.matches, self._sums, strict=True)
        }
        errors = {
            match.first.tensor.index: self._error(place, shares) for place, match in enumerate(self.matches)
        }
        return SignatureComparison(
            self.name,
            self.num_runs,
            tuple(errors.values()),
            self._origin(errors),
            tuple(place.tensor.name for place in self._matching.unmatched),
            self._matching.num_loops,
        )

    def _feeds_softmax(self, match: Match) -> bool:
        return any(op.name in _SOFTMAX for op in self._graphs[0].readers[match.first.tensor.index])

    def _error(self, place: int, shares: Mapping[int, float]) -> TensorError:
        match, sums = self.matches[place], self._sums[place]
        mine, tensor, steps = shares[match.first.tensor.index], match.first.tensor, sums.steps
        worst = max((shares[index] for index in self._inputs(tensor.index)), default=noise_share(None))
        return TensorError(
            signature=self.name,
            position=place,
            name=tensor.name,
            layer=tensor.layer,
            op=match.first.op.name,
            dtype=match.second.tensor.dtype,
            shape=match.second.tensor.shape,
            matched_by=match.by,
            snr_db=sums.snr_db,
            lost_db=10 * math.log10(mine / worst),
            added_noise=mine - worst,
            steps_rms=steps[0] if steps else None,
            steps_max=steps[1] if steps else None,
        )

    def _inputs(self, index: int) -> set[int]:
        """Returns the compared tensors that the op of tensor `index` reads, through those that were not compared."""
        compared = {match.first.tensor.index for match in self.matches}
        found: set[int] = set()
        waiting, seen = list(self._graphs[0].inputs_of(index)), {index}
        while waiting:
            tensor = waiting.pop()
            if tensor.index in compared:
                found.add(tensor.index)
            elif tensor.index not in seen:
                seen.add(tensor.index)
                waiting += self._graphs[0].inputs_of(tensor.index)
        return found

    def _origin(self, errors: Mapping[int, TensorError]) -> TensorError | None:
        """Returns where the first wrong tensor got most of its noise: itself, or one before it on its noisiest path.

        Noise only adds up along a path, so the largest step up is the op to look at.
        """
        first = next((index for index, error in errors.items() if error.is_wrong), None)
        if first is None:
            return None
        path, here = [first], first
        while inputs := self._inputs(here) - set(path):
            here = max(inputs, key=lambda index: noise_share(errors[index].snr_db))
            path.append(here)
        origin = max(path, key=lambda index: errors[index].added_noise)
        place = errors[origin].position
        return dataclasses.replace(errors[origin], cause=self._cause(origin, self._sums[place], errors[origin]))

    def _cause(self, index: int, sums: ErrorSums, error: TensorError) -> str:
        """Returns what made the noise of one tensor, as far as files and sums can tell."""
        if not sums.is_finite:
            return "it holds NaN or infinity where the first file holds numbers"
        step = sums.scale
        told = {
            f"one step of this tensor is {step:.3g}, too coarse for its values": sums.rounding_db,
            f"{sums.outside_share:.1%} of its values are outside its range, {sums.ends}": sums.clipping_db,
        }
        for weight in self.weights.get(index, ()):
            ratio = decibels(sums.signal_power, weight.noise_power) if weight.is_added else weight.snr_db
            if weight.snr_db is not None:
                told[f"its weights {weight.name} are {weight.snr_db:.1f} dB of what they were"] = ratio
        cause, ratio = max(told.items(), key=lambda item: noise_share(item[1]))
        if noise_share(ratio) >= _EXPLAINS * error.added_noise:
            return cause
        return "its inputs, weights and range are right: look at the op's parameters and at the runtime's kernel"


def _step_of(tensor: TensorSummary) -> Step | None:
    if tensor.scale is None or tensor.dtype not in _LIMITS:
        return None
    return Step(tensor.scale, tensor.zero_point or 0, *_LIMITS[tensor.dtype])


def _reals(array: Array, tensor: TensorSummary) -> Array:
    """Returns the real values of a tensor with one scale or none."""
    if tensor.scale is None:
        return array
    return (array.astype(np.float64) - (tensor.zero_point or 0)) * tensor.scale
