"""A probe: a small file, what goes in, and what must come out. It asks a runtime one question."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tfedge.checks.forms import kernel_form
from tfedge.errors import ConfigError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph

Array = npt.NDArray[Any]
SIGNATURE = "serving_default"

# Scale and zero point of quantized activations in probes: real values from -8 to 8.
ACTIVATIONS: dict[str, tuple[float, int]] = {"int8": (1 / 16, 0), "uint8": (1 / 16, 128), "int16": (1 / 4096, 0)}


@dataclasses.dataclass(frozen=True)
class Probe:
    """One question to a runtime, asked with a file.

    Attributes:
        name: "kernel ADD qint8,qint8->qint8" for the form of an op, else the word that a rule looks up.
        data: the file; its one signature is `SIGNATURE`.
        inputs: by name, in the dtype of the tensor.
        expected: the right outputs by name, as stored values; float64, so that an answer between two steps shows.
        tolerance: largest difference of a right answer, in stored units: rounding, never another meaning.
    """

    name: str
    data: bytes
    inputs: Mapping[str, Array]
    expected: Mapping[str, Array]
    tolerance: float

    def __post_init__(self) -> None:
        if not self.name or not self.tolerance > 0:
            raise ConfigError(f"expected a probe with a name and a tolerance above 0; got {self.name!r}")

    def build(self) -> bytes:
        """Returns the bytes of the file."""
        return self.data

    def judge(self, outputs: Mapping[str, Array]) -> Literal["right", "wrong"]:
        """Says whether a runtime's outputs mean what the file says."""
        for name, expected in self.expected.items():
            actual = np.asarray(outputs[name])
            if actual.shape != expected.shape:
                return "wrong"
            # Not `>`: a NaN must fail too.
            if not np.all(np.abs(actual.astype(np.float64) - expected) <= self.tolerance):
                return "wrong"
        return "right"


class Sketch:
    """A probe under construction: a builder that remembers the values of inputs and outputs."""

    def __init__(self) -> None:
        self.builder = ModelBuilder()
        self.inputs: dict[str, int] = {}
        self.outputs: dict[str, int] = {}
        self._values: dict[str, Array] = {}
        self._expected: dict[str, Array] = {}

    def input(self, name: str, values: npt.ArrayLike, dtype: str = "float32", quantized: bool = True) -> int:
        """Adds an input of real `values`; the activations of int8, uint8 and int16 are quantized, unless told."""
        real = np.asarray(values, np.float64)
        facts = activation_facts(dtype, quantized)
        stored = quantize(real, dtype, *_scale(facts)) if facts else real.astype(dtype)
        self._values[name] = stored
        self.inputs[name] = self.builder.tensor(name, real.shape, dtype, **facts)
        return self.inputs[name]

    def output(
        self,
        name: str,
        expected: npt.ArrayLike,
        dtype: str = "float32",
        quantized: bool = True,
        scale: float | None = None,
        zero_point: int = 0,
    ) -> int:
        """Adds an output whose right real values are `expected`; a `scale` of its own replaces the usual one."""
        real = np.asarray(expected, np.float64)
        facts = activation_facts(dtype, quantized) if scale is None else {"scales": scale, "zero_points": zero_point}
        if facts:
            step, point = _scale(facts)
            limits: Any = np.iinfo(dtype)
            self._expected[name] = np.clip(real / step + point, limits.min, limits.max)
        else:
            self._expected[name] = real
        self.outputs[name] = self.builder.tensor(name, real.shape, dtype, **facts)
        return self.outputs[name]

    def constant(self, values: npt.ArrayLike, dtype: str = "float32", **facts: Any) -> int:
        """Adds a constant of stored `values`."""
        array = np.asarray(values)
        name = f"constant_{len(self.builder.model.subgraphs[-1].tensors)}"
        return self.builder.tensor(name, array.shape, dtype, array, **facts)

    def between(self, shape: Sequence[int], dtype: str = "float32", **facts: Any) -> int:
        """Adds a tensor that one op writes and another reads."""
        name = f"between_{len(self.builder.model.subgraphs[-1].tensors)}"
        return self.builder.tensor(name, shape, dtype, **facts)

    def probe(self, name: str, tolerance: float, change: Callable[[Any], None] | None = None) -> Probe:
        """Ends the sketch; `change` edits the schema's ModelT before it is written.

        A `name` of "kernel" stands for the form of the first op.
        """
        self.builder.signature(SIGNATURE, self.inputs, self.outputs, subgraph=0)
        if change is not None:
            change(self.builder.model)
        data = self.builder.build()
        if name == "kernel":
            name = f"kernel {kernel_form(read_graph(data).ops[0])}"
        return Probe(name, data, self._values, self._expected, tolerance)


def activation_facts(dtype: str, quantized: bool = True) -> dict[str, Any]:
    """Returns scales and zero points of an activation as `ModelBuilder.tensor` takes them; none of a float."""
    if dtype not in ACTIVATIONS or not quantized:
        return {}
    scale, zero_point = ACTIVATIONS[dtype]
    return {"scales": scale, "zero_points": zero_point}


def quantize(real: Array, dtype: str, scale: float, zero_point: int) -> Array:
    """Returns the stored integers of real values."""
    limits: Any = np.iinfo(dtype)
    stored: Array = np.clip(np.round(real / scale) + zero_point, limits.min, limits.max).astype(dtype)
    return stored


def _scale(facts: Mapping[str, Any]) -> tuple[float, int]:
    return float(facts["scales"]), int(facts["zero_points"])
