"""The training loop: batches, one compiled step, averaged weights, early stop on what users see."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tfedge.config import ScheduleConfig
from tfedge.errors import ArtifactError
from tfedge.progress import SILENT, Reporter
from tfedge.text.tokenizer import PAD_ID
from tfedge.training.checkpoint import Checkpoint
from tfedge.training.schedule import learning_rate

Row = dict[str, float]


class Batches(Protocol):
    """Training examples, dealt out in an order that the epoch's number fixes."""

    def __len__(self) -> int: ...

    def epoch(self, number: int) -> Iterator[tuple[Any, ...]]:
        """Yields the batches of epoch `number`: arrays in the order that the loss takes them."""


def smoothed_cross_entropy(logits: Any, target_ids: Any, label_smoothing: float) -> Any:
    """Returns the mean loss of real tokens: `label_smoothing` of the target is spread over all tokens.

    Args:
        logits: float (batch, length, vocab_size).
        target_ids: int32 (batch, length); padding counts nothing.
        label_smoothing: between 0 and 1.
    """
    log_probabilities = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    hit = ops.one_hot(target_ids, logits.shape[-1], dtype="float32")
    right = ops.sum(log_probabilities * hit, axis=-1)
    spread = ops.mean(log_probabilities, axis=-1)
    loss = -(1 - label_smoothing) * right - label_smoothing * spread
    real = ops.cast(ops.not_equal(target_ids, PAD_ID), "float32")
    return ops.sum(loss * real) / ops.sum(real)


def sequence_loss(model: keras.Model, config: ScheduleConfig, source_ids: Any, target_ids: Any) -> Any:
    """Returns the loss of one batch of a seq2seq network, whose target begins with the start id."""
    logits = model((source_ids, target_ids[:, :-1]), training=True)
    return smoothed_cross_entropy(logits, target_ids[:, 1:], config.label_smoothing)


def make_muon(config: ScheduleConfig) -> keras.optimizers.Optimizer:
    """Returns Muon for matrices and AdamW for embeddings, norms, biases and the output layer.

    An orthogonalised update uses all directions of a matrix, which on this task reaches the same word error rate
    in fewer epochs. Its scale follows https://arxiv.org/abs/2502.16982, so that learning rates are AdamW's.
    """
    return keras.optimizers.Muon(
        config.learning_rate,
        adam_beta_2=0.98,
        weight_decay=config.weight_decay,
        adam_weight_decay=0.0,
        exclude_layers=["logits_dense"],
        global_clipnorm=5.0,
    )


class Trainer:
    """Trains a model epoch by epoch; `fit` returns the history and leaves the best averaged weights in the model.

    What is averaged and kept are the weights and what batch normalisation has seen.

    Args:
        model: a built network.
        config: how to train.
        batches: the training examples.
        dev_error: computes what the best epoch is told by, of the model's current weights; less is better.
        checkpoint_path: where the state of the run is kept after each epoch.
        fingerprint: names data, sizes and seed; a checkpoint of another fingerprint is refused.
        on_epoch: called after each epoch with the history so far.
        reporter: hears a bar an epoch.
        loss: of (model, config, *arrays of a batch).
        optimizer: not yet built; Muon by default.
        error_name: of `dev_error` in the history.
    """

    def __init__(
        self,
        model: keras.Model,
        config: ScheduleConfig,
        batches: Batches,
        dev_error: Callable[[], float],
        checkpoint_path: pathlib.Path,
        fingerprint: str,
        on_epoch: Callable[[Sequence[Row]], None] = lambda history: None,
        reporter: Reporter = SILENT,
        loss: Callable[..., Any] = sequence_loss,
        optimizer: keras.optimizers.Optimizer | None = None,
        error_name: str = "dev_wer",
    ) -> None:
        self.model = model
        self.config = config
        self.batches = batches
        self.dev_error = dev_error
        self.checkpoint_path = checkpoint_path
        self.fingerprint = fingerprint
        self.on_epoch = on_epoch
        self.reporter = reporter
        self.loss = loss
        self.error_name = error_name
        self.optimizer = optimizer or make_muon(config)
        self.optimizer.build(model.trainable_variables)
        # Seeds of dropout are variables too, and are no part of what was learned.
        self.learned = [each for each in model.variables if each.trainable or each.dtype.startswith("float")]
        self.averages = [tf.Variable(variable) for variable in self.learned]
        self.best = [variable.numpy() for variable in self.learned]
        self.history: list[Row] = []
        self._step = tf.function(self._train_step)

    def fit(self) -> list[Row]:
        """Runs the remaining epochs; returns one row an epoch."""
        for epoch in range(len(self.history), self.config.epochs):
            if self._stalled():  # Also a run taken up again after its last epoch.
                break
            start = time.monotonic()
            loss = self.run_epoch(epoch)
            train_seconds = time.monotonic() - start
            self.history.append(self._finish_epoch(epoch, loss, start, train_seconds))
            self.save()
            self.on_epoch(self.history)
        self._load(self.best)
        return self.history

    def run_epoch(self, epoch: int) -> float:
        """Trains on the batches of epoch `epoch`; returns their mean loss."""
        steps, total = len(self.batches), 0.0
        with self.reporter.bar(f"epoch {epoch + 1:3}/{self.config.epochs}", steps) as bar:
            for index, batch in enumerate(self.batches.epoch(epoch)):
                done = epoch * steps + index
                rate = learning_rate(
                    done,
                    self.config.epochs * steps,
                    self.config.learning_rate,
                    self.config.warmup_steps,
                    self.config.decay_share,
                )
                self.optimizer.learning_rate.assign(rate)
                # Early on, the average follows closely: 0.998 of random weights would take long to forget.
                decay = min(self.config.averaging_decay, (done + 1) / (done + 10))
                loss = self._step(tf.constant(decay), *batch)
                total += float(loss)
                bar.advance(note=f"loss {total / (index + 1):.3f}")
        return total / steps

    def _train_step(self, decay: Any, *batch: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.loss(self.model, self.config, *batch)
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
        for average, variable in zip(self.averages, self.learned, strict=True):
            average.assign(decay * average + (1 - decay) * variable)
        return loss

    def _finish_epoch(self, epoch: int, loss: float, start: float, train_seconds: float) -> Row:
        live = [variable.numpy() for variable in self.learned]
        averaged = [average.numpy() for average in self.averages]
        self._load(averaged)
        error = round(self.dev_error(), 3)  # As the history keeps it: a tie is no improvement.
        self._load(live)
        if error < min((row[self.error_name] for row in self.history), default=float("inf")):
            self.best = averaged
        return {
            "epoch": epoch + 1,
            "train_loss": round(loss, 5),
            self.error_name: error,
            "learning_rate": round(float(self.optimizer.learning_rate), 8),
            "seconds": round(time.monotonic() - start, 1),
            "steps_per_second": round(len(self.batches) / train_seconds, 3),
        }

    def _stalled(self) -> bool:
        errors = [row[self.error_name] for row in self.history]
        return bool(errors) and len(errors) - 1 - int(np.argmin(errors)) >= self.config.patience

    def _load(self, values: Sequence[np.ndarray]) -> None:
        for variable, value in zip(self.learned, values, strict=True):
            variable.assign(value)

    def save(self) -> None:
        """Writes the state of the run to `checkpoint_path`."""
        groups = {
            "weights": [v.numpy() for v in self.model.variables],
            "averages": [v.numpy() for v in self.averages],
            "best": list(self.best),
            "optimizer": [np.asarray(v) for v in self.optimizer.variables],
        }
        Checkpoint(groups, {"fingerprint": self.fingerprint, "history": self.history}).save(self.checkpoint_path)

    def restore(self) -> None:
        """Takes the run up again from `checkpoint_path`.

        Raises:
            ArtifactError: missing, unreadable, or of another run.
        """
        checkpoint = Checkpoint.load(self.checkpoint_path)
        if checkpoint.state.get("fingerprint") != self.fingerprint:
            raise ArtifactError(
                f"expected a checkpoint of this data, network and seed in {self.checkpoint_path}; it is of another "
                "run; give the same settings, or another --out"
            )
        groups = (
            ("weights", self.model.variables),
            ("averages", self.averages),
            ("optimizer", self.optimizer.variables),
        )
        for name, variables in groups:
            for variable, value in zip(variables, checkpoint.arrays[name], strict=True):
                variable.assign(value)
        self.best = checkpoint.arrays["best"]
        self.history = checkpoint.state["history"]
