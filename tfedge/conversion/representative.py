"""Representative data: a user's examples, checked against the model, part to calibrate with, the rest held out."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.conversion.calibration import Sample
from tfedge.conversion.tensor_network import TensorShape
from tfedge.errors import CalibrationError, ConfigError, InputError, one_of
from tfedge.number_arrays import read_npz
from tfedge.tasks.tensor_task import TensorForm

Array = npt.NDArray[Any]
# A quarter of the examples is held out: 8 of the least there may be, of which a share is still a share.
MIN_EXAMPLES, HELD_OUT = 32, 0.25
# Ranges hardly grow after some hundreds, and each takes milliseconds; more held-out ones than that tell no more either.
MAX_CALIBRATION, MAX_HELD_OUT = 500, 500
SEED = 7


@dataclasses.dataclass(frozen=True)
class Representative:
    """Examples of every signature.

    Attributes:
        forms: inputs of each signature as its file will take them, batch 1.
        samples: signature -> inputs to calibrate with, one dict a call.
        held_out: signature -> inputs that nothing is calibrated by.
        num_given: signature -> examples in the data.
        seed: that split them.
        spare: signature -> inputs that neither calibrate nor are held out; empty where those took all there are.
    """

    forms: Mapping[str, Mapping[str, TensorForm]]
    samples: Mapping[str, tuple[Sample, ...]]
    held_out: Mapping[str, tuple[Sample, ...]]
    num_given: Mapping[str, int]
    seed: int
    spare: Mapping[str, tuple[Sample, ...]] = dataclasses.field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """sha256 over names, shapes, dtypes and values of all examples used, in order."""
        digest = hashlib.sha256()
        for part in (self.samples, self.held_out):
            for signature in sorted(part):
                for sample in part[signature]:
                    for name in sorted(sample):
                        digest.update(f"{signature}/{name}/{sample[name].shape}/{sample[name].dtype}".encode())
                        digest.update(np.ascontiguousarray(sample[name]).tobytes())
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Returns what the manifest records."""
        return {
            "seed": self.seed,
            "num_samples": {signature: len(samples) for signature, samples in self.samples.items()},
            "num_held_out": {signature: len(samples) for signature, samples in self.held_out.items()},
            "num_given": dict(self.num_given),
            "sha256": self.sha256,
            "held_out_beyond_range": self.beyond_range(),
        }

    def beyond_range(self) -> dict[str, float]:
        """Returns "signature/input" -> share of held-out values outside what calibration saw; of real numbers alone."""
        found = {}
        for signature, samples in self.samples.items():
            for name, first in samples[0].items():
                if first.dtype.kind == "f":
                    seen = np.stack([sample[name] for sample in samples])
                    asked = np.stack([sample[name] for sample in self.held_out[signature]])
                    outside = (asked < seen.min()) | (asked > seen.max())
                    found[f"{signature}/{name}"] = round(float(outside.mean()), 6)
        return found


def read(
    path: str | os.PathLike[str], inputs: Mapping[str, Mapping[str, TensorShape]], seed: int = SEED
) -> Representative:
    """Reads an .npz of examples: arrays by input name, or by SIGNATURE/INPUT, examples along the first axis.

    Args:
        inputs: what each signature of the model takes.
        seed: of the split.

    Raises:
        ArtifactError: there is no such file.
        InputError: no .npz, objects or text in it, or NaN.
        ConfigError, CalibrationError: as `fit`.
    """
    return fit(read_npz(path, "file of representative data"), inputs, str(path), seed)


def fit(
    arrays: Mapping[str, Array], inputs: Mapping[str, Mapping[str, TensorShape]], source: str, seed: int = SEED
) -> Representative:
    """Returns arrays of examples as calls of a model's signatures, split.

    Raises:
        ConfigError: a name that the model does not have, or another shape or dtype.
        InputError: infinity, or arrays of one signature that differ in the number of examples.
        CalibrationError: an input that is missing or never varies, or too few examples.
    """
    placed = _placed(arrays, inputs, source)
    missing = [f"{name}/{key}" for name, keys in inputs.items() for key in keys if key not in placed[name]]
    if missing:
        shown = missing if len(inputs) > 1 else [place.partition("/")[2] for place in missing]
        raise CalibrationError(f"expected examples of every input in {source}; missing: {', '.join(shown)}; add them")
    forms, samples, held_out, counts, spare = {}, {}, {}, {}, {}
    for name, each in placed.items():
        counts[name] = _count(each, source)
        shapes = inputs[name]
        forms[name] = {key: _form(array, shapes[key]) for key, array in each.items()}
        order = np.random.default_rng(seed).permutation(counts[name])
        num_held_out = min(MAX_HELD_OUT, int(counts[name] * HELD_OUT))
        rows = [{key: array[place].reshape(forms[name][key].shape) for key, array in each.items()} for place in order]
        held_out[name] = tuple(rows[:num_held_out])
        samples[name] = tuple(rows[num_held_out : num_held_out + MAX_CALIBRATION])
        spare[name] = tuple(rows[num_held_out + MAX_CALIBRATION :][:MAX_HELD_OUT])
    _check_varied(samples, source)
    return Representative(forms, samples, held_out, counts, seed, spare)


def _placed(
    arrays: Mapping[str, Array], inputs: Mapping[str, Mapping[str, TensorShape]], source: str
) -> dict[str, dict[str, Array]]:
    """Returns arrays by signature and input, in the dtypes of the model; a plain name is for every signature."""
    placed: dict[str, dict[str, Array]] = {name: {} for name in inputs}
    for word, array in arrays.items():
        signature, slash, key = word.partition("/")
        owners = [name for name, keys in inputs.items() if slash and name == signature and key in keys]
        owners = owners or [name for name, keys in inputs.items() if word in keys]
        if not owners:
            known = [key for keys in inputs.values() for key in keys]
            if len(inputs) > 1:
                known = [f"{name}/{key}" for name, keys in inputs.items() for key in keys]
            raise one_of(f"an array of {source}", word, dict.fromkeys(known))
        for name in owners:
            key = word if word in inputs[name] else key
            placed[name][key] = _fitted(array, inputs[name][key], word, source)
    return placed


def _fitted(array: Array, shape: TensorShape, word: str, source: str) -> Array:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"expected finite numbers in {word} of {source}; it holds infinity; leave such examples out")
    dtype = np.dtype(shape.dtype)
    fits = dtype.kind == "f" or array.dtype.kind in "biu"
    changed = array.astype(dtype) if fits else array
    if dtype.kind != "f" and fits and not np.array_equal(changed, array):
        fits = False
    sizes = array.shape[1:]
    alike = len(sizes) == len(shape.sizes) and all(
        want in (None, size) for want, size in zip(shape.sizes, sizes, strict=True)
    )
    if not fits or not alike or 0 in sizes:
        raise ConfigError(
            f"expected each example of {word} in {source} as {shape}; got {array.dtype.name} "
            f"({', '.join(map(str, sizes))}); the first axis of an array counts the examples"
        )
    return changed


def _count(arrays: Mapping[str, Array], source: str) -> int:
    counts = {len(array) for array in arrays.values()}
    if len(counts) > 1:
        sizes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise InputError(f"expected as many examples of each input in {source}: {sizes}")
    (count,) = counts
    if count < MIN_EXAMPLES:
        raise CalibrationError(
            f"expected {MIN_EXAMPLES} examples or more in {source}, a quarter of which is held out; got {count}; "
            "add more"
        )
    return count


def _form(array: Array, shape: TensorShape) -> TensorForm:
    sizes = tuple(array.shape[1:])
    return TensorForm(shape.dtype, (1, *sizes) if shape.has_batch else sizes)


def _check_varied(samples: Mapping[str, tuple[Sample, ...]], source: str) -> None:
    for signature, rows in samples.items():
        for name, first in rows[0].items():
            value = first.ravel()[0]
            if all(np.all(row[name] == value) for row in rows):
                raise CalibrationError(
                    f"expected {name} of {signature} to vary in {source}; it is always {value}; give examples as they "
                    "occur, or make it a constant of the model"
                )
