"""The settings of a task of arrays: its network, its training and what it ships."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from tfedge.config import ArrayTrainingConfig, from_keys, read_values
from tfedge.errors import ConfigError
from tfedge.tasks.shipping import ShippingConfig


@dataclasses.dataclass(frozen=True)
class ArrayTaskConfig:
    """What `models/NAME/config.json` holds.

    Attributes:
        network: sizes, as the network of the task reads them.
        training: how to train.
        shipping: which recipe ships, within which limits.
    """

    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    training: ArrayTrainingConfig = dataclasses.field(default_factory=ArrayTrainingConfig)
    shipping: ShippingConfig = dataclasses.field(default_factory=ShippingConfig)

    def to_json(self) -> dict[str, Any]:
        """Returns the settings as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Any) -> ArrayTaskConfig:
        """Reads settings; keys left out have their defaults.

        Raises:
            ConfigError: an unknown key or an illegal value.
        """
        found = from_keys(cls, values, "config")
        if not isinstance(found.network, dict):
            raise ConfigError(f"`network` must be an object; got {found.network!r:.80}")
        parts: dict[str, Any] = {}
        if "training" in values:
            parts["training"] = from_keys(ArrayTrainingConfig, values["training"], "training")
        if "shipping" in values:
            parts["shipping"] = ShippingConfig.from_json(values["shipping"])
        return dataclasses.replace(found, **parts)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ArrayTaskConfig:
        """Reads a JSON file of settings.

        Raises:
            ArtifactError: the file cannot be read.
            ConfigError: not JSON, an unknown key or an illegal value.
        """
        return cls.from_json(read_values(path))
