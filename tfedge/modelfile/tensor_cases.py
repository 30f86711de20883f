"""Golden cases of a model that takes and gives tensors: real inputs with the float model's answers, in golden.json.

Arrays are written as the base64 of their little-endian bytes, in the smallest dtype that holds every value: what
deflate makes of it is within a hundredth of the raw bytes, and the entry stays JSON that any language reads.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version
from tfedge.tasks.tensor_task import TensorForm, TensorTask

SCHEMA_VERSION = 1
KIND = "tensors"
Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
_SMALLER = {"f": ("float16", "float32"), "i": ("int8", "int16", "int32"), "u": ("uint8", "uint16", "uint32"), "b": ()}


@dataclasses.dataclass(frozen=True, eq=False)
class TensorCase:
    """One fixed question with its answer.

    Attributes:
        name: what is special about it; one of a kind in a pack.
        signature: that is called.
        inputs: arrays by name, as the float model takes them.
        expected: the float Keras model's outputs by name.
    """

    name: str
    signature: str
    inputs: Arrays
    expected: Arrays

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ConfigError(f"`name` of a golden case must be a text that is not empty; got {self.name!r}")
        for side, arrays in {"inputs": self.inputs, "expected": self.expected}.items():
            for key, array in arrays.items():
                if array.dtype.kind == "f" and not np.isfinite(array).all():
                    raise ConfigError(
                        f"`{side}` {key!r} of golden case {self.name!r} must be finite numbers; got others"
                    )

    def to_json(self) -> dict[str, Any]:
        """Returns the case as JSON values."""
        return {
            "name": self.name,
            "signature": self.signature,
            "inputs": {key: array_to_json(array) for key, array in self.inputs.items()},
            "expected": {key: array_to_json(array) for key, array in self.expected.items()},
        }

    @classmethod
    def from_json(cls, value: Any) -> TensorCase:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, ("name", "signature", "inputs", "expected"), "a golden case")
        sides = []
        for side in ("inputs", "expected"):
            if not isinstance(value[side], dict):
                raise ConfigError(f"`{side}` of a golden case must be an object of arrays; got {value[side]!r:.40}")
            sides.append({key: array_from_json(array) for key, array in value[side].items()})
        return cls(value["name"], value["signature"], *sides)


@dataclasses.dataclass(frozen=True, eq=False)
class TensorGolden:
    """What golden.json holds of such a model.

    Attributes:
        cases: one or more.
        distances: "signature/output" -> how far this very file was from Keras on these cases, run on LiteRT when it
            was made: the largest size of a difference against the size of the answer, 0 or more.
    """

    cases: tuple[TensorCase, ...]
    distances: Mapping[str, float]

    def __post_init__(self) -> None:
        names = [case.name for case in self.cases]
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"golden cases must be one or more, each with a name of its own; got {names}")
        for key, distance in self.distances.items():
            if isinstance(distance, bool) or not isinstance(distance, int | float) or not math.isfinite(distance):
                raise ConfigError(f"`distances` {key!r} must be a finite number; got {distance!r}")
            if distance < 0:
                raise ConfigError(f"`distances` {key!r} must be 0 or more; got {distance!r}")

    def check_fits(self, task: TensorTask) -> None:
        """Refuses cases that are not of the task's signatures.

        Raises:
            ConfigError: another signature, other names, shapes or dtypes, or an output without a distance.
        """
        for case in self.cases:
            signature = task.signatures.get(case.signature) if isinstance(case.signature, str) else None
            if signature is None:
                known = ", ".join(task.signatures)
                raise ConfigError(f"golden case {case.name!r} must be of one of {known}; got {case.signature!r}")
            for forms, arrays in ((signature.inputs, case.inputs), (signature.outputs, case.expected)):
                got = {key: TensorForm(array.dtype.name, array.shape) for key, array in arrays.items()}
                if got != forms:
                    raise ConfigError(f"golden case {case.name!r} must hold {_words(forms)}; got {_words(got)}")
        wanted = {f"{case.signature}/{key}" for case in self.cases for key in case.expected}
        if wanted != set(self.distances):
            raise ConfigError(f"`distances` must be of {sorted(wanted)}; got {sorted(self.distances)}")

    def to_json(self) -> dict[str, Any]:
        """Returns what golden.json holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "cases": [case.to_json() for case in self.cases],
            "distances": dict(self.distances),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> TensorGolden:
        """Reads what golden.json holds.

        Raises:
            ConfigError: another schema version or kind, an unknown or missing key, or an illegal value.
        """
        check_version(value, SCHEMA_VERSION, "golden.json")
        check_keys(value, ("schema_version", "kind", "cases", "distances"), "golden.json")
        if value["kind"] != KIND or not isinstance(value["cases"], list) or not isinstance(value["distances"], dict):
            raise ConfigError(f"golden.json must have kind {KIND!r}, a list of cases and distances by output")
        return cls(tuple(TensorCase.from_json(case) for case in value["cases"]), value["distances"])


def array_to_json(array: Array) -> dict[str, Any]:
    """Returns an array of numbers as JSON values; `array_from_json` of it has the same dtype, shape and values."""
    stored = array
    for smaller in _SMALLER.get(array.dtype.kind, ()):
        with np.errstate(over="ignore"):
            tried = array.astype(smaller)
        if tried.itemsize < array.itemsize and np.array_equal(tried.astype(array.dtype), array):
            stored = tried
            break
    little = np.ascontiguousarray(stored, stored.dtype.newbyteorder("<"))
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "stored": stored.dtype.name,
        "data": base64.b64encode(little.tobytes()).decode("ascii"),
    }


def array_from_json(value: Any) -> Array:
    """Reads what `array_to_json` wrote.

    Raises:
        ConfigError: an unknown or missing key, a dtype that is none or is not of the same kind, or another size.
    """
    check_keys(value, ("dtype", "shape", "stored", "data"), "an array")
    form = TensorForm.from_json({"dtype": value["dtype"], "shape": value["shape"]})
    dtype, stored = np.dtype(form.dtype), np.dtype(TensorForm(value["stored"], ()).dtype)
    if stored.kind != dtype.kind or stored.itemsize > dtype.itemsize:
        raise ConfigError(f"`stored` of an array of {dtype.name} must be of its kind and no larger; got {stored.name}")
    try:
        data = base64.b64decode(value["data"], validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ConfigError(f"`data` of an array must be base64; {error}") from error
    if len(data) != math.prod(form.shape) * stored.itemsize:
        raise ConfigError(f"`data` of an array of shape {form.shape} must be {stored.name}; got {len(data)} bytes")
    read: Array = np.frombuffer(data, stored.newbyteorder("<")).astype(dtype).reshape(form.shape)
    return read


def rounded(array: Array) -> Array:
    """Returns floats rounded to half precision, so that they are stored in half the size, where that changes little.

    Half precision keeps 11 bits, twice what any int8 input keeps; what is beyond its range stays as it is.
    """
    if array.dtype.kind != "f" or array.itemsize <= 2:
        return array
    with np.errstate(over="ignore"):
        half = array.astype(np.float16).astype(array.dtype)
    # Below 2**-14 half precision loses bits, which counts where the whole array is that small.
    largest = np.abs(array).max(initial=0.0)
    return half if np.isfinite(half).all() and (largest == 0 or largest >= 2**-10) else array


def _words(forms: Mapping[str, TensorForm]) -> str:
    return ", ".join(f"{key} {form.dtype} {list(form.shape)}" for key, form in forms.items()) or "nothing"
