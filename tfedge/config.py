"""Settings a person chooses, as frozen values that cannot be illegal; read from JSON, unknown keys refused."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import Any, TypeVar

from tfedge.artifacts import read_bytes
from tfedge.errors import ConfigError, one_of

T = TypeVar("T")
POSITIONS = ("sinusoidal", "learned")
OPTIMIZERS = ("adamw", "muon")
DTYPE_POLICIES = ("float32", "mixed_bfloat16")


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
            if field.type == "int":
                check_whole(field.name, getattr(self, field.name), 1)
        for key in ("num_key_value_heads", "encoder_num_key_value_heads"):
            if self.num_heads % getattr(self, key):
                raise ConfigError(
                    f"`num_heads` must be a multiple of `{key}`; got {self.num_heads} and {getattr(self, key)}"
                )
        if self.position not in POSITIONS:
            raise one_of("`position`", self.position, POSITIONS)
        if not _is_number(self.dropout) or not 0 <= self.dropout < 1:
            raise ConfigError(f"`dropout` must be at least 0 and below 1; got {self.dropout!r}")
        if not _is_number(self.mask_value) or not -100 <= self.mask_value < 0:
            raise ConfigError(f"`mask_value` must be between -100 and 0 (int8 range); got {self.mask_value!r}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """What every training has.

    Attributes:
        epochs: passes over the training examples; the schedule ends there.
        learning_rate: peak.
        warmup_steps: steps of linear rise to the peak.
        decay_share: last share of all steps in which the rate falls linearly to zero.
        weight_decay: decoupled, for matrices.
        label_smoothing: share of the target distribution spread over all answers.
        averaging_decay: decay of the exponential moving average of the weights, a step.
        patience: epochs without a better dev error before training stops.
        seed: of everything random.
    """

    epochs: int = 40
    learning_rate: float = 2e-3
    warmup_steps: int = 300
    decay_share: float = 0.6
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    averaging_decay: float = 0.998
    patience: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        for key in ("epochs", "warmup_steps", "patience"):
            check_whole(key, getattr(self, key), 1)
        check_whole("seed", self.seed, 0)
        if self.seed >= 2**32:  # NumPy takes no larger one.
            raise ConfigError(f"`seed` must be below 2**32; got {self.seed}")
        for key in ("decay_share", "label_smoothing", "averaging_decay", "weight_decay"):
            if not _is_number(getattr(self, key)) or not 0 <= getattr(self, key) <= 1:
                raise ConfigError(f"`{key}` must be between 0 and 1; got {getattr(self, key)!r}")
        if not _is_number(self.learning_rate) or not 0 < self.learning_rate <= 1:
            raise ConfigError(f"`learning_rate` must be above 0 and at most 1; got {self.learning_rate!r}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig(ScheduleConfig):
    """How to train on pairs of texts.

    Attributes:
        batch_tokens: target tokens a batch, padding included; rows a batch follow from the bucket's width.
    """

    batch_tokens: int = 5_120

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("batch_tokens", self.batch_tokens, 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArrayTrainingConfig(ScheduleConfig):
    """How to train on arrays.

    Attributes:
        batch_size: examples.
        optimizer: "adamw" or "muon".
        dtype_policy: Keras' word for what is computed in; weights are float32 in any case.
        augmentations: by name, each with its strength; see `tfedge.training.augmentation`.
        usual_share: of normal behaviour only: share of each batch, the most usual examples, that the loss is of.
    """

    batch_size: int = 128
    optimizer: str = "adamw"
    dtype_policy: str = "float32"
    augmentations: Mapping[str, float] = dataclasses.field(default_factory=dict)
    usual_share: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("batch_size", self.batch_size, 1)
        for key, known in (("optimizer", OPTIMIZERS), ("dtype_policy", DTYPE_POLICIES)):
            if getattr(self, key) not in known:
                raise one_of(f"`{key}`", getattr(self, key), known)
        if not isinstance(self.augmentations, Mapping) or not all(map(_is_number, self.augmentations.values())):
            raise ConfigError(f"`augmentations` must be names with numbers; got {self.augmentations!r:.80}")
        if not _is_number(self.usual_share) or not 0 < self.usual_share <= 1:
            raise ConfigError(f"`usual_share` must be above 0 and at most 1; got {self.usual_share!r}")


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
        return cls.from_json(read_values(path))


def read_values(path: str | os.PathLike[str]) -> Any:
    """Returns what a JSON file of settings holds.

    Raises:
        ArtifactError: the file cannot be read.
        ConfigError: it is not JSON.
    """
    try:
        return json.loads(read_bytes(path, "config file"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"expected JSON in {path}; {error}; correct the file") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_whole(key: str, value: object, lowest: int, of: str = "") -> None:
    """Refuses what is not an integer of `lowest` or more.

    Raises:
        ConfigError: names the key, and behind it what it is `of`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise ConfigError(f"`{key}`{of} must be an integer of {lowest} or more; got {value!r}")


def from_keys(kind: type[T], values: Any, name: str) -> T:
    """Builds the dataclass `kind` from a JSON object, refusing unknown keys with the nearest known one.

    Raises:
        ConfigError: not an object, an unknown or missing key, or an illegal value.
    """
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if not isinstance(values, dict):
        raise ConfigError(f"`{name}` must be a JSON object; got {type(values).__name__}")
    for key in values:
        if key not in known:
            raise one_of(f"a key of `{name}`", key, sorted(known))
    try:
        return kind(**values)
    except TypeError as error:  # A key without a default is missing, or a comparison met a value of another type.
        raise ConfigError(f"`{name}` has a missing key or a value of the wrong type: {error}") from None
