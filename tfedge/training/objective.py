"""What a network of arrays is trained for: its loss, and the error on dev examples that tells the best epoch."""

from __future__ import annotations

from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tfedge.config import ScheduleConfig, from_keys
from tfedge.networks.classifier_config import ClassifierConfig
from tfedge.networks.encoder_classifier import EncoderClassifier
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.array_data import ArrayData, ArraySpec, ArraySplit
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.training.anomaly_objective import AnomalyObjective

_DEV_BATCH = 500


class Objective(Protocol):
    """One kind of task of arrays.

    Attributes:
        error_name: of the dev error in the history.
        error_label: the same in words, with the unit behind a comma.
    """

    error_name: str
    error_label: str

    def network(self) -> keras.Model:
        """Returns an untrained, built network of the configured sizes."""

    def loss(self, network: keras.Model, config: ScheduleConfig, inputs: Any, labels: Any) -> Any:
        """Returns the loss of one batch, a number."""

    def dev_error(self, network: keras.Model, split: ArraySplit) -> float:
        """Returns the error of the network's current weights; less is better."""

    def finished_spec(self, network: keras.Model, data: ArrayData) -> ArraySpec:
        """Returns what travels with the trained network: the task, and what was chosen on its dev examples."""


class ClassesObjective:
    """Examples of classes: cross-entropy, and the share of dev examples that are told wrong."""

    error_name, error_label = "dev_error", "dev error, %"

    def __init__(self, data: ArrayData, config: ArrayTaskConfig, meaning: ClassesMeaning) -> None:
        self._sizes = from_keys(ClassifierConfig, dict(config.network), "network")
        self._shape, self._num_classes = data.spec.preprocessing.input_shape, len(meaning.classes)
        # Raw bytes of an image: the network brings them to 0..1 itself, so that a phone hands on what it has.
        self._scale = 1 / 255 if data.train.inputs.dtype == np.uint8 else 1.0
        self._answer: tuple[keras.Model, Any] | None = None

    def network(self) -> EncoderClassifier:
        network = EncoderClassifier(self._shape, self._num_classes, **self._sizes.to_json(), scale=self._scale)
        network.build()
        return network

    def loss(self, network: keras.Model, config: ScheduleConfig, inputs: Any, labels: Any) -> Any:
        logits = ops.cast(network(inputs, training=True), "float32")
        smoothing = config.label_smoothing
        target = ops.one_hot(labels, self._num_classes) * (1 - smoothing) + smoothing / self._num_classes
        return -ops.mean(ops.sum(target * ops.log_softmax(logits, axis=-1), axis=-1))

    def dev_error(self, network: keras.Model, split: ArraySplit) -> float:
        if self._answer is None or self._answer[0] is not network:  # Traced once, not once an epoch.
            self._answer = (network, tf.function(lambda inputs: network(inputs, training=False), reduce_retracing=True))
        answer = self._answer[1]
        starts = range(0, len(split), _DEV_BATCH)
        wrong = 0
        for start in starts:
            rows = split[slice(start, start + _DEV_BATCH)]
            wrong += int((np.argmax(answer(rows.inputs), axis=-1) != rows.labels).sum())
        return 100.0 * wrong / len(split)

    def finished_spec(self, network: keras.Model, data: ArrayData) -> ArraySpec:
        return data.spec


def objective_of(data: ArrayData, config: ArrayTaskConfig) -> Objective:
    """Returns what a task is trained for, by what its outputs mean.

    Raises:
        ConfigError: sizes that its network cannot have.
    """
    meaning = data.spec.meaning
    if isinstance(meaning, ClassesMeaning):
        return ClassesObjective(data, config, meaning)
    return AnomalyObjective(data, config)
