from __future__ import annotations

import keras
import numpy as np
import pytest

from tfedge.config import ArrayTrainingConfig
from tfedge.errors import ConfigError
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.array_data import ArrayData, ArraySpec, ArraySplit
from tfedge.tasks.meaning import AnomalyMeaning
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.training.anomaly_objective import AnomalyObjective, choose_threshold, usual_mean
from tfedge.training.objective import objective_of

SIZES = {"hidden_dim": 8, "value_dim": 8, "num_blocks": 1, "num_heads": 1, "head_dim": 8, "intermediate_dim": 8}


def data_of(num_rows=40):
    random = np.random.default_rng(3)
    inputs = random.normal(size=(num_rows, 1, 3)).astype(np.float32)
    labels = np.zeros(num_rows, np.int64)
    inputs[:4], labels[:4] = 15.0, 1
    split = ArraySplit(inputs, labels)
    windows = WindowPreprocessing(("a", "b", "c"), 1, 1, (0.0,) * 3, (1.0,) * 3)
    return ArrayData(ArraySpec("anomaly", windows, AnomalyMeaning()), split, split, split, {"name": "t"})


def made(usual_share):
    data = data_of()
    config = ArrayTaskConfig(SIZES, ArrayTrainingConfig(usual_share=usual_share))
    objective = objective_of(data, config)
    keras.utils.set_random_seed(1)
    return data, config, objective, objective.network()


def test_loss_when_a_tenth_is_left_out_then_anomalies_teach_nothing():
    data, config, objective, network = made(usual_share=0.9)
    assert isinstance(objective, AnomalyObjective)
    loss = objective.loss(network, config.training, data.train.inputs, None)
    np.testing.assert_allclose(loss, network(data.train.inputs[4:]).numpy().mean(), rtol=1e-5)  # Sums of float32.


def test_loss_when_nothing_is_left_out_then_anomalies_teach_too():
    data, config, objective, network = made(usual_share=1.0)
    loss = objective.loss(network, config.training, data.train.inputs, None)
    np.testing.assert_allclose(loss, network(data.train.inputs).numpy().mean(), rtol=1e-5)  # Sums of float32.
    assert loss > network(data.train.inputs[4:]).numpy().mean() * 1.05


def test_dev_error_when_labels_change_then_the_same():
    data, _, objective, network = made(usual_share=0.9)
    changed = ArraySplit(data.dev.inputs, 1 - data.dev.labels)
    assert objective.dev_error(network, data.dev) == objective.dev_error(network, changed)


def test_finished_spec_when_trained_then_a_threshold_that_normal_examples_stay_below():
    data, _, objective, network = made(usual_share=0.9)
    spec = objective.finished_spec(network, data)
    scores = objective.contributions(network, data.dev).sum(axis=-1)
    assert spec.meaning.threshold is not None and spec.preprocessing == data.spec.preprocessing
    assert (scores[data.dev.labels == 0] >= spec.meaning.threshold).sum() <= 1


def test_threshold_when_anomalies_are_labelled_then_they_do_not_raise_it():
    scores = np.concatenate([np.arange(1000.0), np.full(100, 1e6)])
    labels = np.repeat([0, 1], [1000, 100])
    # 0.5 % of 0..999 are above 994.005 (NumPy interpolates between ranks).
    assert choose_threshold(scores, labels) == pytest.approx(994.005)
    assert choose_threshold(scores, np.zeros(1100, np.int64)) == 1e6


def test_threshold_when_every_example_is_an_anomaly_then_told_by_them():
    assert choose_threshold(np.arange(1000.0), np.ones(1000)) == pytest.approx(994.005)


def test_usual_mean_when_a_share_is_left_out_then_the_largest_are():
    assert usual_mean(np.array([5.0, 1.0, 100.0, 3.0]), 0.75) == 3.0
    assert usual_mean(np.array([5.0]), 0.1) == 5.0


def test_share_when_illegal_then_named():
    with pytest.raises(ConfigError, match="usual_share"):
        ArrayTrainingConfig(usual_share=0.0)
