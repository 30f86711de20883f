from __future__ import annotations

import keras
import numpy as np
import pytest

from tfedge.networks.classifier_config import ClassifierConfig
from tfedge.networks.encoder_classifier import EncoderClassifier

STEM = ({"filters": 8, "kernel_size": 3, "strides": 2},)
RANDOM = np.random.default_rng(2)
SIZES = {"num_blocks": 1, "num_heads": 2, "head_dim": 4, "intermediate_dim": 16, "pooling_heads": 2}


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def make(shape, **changes):
    scale = changes.pop("scale", 1.0)
    keras.utils.set_random_seed(5)
    network = EncoderClassifier(
        shape, 3, **ClassifierConfig(**{"stem": STEM, **SIZES, **changes}).to_json(), scale=scale
    )
    network.build()
    return network


@pytest.mark.parametrize("shape", [(9, 2), (6, 5, 1)])
@pytest.mark.parametrize("changes", [{}, {"block_norm": "batch", "position": "none", "num_key_value_heads": 1}])
def test_classifier_then_probabilities_features_and_weights_of_every_position(shape, changes):
    network, inputs = make(shape, **changes), normal(2, *shape)
    points = network.entry_points()
    probabilities = points["classify"](inputs)["probabilities"]
    np.testing.assert_allclose(np.sum(probabilities, axis=1), 1, rtol=1e-6)
    embedded = points["embed"](inputs)
    positions = 5 if len(shape) == 2 else 3 * 3
    assert embedded["features"].shape == (2, 16) and embedded["pooling_weights"].shape == (2, 2, positions)
    np.testing.assert_allclose(np.sum(embedded["pooling_weights"], axis=2), 1, rtol=1e-6)


def test_classifier_when_saved_then_keras_loads_the_same(tmp_path):
    network, inputs = make((9, 2)), normal(2, 9, 2)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert loaded.get_config() == network.get_config()
    np.testing.assert_array_equal(loaded(inputs), network(inputs))


def test_classifier_when_given_bytes_then_scales_them_itself():
    images = np.random.default_rng(3).integers(0, 256, (2, 6, 5, 1), np.uint8)
    scaled, plain = make((6, 5, 1), scale=1 / 255), make((6, 5, 1))
    np.testing.assert_allclose(scaled(images), plain(images / np.float32(255)), rtol=1e-5, atol=1e-6)


def test_classifier_when_it_has_no_positions_then_their_table_is_gone():
    with_table, without = make((9, 2)), make((9, 2), position="none")
    assert with_table.count_params() - without.count_params() == 5 * 8
