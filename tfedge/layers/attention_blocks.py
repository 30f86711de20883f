"""Attention of blocks to blocks: queries and keys are cut, and each block's product is with the blocks it sees alone.

What a pattern leaves out is never computed: the file holds slices, concatenations and products of blocks.

Letters: B batch, T positions, K key/value heads, G query heads a group, D head_dim; R lanes, N blocks of a lane, P
places of a block, W = places that a block sees, those of all its offsets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from tfedge.layers.attention_patterns import BlockLayout, Pattern
from tfedge.layers.masks import MASK_VALUE

Softmax = Callable[[Any], Any]


def attend_in_pattern(
    pattern: Pattern, rows: Any, keys: Any, values: Any, attention_bias: Any, softmax: Softmax
) -> Any:
    """Returns `softmax(Q Kᵀ + bias) V` over the positions that `pattern` lets each position see.

    A position that is no padding always sees itself. What a padded position mixes is not to be used.

    Args:
        pattern: which positions see which.
        rows: float (B, K, T * G, D). Scaled queries; row t * G + g is position t, head g of the group.
        keys, values: float (B, K, T, D).
        attention_bias: float (B or 1, 1, 1, T), 0 or MASK_VALUE; or the number 0.
        softmax: over the last axis.

    Returns:
        float (B, K, T * G, D).

    Raises:
        ValueError: other key positions than query positions: they have no distance.
    """
    num_heads, length = keys.shape[1:3]
    group = rows.shape[2] // length
    if rows.shape[2] != group * length or not group:
        raise ValueError(f"a pattern needs as many keys as queries; got {length} keys for {rows.shape[2]} query rows")
    shown = hidden_as_zero(attention_bias, keys)
    first = pattern.num_global
    if first >= length:
        return _see_all(pattern, rows, keys, values, shown, group, softmax)
    cut = _Cut(pattern.layout(length), length, group, num_heads)
    mixed = _mix_blocks(cut, rows, keys, values, shown, first, softmax)
    if not first:
        return mixed
    seeing_all = _see_all(pattern, rows[:, :, : first * group], keys, values, shown, group, softmax)
    return ops.concatenate([seeing_all, mixed[:, :, first * group :]], axis=2)


class _Cut:
    """Cuts rows, keys and their bias as a layout says, and puts rows together again."""

    def __init__(self, layout: BlockLayout, length: int, group: int, num_heads: int) -> None:
        self.layout = layout
        self.length, self.group, self.num_heads = length, group, num_heads
        self.places = layout.num_blocks * layout.block_size  # Of a lane, filled up.
        self.before, self.after = max(0, -layout.offsets[0]), max(0, layout.offsets[-1])
        self.seen = len(layout.offsets) * layout.block_size

    def rows(self, x: Any) -> Any:
        """(B, K, T * G, D) -> (B * K * R, N, P * G, D)."""
        dim, filled = x.shape[-1], self.places * self.layout.num_lanes
        x = padded(x, 2, 0, (filled - self.length) * self.group)
        x = self._lanes(ops.reshape(x, (-1, filled, self.group * dim)))
        return ops.reshape(x, (-1, self.layout.num_blocks, self.layout.block_size * self.group, dim))

    def joined(self, x: Any) -> Any:
        """(B * K * R, N, P * G, D) -> (B, K, T * G, D)."""
        dim, lanes = x.shape[-1], self.layout.num_lanes
        if lanes > 1:
            x = ops.reshape(x, (-1, lanes, self.places, self.group * dim))
            x = ops.transpose(x, (0, 2, 1, 3))
        x = ops.reshape(x, (-1, self.num_heads, self.places * lanes * self.group, dim))
        return x if x.shape[2] == self.length * self.group else x[:, :, : self.length * self.group]

    def seen_by_blocks(self, x: Any) -> Any:
        """(B * K, T, D) -> (B * K * R, N, W, D): for each block what it sees; nothing is 0."""
        layout, dim = self.layout, x.shape[-1]
        width = layout.block_size * layout.num_lanes  # A place further in a lane is as many positions further.
        missing = self.places * layout.num_lanes - self.length
        x = self._lanes(padded(x, 1, self.before * width, missing + self.after * width))
        x = ops.reshape(x, (-1, self.before + layout.num_blocks + self.after, layout.block_size, dim))
        starts = [self.before + offset for offset in layout.offsets]
        parts = [x[:, start : start + layout.num_blocks] for start in starts] if len(starts) > 1 else [x]
        return ops.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]

    def _lanes(self, x: Any) -> Any:
        """(., places * R, D) -> (., places, D), lane after lane in the first axis."""
        lanes, dim = self.layout.num_lanes, x.shape[-1]
        if lanes == 1:
            return x
        places = x.shape[1] // lanes
        x = ops.transpose(ops.reshape(x, (-1, places, lanes, dim)), (0, 2, 1, 3))
        return ops.reshape(x, (-1, places, dim))

    def bias(self, shown: Any, first: int) -> Any:
        """`hidden_as_zero` -> (B, 1, R * N * P, 1, W), or (B, 1, R * N, 1, W) where a block's places are alike.

        Places that do not exist are hidden, and the first `first` positions, whose scores stand elsewhere.
        """
        layout = self.layout
        shown = ops.reshape(shown, (-1, self.length, 1))
        if first:
            shown = padded(shown[:, first:], 1, first, 0)
        bias = self.seen_by_blocks(shown) + MASK_VALUE  # (B * R, N, W, 1)
        blocks = layout.num_lanes * layout.num_blocks
        if layout.allowed is None:
            return ops.reshape(bias, (-1, 1, blocks, 1, self.seen))
        hidden = np.where(layout.allowed, 0.0, MASK_VALUE).astype(np.float32)
        # The lower of both and not their sum, which would double the range that an int8 tensor has to spread over.
        bias = ops.minimum(ops.reshape(bias, (-1, blocks, 1, self.seen)), hidden)
        return ops.reshape(bias, (-1, 1, blocks * layout.block_size, 1, self.seen))


def _mix_blocks(cut: _Cut, rows: Any, keys: Any, values: Any, shown: Any, first: int, softmax: Softmax) -> Any:
    """Returns (B, K, T * G, D): every block with the blocks it sees, and with the `first` positions."""
    layout, dim = cut.layout, keys.shape[-1]
    rows = cut.rows(rows)
    seen_keys, seen_values = (cut.seen_by_blocks(ops.reshape(x, (-1, cut.length, dim))) for x in (keys, values))
    bias = cut.bias(shown, first)
    num_rows = layout.num_lanes * cut.places * cut.group
    scores = ops.matmul(rows, ops.swapaxes(seen_keys, 2, 3))  # (B * K * R, N, P * G, W)
    scores = ops.reshape(scores, (-1, cut.num_heads, bias.shape[2], num_rows // bias.shape[2], cut.seen)) + bias
    per_block = (-1, layout.num_blocks, layout.block_size * cut.group)
    if not first:
        weights = softmax(scores)
        return cut.joined(ops.matmul(ops.reshape(weights, (*per_block, cut.seen)), seen_values))
    per_head = (-1, cut.num_heads, num_rows)
    global_scores = ops.matmul(ops.reshape(rows, (*per_head, dim)), ops.swapaxes(keys[:, :, :first], 2, 3))
    global_scores = global_scores + (shown[:, :, :, :first] + MASK_VALUE)  # (B, K, R * N * P * G, first)
    scores = ops.concatenate([ops.reshape(scores, (*per_head, cut.seen)), global_scores], axis=-1)
    weights = softmax(scores)
    mixed = ops.matmul(ops.reshape(weights[..., : cut.seen], (*per_block, cut.seen)), seen_values)
    mixed_global = ops.matmul(weights[..., cut.seen :], values[:, :, :first])
    return cut.joined(mixed + ops.reshape(mixed_global, (*per_block, dim)))


def _see_all(pattern: Pattern, rows: Any, keys: Any, values: Any, shown: Any, group: int, softmax: Softmax) -> Any:
    """Returns the mix of the first positions, whose `rows` they are: all other positions, or all earlier ones."""
    bias = shown + MASK_VALUE
    if pattern.is_causal:
        earlier = np.tri(rows.shape[2] // group, keys.shape[2]).repeat(group, axis=0)
        bias = ops.minimum(bias, (MASK_VALUE * (1 - earlier)).astype(np.float32))
    return ops.matmul(softmax(ops.matmul(rows, ops.swapaxes(keys, 2, 3)) + bias), values)


def hidden_as_zero(attention_bias: Any, keys: Any) -> Any:
    """Returns a bias plus -MASK_VALUE: 0 for what is hidden, as for the zeros that a block is filled up with.

    (A fill with another value is no op of every delegate.) Where nothing is hidden there is nothing to compute; but of
    constants a converter would work out all blocks' biases and store them, a number for each score of a head.

    Args:
        attention_bias: float (B or 1, 1, 1, S), 0 or MASK_VALUE; or the number 0.
        keys: float (B, K, S, D).
    """
    length = keys.shape[2]
    if not hasattr(attention_bias, "shape"):
        zero = ops.minimum(ops.relu(keys[:, :1, :, :1]), 0.0)
        return ops.reshape(zero, (-1, 1, 1, length)) - MASK_VALUE
    if tuple(attention_bias.shape[1:]) != (1, 1, length):
        raise ValueError(f"`attention_bias` must be (batch, 1, 1, {length}) or 0; got {tuple(attention_bias.shape)}")
    return attention_bias - MASK_VALUE


def padded(x: Any, axis: int, before: int, after: int) -> Any:
    """Returns `x` with zeros before and after along an axis."""
    if not before and not after:
        return x
    return ops.pad(x, [(before, after) if place == axis else (0, 0) for place in range(len(x.shape))])
