"""Other ways in which a recording could have been made: on the other arm, worn askew, faster or slower.

Few subjects are recorded and many will wear the thing: what differs from one person to the next without changing what
they do is shown to the network in training. Made of whole recordings in physical units, so that a faster movement has
no edge and a turn keeps lengths.
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
        max_reach: the widest movement likewise, at the same speed of repetition.
        max_turn_degrees: of the device against the limb, about any axis.
        seed: of all of it.
    """

    copies: int = 11
    mirrored: float = 0.5
    max_speed: float = 1.8
    max_reach: float = 1.3
    max_turn_degrees: float = 30.0
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
            rows = reaching(rows, channels, variation.max_reach ** random.uniform(-1, 1))
            rows = turned(rows, channels, rotation(random, variation.max_turn_degrees))
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
    return reaching(moved, channels, speed)


def reaching(rows: Rows, channels: Sequence[str], times: float) -> Rows:
    """Returns a movement through `times` the angle in the same time: rotations grow, gravity stays."""
    return rows * np.array([times if name in ROTATION else 1 for name in channels], np.float32)


def rotation(random: np.random.Generator, max_degrees: float) -> npt.NDArray[np.float64]:
    """Returns a rotation (3, 3) about an axis of any direction, by Rodrigues' formula."""
    axis = random.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis)
    angle = np.deg2rad(random.uniform(-max_degrees, max_degrees))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn: npt.NDArray[np.float64] = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turn


def turned(rows: Rows, channels: Sequence[str], turn: npt.NDArray[np.float64]) -> Rows:
    """Returns what a device turned by `turn` (3, 3) would have recorded: of each known triple of axes."""
    rows = rows.copy()
    for axes in (ACCELERATION, ROTATION):
        if set(axes) <= set(channels):
            places = [list(channels).index(axis) for axis in axes]
            rows[:, places] = rows[:, places] @ turn.T.astype(np.float32)
    return rows
