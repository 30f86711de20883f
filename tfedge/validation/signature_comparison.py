"""One signature of two files: how far each tensor is off, where it goes wrong first, and why."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfedge.modelfile.stored_values import StoredValues
from tfedge.modelfile.summary import GraphSummary, OpSummary, TensorSummary
from tfedge.printable import shortened
from tfedge.runtime.signatures import Array
from tfedge.validation.tensor_error import ONE_BIT_DB, ErrorSums, Step, decibels, noise_share
from tfedge.validation.tensor_matching import Match, SignatureGraph, match_tensors
from tfedge.validation.weight_comparison import weight_errors

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
        is_healed: whether no reader shows the error: a mask of -65504 in place of -1e9 forbids as well.
        cause: of the error, in words; given where the signature goes wrong.
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
    is_healed: bool = False
    cause: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether less than one effective bit is left, and it matters."""
        return self.snr_db is not None and self.snr_db < ONE_BIT_DB and not self.is_healed

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
        self._sums = [ErrorSums(step_of(match.second.tensor), self._feeds_softmax(match)) for match in self.matches]
        self._compared = {match.first.tensor.index: place for place, match in enumerate(self.matches)}
        self._requantized = self._requantized_inputs()

    @property
    def matches(self) -> tuple[Match, ...]:
        """Tensors that both files have, in the first file's order."""
        return self._matching.matches

    def add(self, expected: Sequence[Array], actual: Sequence[Array]) -> None:
        """Adds one run: stored values of the matched tensors of the first and of the second file, in order."""
        self.num_runs += 1
        for match, sums, one, other in zip(self.matches, self._sums, expected, actual, strict=True):
            if one.size != other.size:  # Sizes that the files leave open, and that came out different.
                self._compared.pop(match.first.tensor.index, None)
                continue
            values = _reals(one, match.first.tensor)
            sums.add(values, _reals(other, match.second.tensor))
            for step, rounding in self._requantized.get(match.first.tensor.index, {}).values():
                rounding.add(values, step.rounded(np.where(np.isfinite(values), values, 0.0).astype(np.float64))[0])

    def result(self) -> SignatureComparison:
        """Returns what the sums say."""
        shares = {index: noise_share(self._sums[place].snr_db) for index, place in self._compared.items()}
        healed = self._healed(shares)
        errors = {
            index: self._error(index, position, shares, index in healed)
            for position, index in enumerate(self._compared)
        }
        unmatched = [place.tensor.name for place in self._matching.unmatched]
        unmatched += [match.first.tensor.name for match in self.matches if match.first.tensor.index not in errors]
        return SignatureComparison(
            self.name,
            self.num_runs,
            tuple(errors.values()),
            self._origin(errors),
            tuple(unmatched),
            self._matching.num_loops,
        )

    def _requantized_inputs(self) -> dict[int, dict[int, tuple[Step, ErrorSums]]]:
        """Returns tensor of the first file -> op that reads it -> the step in which the second file's op reads it.

        A QUANTIZE in front of an op may round to a step made for something else: a mask of 0 and 1 that is then
        multiplied by -1e9 gets the product's step, and is lost.
        """
        found: dict[int, dict[int, tuple[Step, ErrorSums]]] = {}
        for match in self.matches:
            for mine, theirs in zip(match.first.op.inputs, match.second.op.inputs, strict=False):
                if mine is None or theirs is None or theirs.is_constant:
                    continue
                source, step = self._graphs[0].source(mine).index, step_of(theirs)
                if source in self._compared and step is not None and self._graphs[1].source(theirs) is not theirs:
                    found.setdefault(source, {})[match.first.tensor.index] = step, ErrorSums(None, False)
        return found

    def _healed(self, shares: Mapping[int, float]) -> set[int]:
        """Returns wrong tensors whose error no reader shows.

        A reader does not show it when its noise is at most twice that of its other, right inputs, or is healed itself.
        """
        outputs = {self._graphs[0].source(tensor).index for tensor in self._graphs[0].signature.outputs.values()}
        healed: set[int] = set()
        for index in reversed(self._compared):
            readers = self._graphs[0].readers[index]
            if index not in outputs and readers and shares[index] > noise_share(ONE_BIT_DB):
                if all(self._does_not_show(op, index, shares, healed) for op in readers):
                    healed.add(index)
        return healed

    def _does_not_show(self, op: OpSummary, index: int, shares: Mapping[int, float], healed: set[int]) -> bool:
        made = op.outputs[0].index if op.outputs else -1
        inputs = {other.index for other in self._graphs[0].data_inputs(op)} - {index}
        # A wrong input is no excuse for another: both may be wrong by the same cause.
        others = [shares[other] for other in inputs if shares.get(other, math.inf) <= noise_share(ONE_BIT_DB)]
        return made in shares and (made in healed or bool(others) and shares[made] <= 2 * max(others))

    def _feeds_softmax(self, match: Match) -> bool:
        return any(op.name in _SOFTMAX for op in self._graphs[0].readers[match.first.tensor.index])

    def _error(self, index: int, position: int, shares: Mapping[int, float], is_healed: bool) -> TensorError:
        place = self._compared[index]
        match, sums = self.matches[place], self._sums[place]
        mine, tensor, steps = shares[index], match.first.tensor, sums.steps
        worst = max((shares[other] for other in self._inputs(index)), default=noise_share(None))
        return TensorError(
            signature=self.name,
            position=position,
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
            is_healed=is_healed,
        )

    def _inputs(self, index: int) -> set[int]:
        """Returns the compared tensors that the op of tensor `index` reads, through those that were not compared."""
        found: set[int] = set()
        waiting, seen = list(self._graphs[0].inputs_of(index)), {index}
        while waiting:
            tensor = waiting.pop()
            if tensor.index in self._compared:
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
        place = self._compared[origin]
        return dataclasses.replace(errors[origin], cause=self._cause(origin, self._sums[place], errors[origin]))

    def _cause(self, index: int, sums: ErrorSums, error: TensorError) -> str:
        """Returns what made the noise of one tensor, as far as files and sums can tell."""
        if not sums.is_finite:
            return "it holds NaN or infinity where the first file holds numbers"
        told = {
            f"one step of this tensor is {sums.scale:.3g}, too coarse for its values": sums.rounding_db,
            f"{sums.outside_share:.1%} of its values are outside its range, {sums.ends}": sums.clipping_db,
        }
        for source, readers in self._requantized.items():
            if index in readers and source in self._compared:
                step, rounding = readers[index]
                name = shortened(self.matches[self._compared[source]].first.tensor.name)
                told[f"its input {name} is rounded to steps of {step.scale:.3g}, too coarse for it"] = rounding.snr_db
        for weight in self.weights.get(index, ()):
            if weight.snr_db is not None:
                ratio = decibels(sums.signal_power, weight.noise_power) if weight.is_added else weight.snr_db
                told[
                    f"its stored {shortened(weight.name)}, {weight.dtype}, is {weight.snr_db:.1f} dB from what it was"
                ] = ratio
        cause, strongest = max(told.items(), key=lambda item: noise_share(item[1]))
        if noise_share(strongest) >= _EXPLAINS * error.added_noise:
            return cause
        return "its inputs, weights and range are right: look at the op's parameters and at the runtime's kernel"


def step_of(tensor: TensorSummary) -> Step | None:
    """Returns the quantization of a tensor of integers with one scale; None of any other."""
    if tensor.scale is None or tensor.dtype not in _LIMITS:
        return None
    return Step(tensor.scale, tensor.zero_point or 0, *_LIMITS[tensor.dtype])


def _reals(array: Array, tensor: TensorSummary) -> Array:
    """Returns the real values of a tensor with one scale or none."""
    if tensor.scale is None:
        return array
    return (array.astype(np.float64) - (tensor.zero_point or 0)) * tensor.scale
