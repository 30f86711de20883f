"""Sizes of the encoder classifier, as a task's config file holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tfedge.config import check_whole
from tfedge.errors import ConfigError, one_of

BLOCK_NORMS = ("rms", "batch")
POSITIONS = ("learned", "none")


@dataclasses.dataclass(frozen=True)
class ClassifierConfig:
    """Sizes of `EncoderClassifier`, which says what each is.

    Attributes:
        stem: convolutions in order, each {"filters", "kernel_size", "strides"}; the last one's filters are the
            features of a position.
        attention: kind of the blocks' attention.
        attention_options: of that kind.
        block_norm: "rms", or "batch", which is gone after conversion.
        position: "learned" or "none".
    """

    stem: tuple[Mapping[str, int], ...] = ({"filters": 64, "kernel_size": 3, "strides": 1},)
    num_blocks: int = 2
    num_heads: int = 4
    head_dim: int = 16
    intermediate_dim: int = 128
    attention: str = "scaled_dot_product"
    attention_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    num_key_value_heads: int | None = None
    block_norm: str = "rms"
    position: str = "learned"
    pooling_heads: int = 4
    dropout: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "stem", tuple(self.stem))
        if not self.stem:
            raise ConfigError("`stem` must be one convolution or more; got none")
        for stage in self.stem:
            if not isinstance(stage, Mapping) or set(stage) != {"filters", "kernel_size", "strides"}:
                raise ConfigError(f"each stage of `stem` must have filters, kernel_size and strides; got {stage!r:.80}")
            for key, value in stage.items():
                check_whole(key, value, 1, " of `stem`")
        for key in ("num_heads", "head_dim", "intermediate_dim", "pooling_heads"):
            check_whole(key, getattr(self, key), 1)
        check_whole("num_blocks", self.num_blocks, 0)
        if self.num_key_value_heads is not None:
            check_whole("num_key_value_heads", self.num_key_value_heads, 1)
        if self.block_norm not in BLOCK_NORMS:
            raise one_of("`block_norm`", self.block_norm, BLOCK_NORMS)
        if self.position not in POSITIONS:
            raise one_of("`position`", self.position, POSITIONS)
        if not isinstance(self.attention_options, Mapping):
            raise ConfigError(f"`attention_options` must be an object; got {self.attention_options!r:.80}")
        dropout = self.dropout
        is_number = isinstance(dropout, int | float) and not isinstance(dropout, bool)
        if not is_number or not 0 <= dropout < 1:  # Also what is not a number.
            raise ConfigError(f"`dropout` must be at least 0 and below 1; got {dropout!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the sizes as JSON values, which are the arguments of the network."""
        return {**dataclasses.asdict(self), "stem": [dict(stage) for stage in self.stem]}
