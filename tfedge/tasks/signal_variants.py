"""Other ways in which a recording could have been made: on the other arm, faster or slower.

Few subjects are recorded and many will wear the thing: what differs from one person to the next without changing what
they do is shown to the network in training. Made of whole recordings, so that a faster movement has no edge; what
needs no whole recording (`turn`, `stretch`, `noise`, `silence`) is left to `tfedge.training.augmentation`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfedge.tasks.recordings import Recording

# An accelerometer's axes and a gyroscope's, by the names that inertial units give them.
ACCELERATION, ROTATION = ("ax", "ay", "az"), ("wx", "wy", "wz")
# What a mirror in the plane x = 0 does: an acceleration is a vector, a rotation a pseudovector, whose x stays.
_MIRRORED = ("ax", "wy", "wz")
Rows = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Variation:
    """How much variants differ.

    Attributes:
        copies: variants of each recording beside itself.
        mirrored: share of them from the other side of the body.
        max_speed: fastest movement as a multiple of the recorded one; the slowest is its reciprocal.
        seed: of all of it.
    """

    copies: int = 9
    mirrored: float = 0.5
    max_speed: float = 1.8
    seed: int = 1


def variants(recordings: Sequence[Recording], channels: Sequence[str], variation: Variation) -> list[Recording]:
    """Returns the recordings and their variants. Channels that no name makes known are only made faster or slower."""
    random = np.random.default_rng(variation.seed)
    varied = list(recordings)
    for _ in range(variation.copies):
        for recording in recordings:
            rows = recording.rows
            if random.random() < variation.mirrored:
                rows = mirrored(rows, channels)
            rows = at_speed(rows, channels, variation.max_speed ** random.uniform(-1, 1))
            varied.append(dataclasses.replace(recording, rows=rows))
    return varied


def mirrored(rows: Rows, channels: Sequence[str]) -> Rows:
    """Returns what the other side of the body would have recorded: x is across it."""
    return rows * np.array([-1 if name in _MIRRORED else 1 for name in channels], np.float32)


def at_speed(rows: Rows, channels: Sequence[str], speed: float) -> Rows:
    """Returns the same movement `speed` times as fast, between rows on a line; rotations grow with it.

    Accelerations do not: what a watch on a limb feels is gravity for the most part.
    """
    places = np.arange(0, len(rows) - 1 + 1e-9, speed)
    before = np.minimum(places.astype(np.int64), len(rows) - 1)
    after = np.minimum(before + 1, len(rows) - 1)
    share = (places - before).astype(np.float32)[:, None]
    moved: Rows = rows[before] * (1 - share) + rows[after] * share
    return moved * np.array([speed if name in ROTATION else 1 for name in channels], np.float32)
