"""An image of any size and colour becomes the bytes that a network takes: cut, resized, in one layout."""

from __future__ import annotations

import dataclasses
import importlib
import io
import math
import os
import warnings
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tfedge.artifacts import read_bytes
from tfedge.config import from_keys
from tfedge.errors import ConfigError, InputError, RuntimeUnavailableError, one_of

RESIZE_KERNELS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
FITS = ("stretch", "crop")
LAYOUT = "NHWC"
MAX_SIDE = 4096
# Pillow's own limit of pixels, above which it calls a file a decompression bomb.
_BOMB = "DecompressionBomb"


@dataclasses.dataclass(frozen=True)
class ImagePreprocessing:
    """How an image becomes an input: turned upright, on black where it is transparent, in grey or in colour, resized.

    The input holds raw bytes; `scale` is what the network multiplies them with, so that an int8 file can take them as
    they are.

    Attributes:
        height, width: of the input in pixels.
        channels: 1 of grey (luma of ITU-R 601, as Pillow's "L"), 3 of red, green and blue.
        resize_kernel: Pillow's name of it: "nearest", "box", "bilinear", "hamming", "bicubic" or "lanczos". All but
            "nearest" see every pixel of a larger image.
        fit: "stretch" to the input's sides, or "crop" the middle to their proportions first.
        scale: what the network multiplies each byte with: 1/255 brings them to 0 to 1.
        layout: "NHWC": batch, rows, columns, channels.
    """

    kind: ClassVar[str] = "image"
    height: int
    width: int
    channels: int
    resize_kernel: str = "bilinear"
    fit: str = "stretch"
    scale: float = 1 / 255
    layout: str = LAYOUT

    def __post_init__(self) -> None:
        for key in ("height", "width"):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SIDE:
                raise ConfigError(f"`{key}` of images must be 1 to {MAX_SIDE} pixels; got {value!r}")
        if isinstance(self.channels, bool) or self.channels not in (1, 3):
            raise ConfigError(f"`channels` of images must be 1 or 3; got {self.channels!r}")
        for key, accepted in (("resize_kernel", RESIZE_KERNELS), ("fit", FITS), ("layout", (LAYOUT,))):
            if getattr(self, key) not in accepted:
                raise one_of(f"`{key}` of images", getattr(self, key), accepted)
        if isinstance(self.scale, bool) or not isinstance(self.scale, int | float) or not 0 < self.scale <= 1:
            raise ConfigError(f"`scale` of images must be above 0 and at most 1; got {self.scale!r}")

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Sizes of one input without the batch: (height, width, channels)."""
        return (self.height, self.width, self.channels)

    def apply(self, raw: Any) -> npt.NDArray[np.uint8]:
        """Returns an image as an input tensor, uint8 (1, height, width, channels).

        Args:
            raw: a `PIL.Image.Image`, or uint8 (rows, columns), (rows, columns, 1) or (rows, columns, 3).

        Raises:
            InputError: an array of another dtype or shape.
            RuntimeUnavailableError: it must be resized or recoloured and Pillow is not installed.
        """
        if not hasattr(raw, "convert"):
            array = _checked(raw)
            if array.shape == self.input_shape:
                return np.ascontiguousarray(array)[None]
            raw = pillow("Image").fromarray(array[..., 0] if array.shape[2] == 1 else array)
        image = pillow("ImageOps").exif_transpose(raw)
        image = in_bytes(image).convert("L" if self.channels == 1 else "RGB")
        kernel = pillow("Image").Resampling[self.resize_kernel.upper()]
        image = image.resize((self.width, self.height), kernel, box=self._box(*image.size))
        return np.asarray(image, np.uint8).reshape(1, *self.input_shape)

    def read(self, path: str | os.PathLike[str]) -> npt.NDArray[np.uint8]:
        """Returns an image file as an input tensor; raises as `open_image` does."""
        return self.apply(open_image(path))

    def _box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Returns (left, top, right, bottom) of what is resized."""
        if self.fit == "stretch":
            return (0, 0, width, height)
        times = min(width / self.width, height / self.height)
        # Rounding of floats may reach beyond the image by less than a millionth of a pixel, which Pillow refuses.
        left, top = (max(0.0, (side - times * own) / 2) for side, own in ((width, self.width), (height, self.height)))
        return (left, top, min(width, left + times * self.width), min(height, top + times * self.height))

    def to_json(self) -> dict[str, Any]:
        """Returns the settings as JSON values; `from_json` of it is equal to these."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, value: Any) -> ImagePreprocessing:
        """Reads what `to_json` wrote; ConfigError on another kind, an unknown or missing key or an illegal value."""
        if not isinstance(value, dict) or value.get("kind") != cls.kind:
            got = value.get("kind") if isinstance(value, dict) else type(value).__name__
            raise ConfigError(f"preprocessing of images must have kind {cls.kind!r}; got {got!r}")
        return from_keys(cls, {key: each for key, each in value.items() if key != "kind"}, "preprocessing")


def open_image(path: str | os.PathLike[str]) -> Any:
    """Returns the `PIL.Image.Image` of a file, decoded; of a moving one its first frame.

    Raises:
        ArtifactError: the file is missing or cannot be read.
        InputError: it is no image, or a broken one.
        RuntimeUnavailableError: Pillow is not installed.
    """
    image_module = pillow("Image")
    data = read_bytes(path, "picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", image_module.DecompressionBombWarning)
            image = image_module.open(io.BytesIO(data))
            image.load()
    except Exception as error:  # Pillow's readers raise whatever a broken file makes them stumble over.
        reason = "too many pixels" if _BOMB in type(error).__name__ else " ".join(str(error).split())[:80]
        reason = "no image" if "cannot identify" in reason else reason or type(error).__name__
        raise InputError(f"expected a readable image in {path}; {reason}; correct or remove it") from None
    return image


def is_colour(image: Any) -> bool:
    """Whether a `PIL.Image.Image` has colours; one of equal red, green and blue everywhere has not."""
    if image.mode in ("1", "L", "LA", "La", "F") or _is_16_bit(image):
        return False
    red, green, blue = image.convert("RGB").split()
    return bool(red.tobytes() != green.tobytes() or green.tobytes() != blue.tobytes())


def in_bytes(image: Any) -> Any:
    """Returns a `PIL.Image.Image` without transparency and of one byte a channel."""
    if _is_16_bit(image):  # Pillow's own conversion clips at 255 what reaches to 65,535.
        return pillow("Image").fromarray((np.asarray(image, np.float64) / 257 + 0.5).clip(0, 255).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        black = pillow("Image").new("RGBA", image.size, (0, 0, 0, 255))
        return pillow("Image").alpha_composite(black, image)
    return image


def _is_16_bit(image: Any) -> bool:
    return bool(image.mode == "I" or image.mode.startswith("I;"))


def pillow(module: str) -> Any:
    """Returns a module of Pillow, such as "Image"; RuntimeUnavailableError where it is not installed."""
    try:
        return importlib.import_module(f"PIL.{module}")
    except ImportError:
        raise RuntimeUnavailableError(
            "expected the package Pillow to read or resize images; it is not installed; run: pip install pillow"
        ) from None


def _checked(raw: Any) -> npt.NDArray[np.uint8]:
    array = np.asarray(raw)
    if array.ndim == 2:
        array = array[..., None]
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in (1, 3) or not math.prod(array.shape):
        raise InputError(
            f"expected an image as uint8 (rows, columns) or (rows, columns, 1 or 3); got {array.dtype} {array.shape}"
        )
    return array
