"""Seeded values for one input that look like a user's: ids with padding, masks, positions, images, numbers."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

import numpy as np

from tfedge.runtime.signatures import Array, TensorSpec
from tfedge.validation.input_roles import Role
from tfedge.validation.real_values import from_real, is_quantized, real_range

Size = Literal["usual", "zeros", "large"]

# Sizes for axes that a file leaves free: the first axis is a batch; another is a length, or a side of an image.
FREE_BATCH = (1, 2, 3)
FREE_LENGTH = (16, 7, 24)
FREE_SIDE = 64
# A hundred times the usual spread: features that nobody normalized.
LARGE = 100.0
# Nothing in the graph bounds these: small enough for every table, and not all alike.
_UNBOUND = 8


@dataclasses.dataclass(frozen=True)
class Profile:
    """What the inputs of one case have in common.

    Attributes:
        name: of the case.
        share: how much of each sequence is filled, 0 to 1; padding (zeros) follows.
        size: of the numbers.
        variant: which of the sizes for free axes to take.
    """

    name: str
    share: float = 1.0
    size: Size = "usual"
    variant: int = 0

    @property
    def is_extreme(self) -> bool:
        """Whether no user would send it."""
        return self.size != "usual"


def shape_of(spec: TensorSpec, role: Role, profile: Profile) -> tuple[int, ...]:
    """Returns a shape for the input `spec`, with sizes for its free axes."""
    batch = FREE_BATCH[profile.variant % len(FREE_BATCH)]
    inner = FREE_SIDE if role.kind == "image" else FREE_LENGTH[profile.variant % len(FREE_LENGTH)]
    return tuple((batch if axis == 0 else inner) if size < 0 else size for axis, size in enumerate(spec.shape))


def sample(spec: TensorSpec, role: Role, profile: Profile, rng: np.random.Generator, step: int = 0) -> Array:
    """Returns one array for the input `spec`.

    Args:
        role: what the input is for.
        profile: of the case.
        rng: of this input in this case.
        step: which call of a decoder this is, from 0: the position it writes at.
    """
    shape = shape_of(spec, role, profile)
    dtype = np.dtype(spec.dtype)
    if role.kind == "mask":
        return _mask(spec, shape, profile)
    if role.kind == "ids":
        return _padded(_ids(shape, role.bound, rng), profile).astype(dtype)
    if role.kind == "position":
        return _positions(shape, role.bound, step).astype(dtype)
    if role.kind == "length":
        return np.full(shape, max(1, _filled(FREE_LENGTH[0], profile)), dtype)
    if is_quantized(spec):
        return _quantized(spec, shape, role, profile, rng)
    if np.issubdtype(dtype, np.integer):
        return _integers(shape, dtype, role, profile, rng)
    return _numbers(shape, role, profile, rng).astype(dtype)


def _filled(length: int, profile: Profile) -> int:
    return math.ceil(length * profile.share)


def _ids(shape: tuple[int, ...], bound: int | None, rng: np.random.Generator) -> Array:
    high = _UNBOUND if bound is None else bound
    # Id 0 is padding wherever padding is met. A table of one or two rows is no vocabulary: it has types of tokens.
    return rng.integers(1 if high > 2 else 0, max(high, 1), shape)


def _padded(ids: Array, profile: Profile) -> Array:
    """Returns ids with zeros after the filled part of the last axis; a single id is never padding."""
    if ids.ndim and ids.shape[-1] > 1:
        ids[..., _filled(ids.shape[-1], profile) :] = 0
    return ids


def _mask(spec: TensorSpec, shape: tuple[int, ...], profile: Profile) -> Array:
    values = np.ones(shape)
    if values.ndim and values.shape[-1] > 1:
        values[..., _filled(values.shape[-1], profile) :] = 0
    return from_real(values, spec)


def _positions(shape: tuple[int, ...], bound: int | None, step: int) -> Array:
    last = _UNBOUND - 1 if bound is None else bound - 1
    along = np.arange(shape[-1]) if shape and shape[-1] > 1 else np.array(step)
    return np.broadcast_to(np.minimum(along, max(last, 0)), shape).copy()


def _quantized(
    spec: TensorSpec, shape: tuple[int, ...], role: Role, profile: Profile, rng: np.random.Generator
) -> Array:
    low, high = real_range(spec)
    if profile.size == "zeros":
        return from_real(np.zeros(shape), spec)
    if role.kind == "image" or profile.size == "large":
        return from_real(rng.uniform(low, high, shape), spec)
    # The range was calibrated on what users send: three deviations to either side fill it.
    return from_real(rng.normal((low + high) / 2, (high - low) / 6, shape), spec)


def _integers(
    shape: tuple[int, ...], dtype: np.dtype[Any], role: Role, profile: Profile, rng: np.random.Generator
) -> Array:
    if profile.size == "zeros":
        return np.zeros(shape, dtype)
    limits = np.iinfo(dtype)
    if role.kind == "image" or limits.bits == 8:
        return rng.integers(max(limits.min, -128), min(limits.max, 255) + 1, shape).astype(dtype)
    if limits.bits == 16:  # Sound, as a microphone gives it.
        return np.clip(rng.normal(0, 3000, shape), limits.min, limits.max).astype(dtype)
    return rng.integers(0, _UNBOUND, shape).astype(dtype)


def _numbers(shape: tuple[int, ...], role: Role, profile: Profile, rng: np.random.Generator) -> Array:
    if profile.size == "zeros":
        return np.zeros(shape)
    values: Array = rng.uniform(0, 1, shape) if role.kind == "image" else rng.normal(0, 1, shape)
    return values * (LARGE if profile.size == "large" else 1)
