"""Attention of blocks to blocks: queries and keys are cut, and each block's product is with the blocks it sees alone.

What a pattern leaves out is never computed: the file holds slices, concatenations and products of blocks.

Letters: B batch, T positions, K key/value heads, G query heads a group, D head_dim; R lanes, N blocks of a lane, P
places of a block, W = positions that a block sees: those of the blocks at its offsets, and the global ones.
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
    cut = _Cut(pattern.layout(length), length, group, num_heads, first)
    seen_keys, seen_values = (cut.seen_by_blocks(ops.reshape(x, (-1, length, x.shape[-1]))) for x in (keys, values))
    scores = cut.biased(ops.matmul(cut.rows(rows), ops.swapaxes(seen_keys, 2, 3)), shown)
    mixed = cut.joined(ops.matmul(cut.per_block(softmax(scores)), seen_values))
    if not first:
        return mixed
    seeing_all = _see_all(pattern, rows[:, :, : first * group], keys, values, shown, group, softmax)
    return ops.concatenate([seeing_all, mixed[:, :, first * group :]], axis=2)


class _Cut:
    """Cuts rows, keys and their bias as a layout says, and puts rows together again."""

    def __init__(self, layout: BlockLayout, length: int, group: int, num_heads: int, num_global: int) -> None:
        self.layout = layout
        self.length, self.group, self.num_heads, self.num_global = length, group, num_heads, num_global
        self.places = layout.num_blocks * layout.block_size  # Of a lane, filled up.
        self.before, self.after = max(0, -layout.offsets[0]), max(0, layout.offsets[-1])
        self.seen = len(layout.offsets) * layout.block_size + num_global

    def rows(self, x: Any) -> Any:
        """(B, K, T * G, D) -> (B * K * R, N, P * G, D)."""
        dim, filled = x.shape[-1], self.places * self.layout.num_lanes
        x = padded(x, 2, 0, (filled - self.length) * self.group)
        x = self._lanes(ops.reshape(x, (-1, filled, self.group * dim)))
        return ops.reshape(x, (-1, self.layout.num_blocks, self.layout.block_size * self.group, dim))

    def per_block(self, x: Any) -> Any:
        """(B, K, ..., W), a row of scores or weights for each row of queries -> (B * K * R, N, P * G, W)."""
        return ops.reshape(x, (-1, self.layout.num_blocks, self.layout.block_size * self.group, self.seen))

    def joined(self, x: Any) -> Any:
        """(B * K * R, N, P * G, D) -> (B, K, T * G, D)."""
        dim, lanes = x.shape[-1], self.layout.num_lanes
        if lanes > 1:
            x = ops.reshape(x, (-1, lanes, self.places, self.group * dim))
            x = ops.transpose(x, (0, 2, 1, 3))
        x = ops.reshape(x, (-1, self.num_heads, self.places * lanes * self.group, dim))
        return x if x.shape[2] == self.length * self.group else x[:, :, : self.length * self.group]

    def seen_by_blocks(self, x: Any, around: Any = None) -> Any:
        """(., T, D) -> (. * R, N, W, D): what each block sees of `around`, `x` unless given, and the first of `x`.

        Places that do not exist are 0.
        """
        layout, dim = self.layout, x.shape[-1]
        around = x if around is None else around
        width = layout.block_size * layout.num_lanes  # A place further in a lane is as many positions further.
        missing = self.places * layout.num_lanes - self.length
        around = self._lanes(padded(around, 1, self.before * width, missing + self.after * width))
        blocks = ops.reshape(around, (-1, self.before + layout.num_blocks + self.after, layout.block_size, dim))
        starts = [self.before + offset for offset in layout.offsets]
        parts = [blocks[:, start : start + layout.num_blocks] for start in starts] if len(starts) > 1 else [blocks]
        if self.num_global:
            first = ops.reshape(x[:, : self.num_global], (-1, 1, self.num_global, dim))
            first = ops.tile(first, (1, layout.num_lanes * layout.num_blocks, 1, 1))
            parts.append(ops.reshape(first, (-1, layout.num_blocks, self.num_global, dim)))
        return ops.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]

    def _lanes(self, x: Any) -> Any:
        """(., places * R, D) -> (., places, D), lane after lane in the first axis."""
        lanes, dim = self.layout.num_lanes, x.shape[-1]
        if lanes == 1:
            return x
        places = x.shape[1] // lanes
        x = ops.transpose(ops.reshape(x, (-1, places, lanes, dim)), (0, 2, 1, 3))
        return ops.reshape(x, (-1, places, dim))

    def biased(self, scores: Any, shown: Any) -> Any:
        """(B * K * R, N, P * G, W) -> (B, K, ., ., W): scores plus the bias that `hidden_as_zero` has shifted.

        Hidden are places that do not exist, too, and the global positions among those around, so that they count once.
        """
        layout, blocks = self.layout, self.layout.num_lanes * self.layout.num_blocks
        shown = ops.reshape(shown, (-1, self.length, 1))
        around = padded(shown[:, self.num_global :], 1, self.num_global, 0) if self.num_global else None
        bias = self.seen_by_blocks(shown, around)  # (B * R, N, W, 1)
        rows = blocks  # That have a bias of their own: blocks, or all their places.
        if layout.allowed is not None:
            allowed = np.pad(layout.allowed, ((0, 0), (0, self.num_global)), constant_values=True)
            hidden = np.where(allowed, -MASK_VALUE, 0.0).astype(np.float32)
            # The lower of both and not their sum, which would double the range that an int8 tensor has to spread over.
            bias = ops.minimum(ops.reshape(bias, (-1, blocks, 1, self.seen)), hidden)
            rows = blocks * layout.block_size
        bias = ops.reshape(bias, (-1, 1, rows, 1, self.seen))
        sharing = blocks * layout.block_size * self.group // rows
        return ops.reshape(scores, (-1, self.num_heads, rows, sharing, self.seen)) + bias


def _see_all(pattern: Pattern, rows: Any, keys: Any, values: Any, shown: Any, group: int, softmax: Softmax) -> Any:
    """Returns the mix of the first positions, whose `rows` they are: all other positions, or all earlier ones."""
    bias = shown
    if pattern.is_causal:
        earlier = np.tri(rows.shape[2] // group, keys.shape[2]).repeat(group, axis=0)
        bias = ops.minimum(bias, (-MASK_VALUE * earlier).astype(np.float32))
    return ops.matmul(softmax(ops.matmul(rows, ops.swapaxes(keys, 2, 3)) + bias), values)


def hidden_as_zero(attention_bias: Any, keys: Any) -> Any:
    """Returns a bias plus -MASK_VALUE: 0 for what is hidden, as for the zeros that a block is filled up with.

    (A fill with another value is no op of every delegate.) It is added to scores as it is: a softmax does not see that
    all have 30 more. Shifted back it would be 0 alone where calibration meets nothing hidden, and both runtimes die of
    SIGABRT on an int8 ADD that always yields 0. Where nothing is hidden there is nothing to compute; but of
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
