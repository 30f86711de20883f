from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.unit import tiny
from tfedge.errors import ArtifactError
from tfedge.training.batches import BucketedBatches
from tfedge.training.checkpoint import Checkpoint
from tfedge.training.trainer import Trainer, make_muon, smoothed_cross_entropy


class Run:
    """A trainer on one step an epoch, whose dev errors are given; it remembers the weights they judged, and the live
    ones, those before the first step included."""

    def __init__(self, network, path, errors=(), fingerprint="one", **training) -> None:
        self.errors = iter(errors)
        self.judged: list[list[np.ndarray]] = []
        self.live: list[list[np.ndarray]] = [weights(network)]
        batches = BucketedBatches(tiny.make_data().pairs()[:8], batch_tokens=56, seed=1)
        config = tiny.make_config(**training).training
        self.trainer = Trainer(network, config, batches, self.dev_error, path, fingerprint, self.on_epoch)

    def dev_error(self) -> float:
        self.judged.append(weights(self.trainer.model))
        return next(self.errors)

    def on_epoch(self, history) -> None:
        self.live.append(weights(self.trainer.model))


def weights(network) -> list[np.ndarray]:
    return [variable.numpy() for variable in network.trainable_variables]


def assert_equal(ours, others):
    for one, other in zip(ours, others, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run of at most nine epochs that is best after its second and has a patience of two: (run, history)."""
    from tfedge.training.train import build_network

    network = build_network(tiny.make_data(), tiny.make_config())
    path = tmp_path_factory.mktemp("stopped") / "run.checkpoint.npz"
    errors = itertools.chain([50.0, 40.0, 40.0004, 45.0], itertools.repeat(99.0))
    run = Run(network, path, errors, epochs=9, patience=2)
    tf.config.run_functions_eagerly(True)  # To trace a step takes as long as a hundred steps.
    try:
        return run, run.trainer.fit()
    finally:
        tf.config.run_functions_eagerly(False)


def test_loss_then_as_by_hand():
    probabilities = np.array([[[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2]]], np.float32)
    targets = np.array([[1, 2, 0]], np.int32)
    # The last target is padding. Without smoothing: the mean of -ln 0.25 and -ln 0.8.
    loss = smoothed_cross_entropy(np.log(probabilities), targets, 0.0)
    np.testing.assert_allclose(loss, (np.log(4) - np.log(0.8)) / 2, rtol=1e-6)
    # With 0.3: 0.7 of that, and 0.3 of the mean over the three tokens.
    spread = -(np.log([0.5, 0.25, 0.25]).mean() + np.log([0.1, 0.1, 0.8]).mean()) / 2
    smoothed = smoothed_cross_entropy(np.log(probabilities), targets, 0.3)
    np.testing.assert_allclose(smoothed, 0.7 * (np.log(4) - np.log(0.8)) / 2 + 0.3 * spread, rtol=1e-6)


def test_loss_when_logits_are_shifted_or_padded_then_the_same():
    random = np.random.default_rng(1)
    logits, targets = random.normal(size=(2, 4, 5)).astype(np.float32), random.integers(1, 5, size=(2, 4))
    loss = smoothed_cross_entropy(logits, targets, 0.1)
    np.testing.assert_allclose(smoothed_cross_entropy(logits + 7, targets, 0.1), loss, rtol=1e-5)
    more = np.concatenate([logits, 100 * logits], axis=1), np.concatenate([targets, 0 * targets], axis=1)
    np.testing.assert_allclose(smoothed_cross_entropy(*more, 0.1), loss, rtol=1e-6)


def test_optimizer_then_muon_for_matrices_alone(make_network):
    network = make_network()
    optimizer = make_muon(tiny.make_config().training)
    optimizer.build(network.trainable_variables)
    adam = {variable.path for variable in network.trainable_variables if optimizer._should_use_adamw(variable)}
    for variable in network.trainable_variables:
        is_matrix = "kernel" in variable.path and "logits_dense" not in variable.path
        assert (variable.path in adam) == (not is_matrix), variable.path


def test_fit_when_nothing_gets_better_then_stops_after_its_patience(stopped):
    _, history = stopped
    # A tie (40.0004 rounds to 40) is no improvement: two epochs after the second.
    assert [row["dev_wer"] for row in history] == [50.0, 40.0, 40.0, 45.0]
    assert [row["epoch"] for row in history] == [1, 2, 3, 4]


def test_fit_then_the_best_averaged_weights_are_left_in_the_model(stopped):
    run, _ = stopped
    assert_equal(weights(run.trainer.model), run.judged[1])
    assert max(np.abs(one - other).max() for one, other in zip(run.judged[1], run.judged[2], strict=True)) > 1e-3


def test_fit_then_averages_follow_the_weights(stopped):
    run, _ = stopped
    checkpoint = Checkpoint.load(run.trainer.checkpoint_path)
    assert_equal(checkpoint.arrays["averages"], run.judged[-1])
    assert_equal(checkpoint.arrays["best"], run.judged[1])
    average = run.live[0]
    for step, (live, judged) in enumerate(zip(run.live[1:], run.judged, strict=True)):
        decay = min(0.9, (step + 1) / (step + 10))
        average = [decay * old + (1 - decay) * new for old, new in zip(average, live, strict=True)]
        for ours, other in zip(judged, average, strict=True):
            np.testing.assert_allclose(ours, other, rtol=1e-5, atol=1e-6)


def test_fit_then_rates_are_the_schedule(stopped):
    _, history = stopped
    # One step an epoch: no warm-up to speak of, and the last 0.6 of 9 steps fall to zero.
    rates = [row["learning_rate"] for row in history]
    assert rates == pytest.approx([0.03, 0.03, 0.03, 0.03], abs=1e-8)
    assert all(row["train_loss"] > 0 and row["seconds"] >= 0 and row["steps_per_second"] > 0 for row in history)


def test_fit_when_taken_up_after_it_stopped_then_trains_no_more(stopped):
    run, history = stopped
    after = Run(_same_sizes(run), run.trainer.checkpoint_path, epochs=9, patience=2)
    after.trainer.restore()
    assert after.trainer.fit() == history
    assert_equal(weights(after.trainer.model), run.judged[1])


def test_restore_when_of_another_run_then_refused(stopped):
    run, _ = stopped
    other = Run(_same_sizes(run), run.trainer.checkpoint_path, fingerprint="other")
    before = weights(other.trainer.model)
    with pytest.raises(ArtifactError, match=r"of another run; give the same settings, or another --out"):
        other.trainer.restore()
    assert_equal(weights(other.trainer.model), before)
    assert other.trainer.history == []


def _same_sizes(run):
    clone = type(run.trainer.model).from_config(run.trainer.model.get_config())
    clone.build()
    return clone
