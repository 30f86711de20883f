"""How something raw, an image or rows of a table, becomes the input of a network: told in the task, run from there."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from tfedge.errors import ConfigError, one_of

# Imported when a task names one: reading images and reading tables need nothing of each other.
_CLASSES = {
    "image": ("tfedge.tasks.preprocessing.image", "ImagePreprocessing"),
    "windows": ("tfedge.tasks.preprocessing.windows", "WindowPreprocessing"),
}


class Preprocessing(Protocol):
    """What travels as `preprocessing` in a task."""

    @property
    def kind(self) -> str:
        """Which one: "image" or "windows"."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Sizes of one example, without the batch."""

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON values, `kind` among them; `preprocessing_from_json` of them is equal to it."""


def preprocessing_from_json(value: Any) -> Preprocessing:
    """Reads what `to_json` wrote.

    Raises:
        ConfigError: no object, an unknown kind or key, or an illegal value.
    """
    if not isinstance(value, dict) or "kind" not in value:
        raise ConfigError(f"`preprocessing` must be an object with a `kind`; got {value!r:.80}")
    if value["kind"] not in _CLASSES:
        raise one_of("`kind` of `preprocessing`", value["kind"], _CLASSES)
    module, name = _CLASSES[value["kind"]]
    read: Preprocessing = getattr(importlib.import_module(module), name).from_json(value)
    return read
