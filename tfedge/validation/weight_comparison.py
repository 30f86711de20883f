"""What quantization did to the weights themselves: each stored tensor against the first file's, in dB."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from tfedge.modelfile.stored_reals import stored_reals
from tfedge.modelfile.stored_values import StoredValues
from tfedge.modelfile.summary import TensorSummary
from tfedge.validation.tensor_error import decibels
from tfedge.validation.tensor_matching import Match, SignatureGraph

_ADDING = ("ADD", "SUB")
_WITH_BIAS = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_3D")
_BIAS_PLACE = 2


@dataclasses.dataclass(frozen=True)
class WeightError:
    """One stored tensor of the first file, and how far the second file's is from it.

    Attributes:
        name: in the first file.
        layer: of the op that reads it.
        op: that reads it.
        buffer: that stores it in the first file.
        dtype: in the second file.
        shape: in the second file.
        num_scales: in the second file; 0 where it is not quantized.
        snr_db: signal to noise in dB; None where both are equal; -inf where the first holds zeros alone.
        noise_power: mean square of the error.
        is_added: whether the op adds it to its result, as a bias. Its error counts against that result: the bias of
            a key may be next to nothing, and so may be what int32 leaves of it.
    """

    name: str
    layer: str
    op: str
    buffer: int
    dtype: str
    shape: tuple[int, ...]
    num_scales: int
    snr_db: float | None
    noise_power: float = 0.0
    is_added: bool = False

    @property
    def title(self) -> str:
        """The layer, or the tensor where the layer is unknown."""
        return self.layer or self.name


def weight_errors(
    matches: Sequence[Match],
    graphs: tuple[SignatureGraph, SignatureGraph],
    stored: tuple[StoredValues, StoredValues],
) -> dict[int, tuple[WeightError, ...]]:
    """Compares the stored inputs of matched ops, by their places among the op's inputs.

    Returns:
        index of the tensor that the op computes in the first file -> its stored inputs. Tensors of another shape in
        the second file (transposed by another kind of op) and those of integers are left out.
    """
    found = {}
    for match in matches:
        errors = tuple(_errors(match, graphs, stored))
        if errors:
            found[match.first.tensor.index] = errors
    return found


def _errors(
    match: Match, graphs: tuple[SignatureGraph, SignatureGraph], stored: tuple[StoredValues, StoredValues]
) -> Iterator[WeightError]:
    op, layer = match.first.op.name, match.first.tensor.layer
    for place, (mine, theirs) in enumerate(zip(match.first.op.inputs, match.second.op.inputs, strict=False)):
        if mine is None or theirs is None:
            continue
        one, other = graphs[0].source(mine), graphs[1].source(theirs)
        if not (one.is_constant and other.is_constant and one.shape == other.shape and _is_weight(one)):
            continue
        expected, actual = stored_reals(stored[0], one), stored_reals(stored[1], other)
        if expected is None or actual is None:
            continue
        noise = float(np.mean((actual.astype(np.float64) - expected) ** 2))
        ratio = decibels(float(np.mean(expected.astype(np.float64) ** 2)), noise)
        is_added = op in _ADDING or (place == _BIAS_PLACE and op in _WITH_BIAS)
        facts = (one.name, layer, op, one.buffer, other.dtype, other.shape, other.num_scales)
        yield WeightError(*facts, ratio, noise, is_added)


def _is_weight(tensor: TensorSummary) -> bool:
    return tensor.dtype.startswith(("float", "bfloat")) or tensor.num_scales > 0
