"""Patterns of sparse attention: which positions see which, as frozen values that are JSON; and their blocks.

Letters: i a query position, j a key position, T positions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tfedge.config import check_whole, from_keys
from tfedge.errors import ConfigError, one_of

# Rows of a block where nothing else decides: fewer make products too small to fill a processor's tile.
MIN_BLOCK = 16


@dataclasses.dataclass(frozen=True)
class BlockLayout:
    """How T positions are cut so that every block sees the same blocks around it.

    Position q * num_lanes + r is in lane r at place q; lanes are cut into blocks, the last one filled up.

    Attributes:
        num_lanes: lanes, which see nothing of one another.
        block_size: places of a block.
        num_blocks: blocks of a lane.
        offsets: the blocks that a block sees, as distances to its own, ascending.
        allowed: bool (block_size, offsets * block_size): what each place of a block sees of these; None is all.
    """

    num_lanes: int
    block_size: int
    num_blocks: int
    offsets: tuple[int, ...]
    allowed: npt.NDArray[np.bool_] | None


@dataclasses.dataclass(frozen=True)
class StridedPattern:
    """Position i sees positions i + k * stride for all whole k with |k| <= reach: a sliding window with gaps.

    Work grows with T * reach. Without `reach` position i sees all positions at multiples of the stride, as in Sparse
    Transformers; work then grows with T² / stride.

    Attributes:
        stride: distance between positions seen; 1 is a window without gaps.
        reach: how many of them on each side; None is all.
        num_global: the first positions, which see all and are seen by all.
        is_causal: whether j > i is never seen.
        block_size: places cut out at once; None is the reach, at least 16. It changes speed, and not what is seen.

    References:
        - Generating Long Sequences with Sparse Transformers (strided), https://arxiv.org/abs/1904.10509
        - Longformer (sliding and dilated window, global attention), https://arxiv.org/abs/2004.05150
    """

    stride: int
    reach: int | None = None
    num_global: int = 0
    is_causal: bool = False
    block_size: int | None = None

    kind: ClassVar[str] = "strided"

    def __post_init__(self) -> None:
        check_whole("stride", self.stride, 1)
        check_whole("num_global", self.num_global, 0)
        check_flag("is_causal", self.is_causal)
        if self.reach is not None:
            check_whole("reach", self.reach, 1)
        if self.block_size is not None:
            check_whole("block_size", self.block_size, 1)

    def to_json(self) -> dict[str, Any]:
        """Returns the pattern as JSON values."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    def layout(self, length: int) -> BlockLayout:
        """Returns how `length` positions are cut."""
        places = -(-length // self.stride)
        reach = places if self.reach is None else self.reach
        block_size = self.block_size or max(reach, MIN_BLOCK)
        around = -(-reach // block_size)
        offsets = tuple(range(-around, 1 if self.is_causal else around + 1))
        if len(offsets) * block_size >= places:  # A lane is no longer than what one of its blocks would see.
            block_size, offsets = places, (0,)
        places_seen = np.arange(len(offsets) * block_size) + offsets[0] * block_size
        distance = places_seen[None, :] - np.arange(block_size)[:, None]
        allowed = (np.abs(distance) <= reach) & (distance <= 0 if self.is_causal else True)
        return BlockLayout(
            self.stride, block_size, -(-places // block_size), offsets, None if allowed.all() else allowed
        )


@dataclasses.dataclass(frozen=True)
class BlockPattern:
    """Position i, of block i // block_size, sees the whole blocks at `offsets` from its own.

    Work grows with T * block_size * offsets.

    Attributes:
        block_size: positions of a block.
        offsets: distances of blocks, 0 among them: (-1, 0, 1) is the neighbours, (-8, -4, 0) blocks far back.
        num_global: the first positions, which see all and are seen by all.
        is_causal: whether j > i is never seen; no offset may then be above 0.

    References:
        - Big Bird (blocks of a window and global ones), https://arxiv.org/abs/2007.14062
    """

    block_size: int
    offsets: tuple[int, ...] = (-1, 0, 1)
    num_global: int = 0
    is_causal: bool = False

    kind: ClassVar[str] = "block"

    def __post_init__(self) -> None:
        check_whole("block_size", self.block_size, 1)
        check_whole("num_global", self.num_global, 0)
        check_flag("is_causal", self.is_causal)
        listed = self.offsets
        if not isinstance(listed, list | tuple) or not all(type(o) is int for o in listed):
            raise ConfigError(f"`offsets` must be a list of integers; got {listed!r}")
        object.__setattr__(self, "offsets", tuple(sorted(listed)))
        if len(set(listed)) != len(listed) or 0 not in listed:
            raise ConfigError(f"`offsets` must be different and have 0, the own block; got {list(listed)}")
        if self.is_causal and self.offsets[-1] > 0:
            raise ConfigError(f"`offsets` must not be above 0 where `is_causal`; got {list(listed)}")

    def to_json(self) -> dict[str, Any]:
        """Returns the pattern as JSON values."""
        return {"kind": self.kind, **dataclasses.asdict(self), "offsets": list(self.offsets)}

    def layout(self, length: int) -> BlockLayout:
        """Returns how `length` positions are cut."""
        block_size = min(self.block_size, length)
        num_blocks = -(-length // block_size)
        offsets = tuple(offset for offset in self.offsets if abs(offset) < num_blocks)
        allowed = None
        if self.is_causal:
            allowed = np.ones((block_size, len(offsets) * block_size), bool)
            allowed[:, -block_size:] = np.tri(block_size, dtype=bool)  # The own block is the last.
        return BlockLayout(1, block_size, num_blocks, offsets, allowed)


Pattern = StridedPattern | BlockPattern
PATTERNS: dict[str, type[Pattern]] = {kind.kind: kind for kind in (StridedPattern, BlockPattern)}


def pattern_from_json(value: Any) -> Pattern:
    """Reads a pattern as `to_json` writes it; keys left out have their defaults.

    Raises:
        ConfigError: no such kind, an unknown or missing key, or an illegal value.
    """
    if isinstance(value, Pattern):
        return value
    if not isinstance(value, Mapping) or value.get("kind") not in PATTERNS:
        kind = value.get("kind") if isinstance(value, Mapping) else value
        raise one_of("`kind` of an attention pattern", kind, PATTERNS)
    return from_keys(PATTERNS[value["kind"]], {key: item for key, item in value.items() if key != "kind"}, "pattern")


def check_flag(key: str, value: object) -> None:
    """Refuses what is neither true nor false.

    Raises:
        ConfigError: names the key and the value.
    """
    if not isinstance(value, bool):
        raise ConfigError(f"`{key}` must be true or false; got {value!r}")
