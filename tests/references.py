"""Attention in NumPy: dense, float64, one head at a time, masks as numbers added to scores. What layers must equal.

A kind that skips work has the same reference with a pattern: `pattern_bias` of which pairs it looks at.

Letters: B batch, T query positions, S key positions, H query heads, D head_dim.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
Score = Callable[[Array, Array, int], Array]


def dense(layer: Any, x: Array) -> Array:
    """Returns `x` times a Dense layer's kernel, plus its bias."""
    return np.asarray(x, np.float64) @ np.asarray(layer.kernel, np.float64) + np.asarray(layer.bias, np.float64)


def softmax(scores: Array) -> Array:
    """Returns shares that sum to 1 over the last axis; a score of -inf has none."""
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def pattern_bias(pattern: Array) -> Array:
    """Returns float64 of the shape of `pattern`, bool: 0 where a query looks at a key, -inf where it does not."""
    return np.where(pattern, 0.0, -np.inf)


def project(layer: Any, query: Array, source: Array) -> tuple[Array, Array, Array]:
    """Returns an attention layer's queries (B, H, T, D), keys and values (B, H, S, D): query head h with key and
    value head h // group."""

    def split(part: Any, x: Array, num_heads: int) -> Array:
        return np.stack(np.split(dense(part, x), num_heads, axis=-1), axis=1)

    group = layer.num_heads // layer.num_key_value_heads
    keys = split(layer.key_dense, source, layer.num_key_value_heads)
    values = split(layer.value_dense, source, layer.num_key_value_heads)
    return split(layer.query_dense, query, layer.num_heads), keys.repeat(group, axis=1), values.repeat(group, axis=1)


def attention(layer: Any, query: Array, source: Array, bias: Array, score: Score) -> tuple[Array, Array]:
    """Returns what a layer answers, (B, T, hidden_dim), and its weights, (B, H, T, S).

    Args:
        layer: an `AttentionLayer`, built.
        query, source: (B, T, hidden_dim), (B, S, hidden_dim).
        bias: (B or 1, 1, T or 1, S), added to every head's scores.
        score: queries (B, T, D), keys (B, S, D), head -> (B, T, S).
    """
    queries, keys, values = project(layer, query, source)
    scores = np.stack([score(queries[:, head], keys[:, head], head) for head in range(layer.num_heads)], axis=1)
    weights = softmax(scores + bias)
    return join(layer, weights @ values), weights


def join(layer: Any, mixed: Array) -> Array:
    """Returns mixed values, (B, H, T, D), as the layer's output, (B, T, hidden_dim)."""
    return dense(layer.output_dense, np.concatenate([mixed[:, head] for head in range(mixed.shape[1])], axis=-1))


def dot(queries: Array, keys: Array, head: int = 0) -> Array:
    """Returns q . k."""
    return np.einsum("btd,bsd->bts", queries, keys)


def scaled_dot(queries: Array, keys: Array, head: int = 0) -> Array:
    """Returns q . k / sqrt(D)."""
    return dot(queries, keys) / np.sqrt(queries.shape[-1])


def additive(vectors: Array) -> Score:
    """Returns v . tanh(q + k) with a vector a head, (H, D): q and k are projected already."""

    def score(queries: Array, keys: Array, head: int) -> Array:
        return np.tanh(queries[:, :, None] + keys[:, None]) @ np.asarray(vectors[head], np.float64)

    return score


def cosine(factors: Array) -> Score:
    """Returns a factor a head, (H,), times the cosine of the angle between q and k."""

    def score(queries: Array, keys: Array, head: int) -> Array:
        lengths = np.linalg.norm(queries, axis=-1)[:, :, None] * np.linalg.norm(keys, axis=-1)[:, None]
        return float(factors[head]) * dot(queries, keys) / lengths

    return score


def pairs_seen(pattern: Any, length: int) -> Array:
    """Returns bool (length, length): whether query i sees key j, pair by pair as the pattern's docstring says."""
    i, j = np.arange(length)[:, None], np.arange(length)[None, :]
    if pattern.kind == "strided":
        steps, rest = np.divmod(np.abs(j - i), pattern.stride)
        seen = (rest == 0) & (steps <= (length if pattern.reach is None else pattern.reach))
    else:
        seen = np.isin(j // pattern.block_size - i // pattern.block_size, pattern.offsets)
    seen |= (i < pattern.num_global) | (j < pattern.num_global)
    return seen & (j <= i) if pattern.is_causal else seen


def linear(layer: Any, query: Array, source: Array, shown: Array) -> Array:
    """Returns what LinearAttention answers, by its weights phi(q) . phi(k) / sum; `shown` bool (B, S)."""
    queries, keys, values = project(layer, query, source)
    queries, keys = (np.where(x > 0, x + 1, np.exp(np.minimum(x, 0))) for x in (queries, keys))
    weights = queries @ keys.swapaxes(2, 3) * shown[:, None, None]
    return join(layer, weights / weights.sum(-1, keepdims=True) @ values)


def projected(layer: Any, query: Array, source: Array, shown: Array) -> Array:
    """Returns what ProjectedAttention answers; `shown` bool (B, S)."""
    queries, keys, values = project(layer, query, source)
    keys, values = (
        dense(layer.length_dense, (x * shown[:, None, :, None]).swapaxes(2, 3)).swapaxes(2, 3) for x in (keys, values)
    )
    weights = softmax(queries @ keys.swapaxes(2, 3) / np.sqrt(keys.shape[-1]))
    return join(layer, weights @ values)


def hierarchical(layer: Any, x: Array, shown: Array) -> Array:
    """Returns what HierarchicalAttention answers of `x` itself, one position of a head at a time; `shown` bool (B, S).

    Rows of hidden positions are not to be compared: they are 0.
    """
    queries, keys, values = project(layer, x, x)
    size, group = layer.segment_size, layer.group_size
    vectors = np.asarray(layer.summary_vectors, np.float64)[0, :, 0]
    mixed = np.zeros_like(queries)
    for row, head in np.ndindex(mixed.shape[:2]):
        q, k, v = queries[row, head], keys[row, head], values[row, head]
        places = [np.flatnonzero(shown[row, start : start + size]) + start for start in range(0, len(q), size)]
        shares = [softmax(k[place] @ vectors[head // group]) for place in places if len(place)]
        filled = [place for place in places if len(place)]
        summaries = [np.stack([a @ y[place] for a, place in zip(shares, filled, strict=True)]) for y in (k, v)]
        scale = np.sqrt(q.shape[-1])
        for i in np.flatnonzero(shown[row]):
            own = places[i // size]
            within = softmax(k[own] @ q[i] / scale) @ v[own]
            mixed[row, head, i] = within + softmax(summaries[0] @ q[i] / scale) @ summaries[1]
    return join(layer, mixed)
