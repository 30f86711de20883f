"""Golden cases of a user's model: a few held-out examples, chosen to be different, small enough to travel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tfedge.conversion.calibration import Sample
from tfedge.conversion.tensor_network import TensorNetwork
from tfedge.errors import ConfigError, MeasurementError
from tfedge.modelfile.tensor_cases import TensorCase, rounded

# As many as a person reads; of images as many as add half a megabyte to the file, and at least one.
MAX_CASES, MAX_BYTES = 8, 2**19
# Base64 makes 4 bytes of 3, and an entry of a pack has at most 8 MiB.
MAX_CASE_BYTES = 5 * 2**20


def choose(held_out: Mapping[str, Sequence[Sample]]) -> list[tuple[str, str, Sample]]:
    """Returns (name, signature, inputs): of each signature the largest and the smallest input, and the first others.

    Inputs are rounded to half precision where that changes little, so that they need half the room.

    Raises:
        ConfigError: one example alone is too large to travel.
    """
    chosen = []
    for signature, samples in held_out.items():
        prefix = f"{signature}/" if len(held_out) > 1 else ""
        room = MAX_BYTES // len(held_out)
        sizes = [float(sum(np.abs(array.astype(np.float64)).sum() for array in sample.values())) for sample in samples]
        largest, smallest = int(np.argmax(sizes)), int(np.argmin(sizes))
        order = list(dict.fromkeys([largest, smallest, *range(len(samples))]))
        names = {smallest: "smallest_input", largest: "largest_input"}
        for place in order[:MAX_CASES]:
            inputs = {name: rounded(array) for name, array in samples[place].items()}
            size = sum(array.nbytes for array in inputs.values())
            if size > MAX_CASE_BYTES:
                raise ConfigError(
                    f"expected examples of at most {MAX_CASE_BYTES >> 20} MiB, one of which travels in the file; one "
                    f"of {signature} has {size >> 20} MiB; make the input smaller"
                )
            room -= size
            if room < 0 and place != order[0]:
                break
            chosen.append((prefix + names.get(place, f"example_{place + 1}"), signature, inputs))
    return chosen


def answered(network: TensorNetwork, asked: Sequence[tuple[str, str, Sample]]) -> tuple[TensorCase, ...]:
    """Returns cases with the model's own answers.

    Raises:
        MeasurementError: the model itself answers NaN or infinity.
    """
    cases = []
    for name, signature, inputs in asked:
        (expected,) = network.answer(signature, [inputs])
        lost = [key for key, array in expected.items() if array.dtype.kind == "f" and not np.isfinite(array).all()]
        if lost:
            raise MeasurementError(
                f"expected finite answers of the model itself; output {lost[0]!r} of {signature} is NaN or infinite "
                f"for {name}; look at the model, or leave such examples out"
            )
        cases.append(TensorCase(name, signature, inputs, expected))
    return tuple(cases)
