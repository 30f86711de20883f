from __future__ import annotations

import struct

import pytest

from tfedge.training.curve import draw_curve


@pytest.mark.parametrize("epochs", [1, 40])
def test_draw_curve_then_a_png(epochs):
    history = [{"epoch": e + 1, "dev_wer": 90 / (e + 1), "train_loss": 3 / (e + 1)} for e in range(epochs)]
    data = draw_curve(history)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data[12:16] == b"IHDR" and data[-8:-4] == b"IEND"
    width, height = struct.unpack(">II", data[16:24])
    assert width > height > 300
    assert draw_curve(history) == data
