"""Small changes of examples that do not change what they show, each a NumPy function by name.

A function takes a generator of random numbers, a batch (N, ...) and a strength, and returns a new batch of the same
shape and dtype. Images are (N, height, width, channels), signals (N, length, channels).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import one_of

Array = npt.NDArray[Any]


def flip(random: np.random.Generator, images: Array, share: float) -> Array:
    """Mirrors `share` of the images left to right."""
    mirrored = random.random(len(images)) < share
    return np.where(mirrored.reshape(-1, 1, 1, 1), images[:, :, ::-1], images)


def shift(random: np.random.Generator, images: Array, pixels: float) -> Array:
    """Moves each image by up to so many pixels each way; what comes in is 0."""
    most = int(pixels)
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)))
    down, right = random.integers(0, 2 * most + 1, (2, len(images)))
    rows = down[:, None] + np.arange(height)
    columns = right[:, None] + np.arange(width)
    return padded[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]


def cutout(random: np.random.Generator, images: Array, pixels: float) -> Array:
    """Sets a square of so many pixels to 0 in each image, wherever its centre falls.

    https://arxiv.org/abs/1708.04552
    """
    height, width = images.shape[1:3]
    top = random.integers(0, height, len(images)) - int(pixels) // 2
    left = random.integers(0, width, len(images)) - int(pixels) // 2
    rows, columns = np.arange(height) - top[:, None], np.arange(width) - left[:, None]
    inside = ((rows >= 0) & (rows < pixels))[:, :, None] & ((columns >= 0) & (columns < pixels))[:, None, :]
    return np.where(inside[..., None], np.zeros((), images.dtype), images)


def noise(random: np.random.Generator, signals: Array, deviation: float) -> Array:
    """Adds normal noise of that deviation, which of scaled signals is a share of a channel's own."""
    return signals + random.normal(0, deviation, signals.shape).astype(signals.dtype)


def silence(random: np.random.Generator, signals: Array, share: float) -> Array:
    """Sets up to `share` of each signal's rows, in one piece, to 0: of scaled signals the mean.

    https://arxiv.org/abs/1904.08779 (time masking)
    """
    length = signals.shape[1]
    rows = random.integers(0, int(share * length) + 1, len(signals))
    first = (random.random(len(signals)) * (length - rows + 1)).astype(np.int64)
    places = np.arange(length)
    inside = (places >= first[:, None]) & (places < (first + rows)[:, None])
    return np.where(inside[..., None], np.zeros((), signals.dtype), signals)


def turn(random: np.random.Generator, signals: Array, degrees: float) -> Array:
    """Turns each signal by up to so many degrees about an axis of any direction; each three channels are a vector.

    It is what a device worn askew records, where the three have one scale and the mean 0.
    """
    axis = random.normal(size=(len(signals), 3))
    x, y, z = (axis / np.linalg.norm(axis, axis=1, keepdims=True)).T
    angle = np.deg2rad(random.uniform(-degrees, degrees, len(signals)))[:, None, None]
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    rotation = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross  # Rodrigues' formula
    vectors = signals.reshape(*signals.shape[:2], -1, 3)
    turned = np.einsum("ntkd,ned->ntke", vectors, rotation.astype(signals.dtype))
    return turned.reshape(signals.shape)


def stretch(random: np.random.Generator, signals: Array, most: float) -> Array:
    """Multiplies each three channels of each signal by a number between 1 / `most` and `most`."""
    times = most ** random.uniform(-1, 1, (len(signals), 1, signals.shape[2] // 3, 1))
    vectors = signals.reshape(*signals.shape[:2], -1, 3)
    return (vectors * times.astype(signals.dtype)).reshape(signals.shape)


AUGMENTATIONS: dict[str, Callable[[np.random.Generator, Array, float], Array]] = {
    "flip": flip,
    "shift": shift,
    "cutout": cutout,
    "noise": noise,
    "silence": silence,
    "turn": turn,
    "stretch": stretch,
}


def chosen(augmentations: Mapping[str, float]) -> list[Callable[[np.random.Generator, Array], Array]]:
    """Returns the named functions with their strengths, in the order of the mapping.

    Raises:
        ConfigError: an unknown name; the nearest known one is named.
    """
    functions = []
    for name, strength in augmentations.items():
        if name not in AUGMENTATIONS:
            raise one_of("an augmentation", name, AUGMENTATIONS)
        functions.append(_with(AUGMENTATIONS[name], strength))
    return functions


def _with(
    function: Callable[[np.random.Generator, Array, float], Array], strength: float
) -> Callable[[np.random.Generator, Array], Array]:
    return lambda random, batch: function(random, batch, strength)
