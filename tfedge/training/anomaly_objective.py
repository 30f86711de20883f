"""Normal behaviour as what a network is trained for: likely readings, of the usual examples alone; then a threshold."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops

from tfedge.config import ScheduleConfig, from_keys
from tfedge.networks.anomaly_scorer import AnomalyScorer
from tfedge.networks.scorer_config import ScorerConfig
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.array_data import ArrayData, ArraySpec, ArraySplit
from tfedge.tasks.meaning import AnomalyMeaning

# Share of the normal dev examples that the threshold calls anomalies: one false alarm in 200 windows.
FALSE_ALARM_SHARE = 0.005
_DEV_BATCH = 1000


def usual_mean(losses: npt.NDArray[np.float64], usual_share: float) -> float:
    """Returns the mean of the least `usual_share` of `losses`, (N,), at least of one."""
    kept = max(1, int(len(losses) * usual_share))
    return float(np.sort(losses)[:kept].mean())


def choose_threshold(scores: npt.NDArray[Any], labels: npt.NDArray[Any]) -> float:
    """Returns the score that all but `FALSE_ALARM_SHARE` of the normal examples stay below, to 4 decimals.

    Args:
        scores: (N,), of dev examples.
        labels: (N,): what is labelled as an anomaly, 1, is left out; of data without labels nothing is.
    """
    normal = scores[labels == 0] if (labels == 0).any() else scores
    return round(float(np.quantile(normal, 1 - FALSE_ALARM_SHARE)), 4)


class AnomalyObjective:
    """Examples of which most are normal: the negative log-likelihood of those that the network finds most usual.

    The trimmed likelihood: of each batch the examples with the largest loss, the share 1 - `usual_share`, teach
    nothing, so that anomalies among the training examples are not learned as normal, and no label is asked.
    https://doi.org/10.1016/S0167-7152(97)00128-9 (Hadi and Luceño).

    Attributes:
        error_name, error_label: of the same loss over the dev examples; it asks no label either.
    """

    error_name, error_label = "dev_loss", "dev loss, nats a sensor"

    def __init__(self, data: ArrayData, config: ArrayTaskConfig) -> None:
        self._sizes = from_keys(ScorerConfig, dict(config.network), "network")
        self._shape = data.spec.preprocessing.input_shape
        self._usual_share = config.training.usual_share
        self._answer: tuple[keras.Model, Any] | None = None

    def network(self) -> AnomalyScorer:
        """Returns an untrained, built network of the configured sizes."""
        network = AnomalyScorer(self._shape, **self._sizes.to_json())
        network.build()
        return network

    def loss(self, network: keras.Model, config: ScheduleConfig, inputs: Any, labels: Any) -> Any:
        """Returns the mean loss of the usual examples of a batch, in nats a sensor; `labels` are not looked at."""
        losses = ops.mean(network(inputs, training=True), axis=-1)
        kept = max(1, int(inputs.shape[0] * self._usual_share))
        return ops.mean(-ops.top_k(-losses, kept)[0])

    def dev_error(self, network: keras.Model, split: ArraySplit) -> float:
        """Returns the same of dev examples, all at once."""
        contributions = self.contributions(network, split)
        return usual_mean(contributions.mean(axis=-1, dtype=np.float64), self._usual_share)

    def finished_spec(self, network: keras.Model, data: ArrayData) -> ArraySpec:
        """Returns the task with a threshold, chosen by the trained network's scores of the dev examples."""
        scores = self.contributions(network, data.dev).sum(axis=-1)
        names = (data.spec.meaning.signature, data.spec.meaning.output)
        return dataclasses.replace(data.spec, meaning=AnomalyMeaning(choose_threshold(scores, data.dev.labels), *names))

    def contributions(self, network: keras.Model, split: ArraySplit) -> npt.NDArray[np.float32]:
        """Returns float32 (N, sensors): each sensor's part of each example's score."""
        if self._answer is None or self._answer[0] is not network:  # Traced once, not once an epoch.
            self._answer = (network, tf.function(lambda inputs: network(inputs, training=False), reduce_retracing=True))
        starts = range(0, len(split), _DEV_BATCH)
        rows = [np.asarray(self._answer[1](split.inputs[start : start + _DEV_BATCH])) for start in starts]
        return np.concatenate(rows)
