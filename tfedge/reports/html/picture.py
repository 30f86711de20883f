"""A picture as PNG bytes, written by hand: no imaging package is in the base install."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # Channels -> PNG's number for grey, RGB, RGB with alpha.


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Returns uint8 (height, width) or (height, width, 1, 3 or 4) as a PNG file.

    Source: PNG specification, third edition, 5 (chunks) and 11.2 (IHDR, IDAT, IEND); every row has filter type 0.

    Raises:
        ConfigError: another dtype or shape.
    """
    image = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    if pixels.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in _COLOUR_TYPES or 0 in image.shape:
        raise ConfigError(
            f"expected uint8 (height, width) or (height, width, 1, 3 or 4); got {pixels.dtype} {pixels.shape}"
        )
    height, width, channels = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = image.reshape(height, -1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def data_address(image: bytes) -> str:
    """Returns PNG bytes as an address that holds the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(image).decode('ascii')}"


def shades(values: npt.NDArray[np.float64] | npt.NDArray[np.float32] | npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Returns numbers of any range as uint8 of the same shape: the least is 0, the greatest 255; uint8 stays."""
    if values.dtype == np.uint8:
        return values.astype(np.uint8)
    low, high = float(values.min()), float(values.max())
    spread = high - low or 1.0
    levels: npt.NDArray[np.uint8] = np.round((values.astype(np.float64) - low) * (255 / spread)).astype(np.uint8)
    return levels


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
