"""Settings a person chooses, as frozen values that cannot be illegal; read from JSON, unknown keys refused."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any, TypeVar

from tfedge.artifacts import read_bytes
from tfedge.errors import ConfigError, one_of

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the seq2seq Transformer; `tfedge.networks.seq2seq` says what each is."""

    hidden_dim: int = 160
    num_heads: int = 5
    head_dim: int = 32
    intermediate_dim: int = 512
    num_encoder_layers: int = 4
    num_decoder_layers: int = 2
    num_key_value_heads: int = 1
    encoder_num_key_value_heads: int = 5
    position: str = "sinusoidal"
    dropout: float = 0.1
    mask_value: float = -30.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type == "int" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ConfigError(f"`{field.name}` must be an integer of 1 or more; got {value!r}")
        for heads in (self.num_key_value_heads, self.encoder_num_key_value_heads):
            if self.num_heads % heads:
                raise ConfigError(f"`num_heads` must be a multiple of key/value heads; got {self.num_heads}, {heads}")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"`dropout` must be at least 0 and below 1; got {self.dropout!r}")
        if not -100 <= self.mask_value < 0:
            raise ConfigError(f"`mask_value` must be between -100 and 0 (int8 range); got {self.mask_value!r}")


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Attributes:
        epochs: passes over the training pairs; the schedule ends there.
        batch_tokens: target tokens a batch, padding included; rows a batch follow from the bucket's width.
        learning_rate: peak.
        warmup_steps: steps of linear rise to the peak.
        decay_share: last share of all steps in which the rate falls linearly to zero.
        weight_decay: decoupled, for matrices.
        label_smoothing: share of the target distribution spread over all tokens.
        averaging_decay: decay of the exponential moving average of the weights, a step.
        patience: epochs without a better dev word error rate before training stops.
        seed: of everything random.
    """

    epochs: int = 40
    batch_tokens: int = 5_120
    learning_rate: float = 2e-3
    warmup_steps: int = 300
    decay_share: float = 0.6
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    averaging_decay: float = 0.998
    patience: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        for key in ("epochs", "batch_tokens", "warmup_steps", "patience"):
            if not isinstance(getattr(self, key), int) or getattr(self, key) < 1:
                raise ConfigError(f"`{key}` must be an integer of 1 or more; got {getattr(self, key)!r}")
        for key in ("decay_share", "label_smoothing", "averaging_decay", "weight_decay"):
            if not 0 <= getattr(self, key) <= 1:
                raise ConfigError(f"`{key}` must be between 0 and 1; got {getattr(self, key)!r}")
        if not 0 < self.learning_rate <= 1:
            raise ConfigError(f"`learning_rate` must be above 0 and at most 1; got {self.learning_rate!r}")


@dataclasses.dataclass(frozen=True)
class TaskConfig:
    """A task's network and training settings, as `models/NAME/config.json` holds them."""

    network: NetworkConfig = dataclasses.field(default_factory=NetworkConfig)
    training: TrainingConfig = dataclasses.field(default_factory=TrainingConfig)

    def to_json(self) -> dict[str, Any]:
        """Returns the settings as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TaskConfig:
        """Reads settings; keys left out have their defaults.

        Raises:
            ConfigError: an unknown key or an illegal value.
        """
        parts = {"network": NetworkConfig, "training": TrainingConfig}
        if not isinstance(values, dict):
            raise ConfigError(f"a config must be a JSON object; got {type(values).__name__}")
        for key in values:
            if key not in parts:
                raise one_of("a config key", key, parts)
        return cls(**{key: from_keys(parts[key], values[key], key) for key in values})

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> TaskConfig:
        """Reads a JSON file of settings.

        Raises:
            ArtifactError: the file cannot be read.
            ConfigError: not JSON, an unknown key or an illegal value.
        """
        try:
            values = json.loads(read_bytes(path, "config file"))
        except ValueError as error:
            raise ConfigError(f"expected JSON in {path}; {error}; correct the file") from None
        return cls.from_json(values)


def from_keys(kind: type[T], values: Any, name: str) -> T:
    """Builds the dataclass `kind` from a JSON object, refusing unknown keys with the nearest known one.

    Raises:
        ConfigError: not an object, an unknown key, or a value of the wrong type.
    """
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if not isinstance(values, dict):
        raise ConfigError(f"`{name}` must be a JSON object; got {type(values).__name__}")
    for key in values:
        if key not in known:
            raise one_of(f"a key of `{name}`", key, sorted(known))
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(f"`{name}` has a value of the wrong type: {error}") from None
