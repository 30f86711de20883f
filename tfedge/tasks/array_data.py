"""Tasks whose inputs are arrays, images or windows of signals: what travels with a model, and data to train it on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError
from tfedge.tasks.meaning import Meaning, meaning_from_json
from tfedge.tasks.preprocessing.kinds import Preprocessing, preprocessing_from_json
from tfedge.tasks.tensor_task import check_keys

SCHEMA_VERSION = 1
KIND = "arrays"
_KEYS = ("schema_version", "kind", "name", "preprocessing", "meaning")


@dataclasses.dataclass(frozen=True)
class ArraySpec:
    """What a network of arrays reads and what it says.

    Attributes:
        name: the task, for example "image".
        preprocessing: from something raw to the input.
        meaning: of the outputs.
    """

    name: str
    preprocessing: Preprocessing
    meaning: Meaning

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ConfigError(f"`name` must be the name of a task; got {self.name!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the spec as JSON values; `from_json` of it is equal to this."""
        parts = {"preprocessing": self.preprocessing.to_json(), "meaning": self.meaning.to_json()}
        return {"schema_version": SCHEMA_VERSION, "kind": KIND, "name": self.name, **parts}

    @classmethod
    def from_json(cls, value: Any) -> ArraySpec:
        """Reads a spec.

        Raises:
            ConfigError: an unknown or missing key, another schema version or kind, or an illegal value.
        """
        check_keys(value, _KEYS, "a task of arrays")
        if value["schema_version"] != SCHEMA_VERSION or value["kind"] != KIND:
            raise ConfigError(
                f"a task of arrays must have schema_version {SCHEMA_VERSION} and kind {KIND!r}; got "
                f"{value['schema_version']!r} and {value['kind']!r}"
            )
        preprocessing = preprocessing_from_json(value["preprocessing"])
        return cls(value["name"], preprocessing, meaning_from_json(value["meaning"]))


@dataclasses.dataclass(frozen=True, eq=False)
class ArraySplit:
    """Examples.

    Attributes:
        inputs: float32 or uint8 (N, ...), as the network takes them.
        labels: int64 (N,): the class, or of anomalies 1 and of normal examples 0.
        groups: text (N,): whose example it is, such as a person, for splits and intervals; None where all are alike.
    """

    inputs: npt.NDArray[Any]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.inputs), len(self.labels), len(self.labels if self.groups is None else self.groups)}
        if len(lengths) > 1:
            raise ConfigError(f"expected as many inputs as labels and groups; got {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, places: Any) -> ArraySplit:
        groups = None if self.groups is None else self.groups[places]
        return ArraySplit(self.inputs[places], self.labels[places], groups)


@dataclasses.dataclass(frozen=True, eq=False)
class ArrayData:
    """A task of arrays with its data.

    Attributes:
        spec: what travels with the model.
        train, dev, test: examples; nothing is ever chosen by `test`.
        source: name, version and sha256 of the data.
        skipped: why -> how many examples were left out.
    """

    spec: ArraySpec
    train: ArraySplit
    dev: ArraySplit
    test: ArraySplit
    source: Mapping[str, str]
    skipped: Mapping[str, int] = dataclasses.field(default_factory=dict)
