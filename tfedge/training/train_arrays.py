"""The training stage of a task of arrays: data and settings in, a trained model out."""

from __future__ import annotations

import os

import keras

from tfedge.config import ArrayTrainingConfig
from tfedge.errors import InputError
from tfedge.networks.trained_model import TrainedArrayModel
from tfedge.progress import SILENT, Reporter
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.array_data import ArrayData
from tfedge.training.array_batches import ArrayBatches
from tfedge.training.objective import Objective, objective_of
from tfedge.training.run_files import RunFiles, fingerprint, provenance
from tfedge.training.trainer import Trainer, make_muon


def make_optimizer(config: ArrayTrainingConfig) -> keras.optimizers.Optimizer:
    """Returns AdamW, which decays matrices and convolutions alone, or Muon."""
    if config.optimizer == "muon":
        return make_muon(config)
    optimizer = keras.optimizers.AdamW(
        config.learning_rate, weight_decay=config.weight_decay, beta_2=0.99, global_clipnorm=5.0
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "scale", "table"])
    return optimizer


def train_arrays(
    data: ArrayData,
    config: ArrayTaskConfig,
    out: str | os.PathLike[str],
    resume: bool = False,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> TrainedArrayModel:
    """Trains and writes `out` with its log (`.csv`), curve (`.png`) and checkpoint (`.checkpoint.npz`) beside it.

    The checkpoint is written after every epoch and removed when training ends.

    Args:
        data: the task; its test examples are not looked at.
        config: sizes, schedule, and what ships, which training does not ask.
        out: a `.keras` file.
        resume: go on from the checkpoint beside `out`.
        force: replace an existing `out`, and discard an existing checkpoint.
        reporter: hears progress and a line an epoch.

    Raises:
        ArtifactError: as `RunFiles.check`.
        ConfigError: sizes that the network cannot have, or an unknown augmentation.
        InputError: no examples to train on, or none to tell the best epoch by.
    """
    if not len(data.train) or not len(data.dev):
        raise InputError(f"expected examples to train on and dev examples; got {len(data.train)} and {len(data.dev)}")
    objective, training = objective_of(data, config), config.training
    named = {"error_name": objective.error_name, "error_label": objective.error_label}
    files = RunFiles.check(out, resume, force, **named)
    settings = {key: value for key, value in config.to_json().items() if key != "shipping"}
    keras.utils.set_random_seed(training.seed)
    network = _network(objective, training.dtype_policy)
    trainer = Trainer(
        network,
        training,
        ArrayBatches(data.train, training.batch_size, training.seed, training.augmentations),
        dev_error=lambda: objective.dev_error(network, data.dev),
        checkpoint_path=files.checkpoint,
        fingerprint=fingerprint(settings, data.source, data.spec.to_json()),
        on_epoch=lambda history: files.log(history, reporter),
        reporter=reporter,
        loss=objective.loss,
        optimizer=make_optimizer(training),
        error_name=objective.error_name,
    )
    history, seconds = files.fit(trainer)
    final = network
    if training.dtype_policy != "float32":  # What is converted computes in float32.
        final = objective.network()
        final.set_weights(network.get_weights())
    facts = {"train_examples": len(data.train), "dev_examples": len(data.dev)}
    told = provenance(settings, data.source, history, seconds, facts, objective.error_name)
    return files.finish(TrainedArrayModel(final, objective.finished_spec(final, data), told))


def _network(objective: Objective, dtype_policy: str) -> keras.Model:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype_policy)
    try:
        return objective.network()
    finally:
        keras.config.set_dtype_policy(before)
