from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from tfedge.networks.anomaly_scorer import AnomalyScorer
from tfedge.networks.scorer_config import ScorerConfig

SIZES = {"hidden_dim": 8, "value_dim": 8, "num_blocks": 1, "num_heads": 2, "head_dim": 4, "intermediate_dim": 8}
RANDOM = np.random.default_rng(4)


def make(shape, **changes):
    keras.utils.set_random_seed(6)
    network = AnomalyScorer(shape, **ScorerConfig(**{**SIZES, **changes}).to_json())
    network.build()
    for variable in network.trainable_variables:  # Zero biases would hide what reaches what.
        variable.assign(variable + 0.3 * RANDOM.normal(size=variable.shape))
    return network


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("rows", [1, 4])
def test_sensor_when_read_then_tells_of_later_ones_and_not_of_earlier_ones(rows):
    network, inputs = make((rows, 5)), normal(1, rows, 5)
    changed = inputs.copy()
    changed[0, -1, 2] += 1
    before, after = np.asarray(network(inputs)), np.asarray(network(changed))
    np.testing.assert_array_equal(before[0, :2], after[0, :2])
    assert (np.abs(before - after)[0, 2:] > 1e-6).all()


def test_earlier_rows_when_changed_then_every_sensor_is_told_of_them():
    network, inputs = make((4, 3)), normal(1, 4, 3)
    for place in range(3):
        changed = inputs.copy()
        changed[0, 1, place] += 1
        assert (np.abs(np.asarray(network(inputs)) - np.asarray(network(changed))) > 1e-7).all()


def test_contribution_when_summed_over_all_readings_then_a_density():
    """exp(-contribution) over all readings of a sensor has the area of Student's t kernel, whatever the prediction;
    rtol from the tails beyond 200 deviations."""
    network = make((1, 2), min_scale=0.5, max_deviation=1e4)
    readings = np.linspace(-200, 200, 10_001, dtype=np.float32)
    windows = np.stack([np.full_like(readings, 0.7), readings], axis=-1)[:, None, :]
    likelihood = np.exp(-np.asarray(network(windows), np.float64)[:, 1])
    np.testing.assert_allclose(likelihood.sum() * 400 / 10_000, 0.5 * math.pi * math.sqrt(3) / 2, rtol=1e-3)


def test_reading_when_far_beyond_the_cut_then_scored_as_at_it():
    network = make((1, 2), max_deviation=3.0)
    far, near = np.full((1, 1, 2), 1e6, np.float32), np.full((1, 1, 2), 3.0, np.float32)
    np.testing.assert_array_equal(network(far), network(near))


def test_score_when_asked_then_the_sum_of_its_contributions_and_never_negative():
    network, inputs = make((1, 4)), normal(1, 1, 4)
    answer = network.entry_points()["score"](inputs)
    assert answer["score"].shape == (1,) and answer["contributions"].shape == (1, 4)
    np.testing.assert_allclose(answer["score"], np.sum(answer["contributions"], axis=-1), rtol=1e-6)
    assert np.min(answer["contributions"]) >= 0


@pytest.mark.parametrize("rows", [1, 4])
def test_scorer_when_saved_then_keras_loads_the_same(tmp_path, rows):
    network, inputs = make((rows, 3)), normal(2, rows, 3)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert loaded.get_config() == network.get_config()
    np.testing.assert_array_equal(loaded(inputs), network(inputs))
