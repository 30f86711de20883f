"""Calibration data: real decode traces, with padding, that are counted, hashed and refused when they cannot do."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.conversion.calibrated_ranges import ranges_of
from tfedge.conversion.signatures import DECODE_STEP, ENCODE
from tfedge.errors import CalibrationError
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import START_ID, STOP_ID

Sample = dict[str, npt.NDArray[Any]]
# Fewer texts leave ranges that the first hundred test words already exceed.
MIN_TEXTS = 32


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Inputs of each signature, as they occur while texts are decoded.

    Attributes:
        samples: signature -> inputs by tensor name, one dict a call.
        num_texts: texts decoded.
        seed: that chose the texts.
        full_length: tokens of the longest source that there is to calibrate with; by default all places of
            `source_ids`.

    Raises:
        CalibrationError: too few texts, an input that is never fed, constant or not finite, no padded source, or none
            of full length.
    """

    samples: Mapping[str, tuple[Sample, ...]]
    num_texts: int
    seed: int
    full_length: int | None = None

    def __post_init__(self) -> None:
        if self.num_texts < MIN_TEXTS:
            raise CalibrationError(f"expected {MIN_TEXTS} calibration texts or more; got {self.num_texts}; give more")
        _check_fed(self.samples)
        for signature, samples in self.samples.items():
            for name in samples[0]:
                values = np.concatenate([sample[name].ravel() for sample in samples])
                if not np.all(np.isfinite(values)):
                    raise CalibrationError(f"expected finite values in `{name}` of `{signature}`; got NaN or infinity")
                if np.all(values == values[0]):
                    raise CalibrationError(
                        f"expected `{name}` of `{signature}` to vary; it is always {values[0]}; give other texts"
                    )
        sources = np.concatenate([sample["source_ids"] for sample in self.samples[ENCODE]])
        lengths = np.count_nonzero(sources, axis=1)
        if lengths.min() == sources.shape[1]:
            raise CalibrationError("expected a padded source among the calibration texts; all are full; add short ones")
        wanted = sources.shape[1] if self.full_length is None else self.full_length
        if lengths.max() < wanted:
            raise CalibrationError(
                f"expected a source of full length, {wanted} tokens, among the calibration texts; the longest has "
                f"{lengths.max()}; add long ones"
            )

    @property
    def sha256(self) -> str:
        """sha256 over names, shapes, dtypes and values of all samples, in order."""
        digest = hashlib.sha256()
        for signature in sorted(self.samples):
            for sample in self.samples[signature]:
                for name in sorted(sample):
                    digest.update(f"{signature}/{name}/{sample[name].shape}/{sample[name].dtype}".encode())
                    digest.update(np.ascontiguousarray(sample[name]).tobytes())
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Returns what the manifest records."""
        counts = {signature: len(samples) for signature, samples in self.samples.items()}
        ranges = {
            signature: {name: list(bounds) for name, bounds in inputs.items()}
            for signature, inputs in ranges_of(self.samples).items()
        }
        fields = {"num_texts": self.num_texts, "seed": self.seed, "num_samples": counts, "sha256": self.sha256}
        return {**fields, "ranges": ranges}


def _check_fed(samples: Mapping[str, Sequence[Sample]]) -> None:
    for signature in (ENCODE, DECODE_STEP):
        if not samples.get(signature):
            raise CalibrationError(
                f"expected samples of `{signature}`; got none, so that its inputs are never fed; decode the texts"
            )
    for signature, calls in samples.items():
        names = {name for call in calls for name in call}
        for place, call in enumerate(calls):
            missing = sorted(names - set(call))
            if missing:
                raise CalibrationError(
                    f"expected `{missing[0]}` of `{signature}` in every sample; sample {place} does not feed it"
                )


def choose_texts(texts: Sequence[str], num_texts: int, seed: int) -> list[str]:
    """Returns the shortest and the longest eighth of a seeded choice, and the choice itself: extremes set ranges."""
    chosen = random.Random(seed).sample(list(texts), min(num_texts, len(texts)))
    by_length = sorted(texts, key=lambda text: (len(text), text))
    edge = max(1, num_texts // 8)
    return list(dict.fromkeys([*by_length[:edge], *by_length[-edge:], *chosen]))[:num_texts]


def trace(
    functions: Mapping[str, Any], spec: TaskSpec, texts: Sequence[str], seed: int, full_length: int | None = None
) -> Calibration:
    """Decodes `texts` greedily with the float network and keeps every call's inputs.

    Args:
        functions: concrete functions of `encode` and `decode_step`.
        spec: how texts become ids.
        texts: training texts; never dev or test ones.
        seed: that chose them; recorded.
        full_length: tokens of the longest text that they were chosen from; of the longest of them by default.

    Raises:
        CalibrationError: as `Calibration`.
    """
    longest = max((len(spec.source_ids(text)) for text in texts), default=0)
    samples = decode_calls(functions, spec, texts)
    return Calibration(samples, len(texts), seed, longest if full_length is None else full_length)


def decode_calls(functions: Mapping[str, Any], spec: TaskSpec, texts: Sequence[str]) -> dict[str, tuple[Sample, ...]]:
    """Returns the inputs of every call that decoding `texts` greedily makes, by signature; arguments as `trace`."""
    samples: dict[str, list[Sample]] = {ENCODE: [], DECODE_STEP: []}
    for text in texts:
        source = spec.source_array(text)
        samples[ENCODE].append({"source_ids": source})
        encoded = _arrays(functions[ENCODE], {"source_ids": source})
        caches = _empty_caches(functions[DECODE_STEP])
        token = START_ID
        for position in range(spec.max_target_length):
            inputs = {
                "token_ids": np.array([[token]], np.int32),
                "cache_update_index": np.array([position], np.int32),
                **encoded,
                **caches,
            }
            samples[DECODE_STEP].append(inputs)
            outputs = _arrays(functions[DECODE_STEP], inputs)
            token = int(np.argmax(outputs.pop("logits")[0]))
            caches = outputs
            if token == STOP_ID:
                break
    return {name: tuple(rows) for name, rows in samples.items()}


def _arrays(function: Any, inputs: Mapping[str, npt.NDArray[Any]]) -> Sample:
    import tensorflow as tf

    outputs = function(**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: value.numpy() for name, value in outputs.items()}


def _empty_caches(function: Any) -> Sample:
    specs = function.structured_input_signature[1]
    shapes = {name: spec.shape for name, spec in specs.items() if name.startswith(("cache_key", "cache_value"))}
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
