"""The evaluation set of a pack of tensors: labelled examples with the float model's answers, in evaluation.json.

As many as are small: a file of a few hundred KB does not carry megabytes of pictures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version
from tfedge.modelfile.tensor_cases import array_from_json, array_to_json
from tfedge.tasks.tensor_task import TensorForm, TensorTask

SCHEMA_VERSION = 1
KIND = "tensors"
_KEYS = ("schema_version", "kind", "source", "signature", "input", "output", "inputs", "labels", "keras")
Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True, eq=False)
class ArrayExamples:
    """Examples that no choice was made by.

    Attributes:
        signature: that is called, with the batch of 1 that its form has.
        input: name of its one input.
        output: that is scored.
        inputs: (N, ...), as the float model takes them, perhaps in a smaller dtype.
        labels: int64 (N,).
        keras: (N, ...), what the float Keras model answered.
        source: name, version and sha256 of the data.
    """

    signature: str
    input: str
    output: str
    inputs: Array
    labels: npt.NDArray[np.int64]
    keras: Array
    source: Mapping[str, str]

    def __post_init__(self) -> None:
        lengths = {len(self.inputs), len(self.labels), len(self.keras)}
        if len(lengths) > 1 or lengths == {0} or self.labels.ndim != 1 or self.labels.dtype.kind != "i":
            raise ConfigError(f"labelled examples must be one or more, each with an answer; got {sorted(lengths)}")
        for key in ("inputs", "keras"):
            array = getattr(self, key)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ConfigError(f"`{key}` of labelled examples must be finite numbers; got others")

    def __len__(self) -> int:
        return len(self.labels)

    def check_fits(self, task: TensorTask) -> None:
        """Refuses examples that are not of the task's signatures.

        Raises:
            ConfigError: another signature, input, output, shape or dtype.
        """
        signature = task.signatures.get(self.signature)
        if signature is None or set(signature.inputs) != {self.input} or self.output not in signature.outputs:
            known = ", ".join(task.signatures)
            raise ConfigError(
                f"labelled examples must be of one of {known}; got {self.signature!r} with {self.input!r} and "
                f"{self.output!r}"
            )
        pairs = ((signature.inputs[self.input], self.inputs), (signature.outputs[self.output], self.keras))
        for form, array in pairs:
            got = TensorForm(array.dtype.name, (1, *array.shape[1:]))
            # Bytes of an image are kept as bytes, whatever the model takes them as.
            if got.shape != form.shape or not np.can_cast(array.dtype, form.dtype):
                raise ConfigError(f"labelled examples must hold {form}; got {got}")

    def first(self, count: int) -> ArrayExamples:
        """Returns the first `count` of them."""
        parts = {key: getattr(self, key)[:count] for key in ("inputs", "labels", "keras")}
        return dataclasses.replace(self, **parts)

    def asked(self, place: int, dtype: str) -> Array:
        """Returns what the signature is called with: one input, of the float model's dtype, with its batch of 1."""
        return self.inputs[place : place + 1].astype(dtype)

    def to_json(self) -> dict[str, Any]:
        """Returns what evaluation.json holds."""
        arrays = {key: array_to_json(getattr(self, key)) for key in ("inputs", "labels", "keras")}
        texts = {"signature": self.signature, "input": self.input, "output": self.output}
        return {"schema_version": SCHEMA_VERSION, "kind": KIND, "source": dict(self.source), **texts, **arrays}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ArrayExamples:
        """Reads what evaluation.json holds.

        Raises:
            ConfigError: another schema version or kind, an unknown or missing key, or an illegal value.
        """
        check_version(value, SCHEMA_VERSION, "evaluation.json")
        check_keys(value, _KEYS, "evaluation.json")
        texts = [value["signature"], value["input"], value["output"]]
        if value["kind"] != KIND or not isinstance(value["source"], dict):
            raise ConfigError(f"evaluation.json must have kind {KIND!r} and a source object; got {value['kind']!r}")
        if not all(isinstance(text, str) and text for text in texts):
            raise ConfigError(f"evaluation.json must name a signature, an input and an output; got {texts!r:.200}")
        inputs, labels, keras = (array_from_json(value[key]) for key in ("inputs", "labels", "keras"))
        if not inputs.ndim or not labels.ndim or not keras.ndim:
            raise ConfigError("arrays of evaluation.json must have an axis of examples; got none")
        signature, name, output = texts
        return cls(signature, name, output, inputs, labels, keras, value["source"])
