"""Attention kinds by name, so that a block or a config takes one as a word.

A new kind is a subclass of `tfedge.layers.attention_layer.AttentionLayer` and one line in `KINDS`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from tfedge.errors import ConfigError, one_of
from tfedge.layers.additive_attention import AdditiveAttention
from tfedge.layers.attention import CachedMultiHeadAttention, DotProductAttention
from tfedge.layers.attention_layer import AttentionLayer
from tfedge.layers.cosine_attention import CosineAttention
from tfedge.layers.hierarchical_attention import HierarchicalAttention
from tfedge.layers.linear_attention import LinearAttention
from tfedge.layers.local_attention import LocalAttention
from tfedge.layers.low_rank_attention import LowRankAttention, ProjectedAttention
from tfedge.layers.sparse_attention import SparseAttention

DEFAULT = "scaled_dot_product"
KINDS: dict[str, type[AttentionLayer]] = {
    DEFAULT: CachedMultiHeadAttention,
    "dot_product": DotProductAttention,
    "additive": AdditiveAttention,
    "cosine": CosineAttention,
    "local": LocalAttention,
    "sparse": SparseAttention,
    "hierarchical": HierarchicalAttention,
    "linear": LinearAttention,
    "low_rank": LowRankAttention,
    "projected": ProjectedAttention,
}


def option_names(kind: str) -> tuple[str, ...]:
    """Returns the arguments of a kind beyond those that every kind has.

    Raises:
        ConfigError: no such kind.
    """
    if kind not in KINDS:
        raise one_of("attention", kind, KINDS)
    shared = inspect.signature(AttentionLayer.__init__).parameters
    return tuple(name for name in inspect.signature(KINDS[kind].__init__).parameters if name not in shared)


def decoder_kinds() -> tuple[str, ...]:
    """Returns the kinds that can write one position at a time: with a cache, and a bias that is causal."""
    return tuple(name for name, kind in KINDS.items() if kind.has_cache and kind.has_query_bias)


def check(kind: str, options: Mapping[str, Any] | None = None) -> None:
    """Refuses a kind that does not exist, and an option that it does not take.

    Raises:
        ConfigError: names what is accepted, and the nearest.
    """
    accepted = option_names(kind)
    for name in options or {}:
        if not accepted:
            raise ConfigError(f"attention {kind!r} takes no options; got {name!r}: leave it out")
        if name not in accepted:
            raise one_of(f"option of attention {kind!r}", name, accepted)


def make_attention(
    kind: str,
    num_heads: int,
    head_dim: int,
    num_key_value_heads: int | None = None,
    options: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> AttentionLayer:
    """Returns the attention layer of a kind.

    Args:
        kind: a key of `KINDS`.
        num_heads, head_dim, num_key_value_heads: as `AttentionLayer` takes them.
        options: what this kind takes beyond them, by name. Defaults to nothing: the kind's own defaults.
        **kwargs: what a Keras layer takes: `name`, `dtype`.

    Raises:
        ConfigError: no such kind, an option that it does not take, or an illegal value of one.
    """
    check(kind, options)
    return KINDS[kind](num_heads, head_dim, num_key_value_heads, **(options or {}), **kwargs)
