from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.reports.html.picture import data_address, png, shades


def pixels_of(data: bytes) -> np.ndarray:
    """Reads a PNG of 8 bits without filters, every chunk's check sum included."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + size
    width, height, depth, colours, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    channels = {0: 1, 2: 3, 6: 4}[colours]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    assert depth == 8 and list(chunks) == [b"IHDR", b"IDAT", b"IEND"] and not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, channels)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 1), (2, 4, 3), (4, 2, 4)])
def test_png_when_read_again_then_the_same_pixels(shape):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert np.array_equal(pixels_of(png(image)), image.reshape(*shape[:2], -1))


@pytest.mark.parametrize(
    "image",
    [np.zeros((2, 2), np.float32), np.zeros((2, 2, 2), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 2), np.uint8)],
)
def test_png_when_it_is_no_picture_then_config_error(image):
    with pytest.raises(ConfigError, match="expected uint8"):
        png(image)


def test_address_then_it_holds_the_picture():
    kind, data = data_address(b"abc").split(",")
    assert (kind, base64.b64decode(data)) == ("data:image/png;base64", b"abc")


def test_shades_then_least_is_black_and_greatest_white_and_bytes_stay():
    assert shades(np.array([-1.0, 0.0, 1.0])).tolist() == [0, 128, 255]
    assert shades(np.array([7.0, 7.0])).tolist() == [0, 0]
    assert shades(np.array([3, 9], np.uint8)).tolist() == [3, 9]
