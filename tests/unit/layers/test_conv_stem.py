from __future__ import annotations

import numpy as np
import pytest

from tests.contracts import layer_contract
from tfedge.layers.conv_stem import ConvStem

STAGES = [{"filters": 4, "kernel_size": 3, "strides": 2}, {"filters": 6, "kernel_size": 1, "strides": 1}]


def test_stem_when_of_signals_then_keeps_the_contract(floats):
    # Kernels, then four numbers a channel: scale, offset, mean, variance.
    layer_contract(ConvStem(STAGES), {"inputs": floats(2, 7, 3)}, 3 * 3 * 4 + 4 * 4 + 4 * 6 + 4 * 6)


def test_stem_when_of_images_then_keeps_the_contract(floats):
    layer_contract(ConvStem(STAGES), {"inputs": floats(2, 5, 7, 3)}, 9 * 3 * 4 + 4 * 4 + 4 * 6 + 4 * 6)


def test_stem_when_of_an_image_then_positions_row_by_row(floats):
    """A stage that copies: position i holds the pixel at row i // width, column i % width."""
    stem, image = ConvStem([{"filters": 2, "kernel_size": 1, "strides": 1}]), np.abs(floats(1, 3, 4, 2))
    stem.build(image.shape)
    stem.set_weights([np.eye(2).reshape(1, 1, 2, 2), np.ones(2), np.zeros(2), np.zeros(2), np.ones(2)])
    # Batch normalisation adds 1e-3 to the variance.
    np.testing.assert_allclose(stem(image)[0], image.reshape(12, 2) / np.sqrt(1.001), rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 5), (1, 2, 3, 4, 5)])
def test_stem_when_neither_signal_nor_image_then_refused(shape):
    with pytest.raises(ValueError, match="batch, height, width, channels"):
        ConvStem(STAGES).build(shape)
