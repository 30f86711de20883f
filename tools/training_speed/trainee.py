"""One way to train in a process of its own, which trains on some examples when asked and says how long it took.

    python -m tools.training_speed.trainee ours

Answers each JSON line `{"examples": n}` on stdin by `{"examples": m, "seconds": s, "cpu_seconds": c, "loss": l}`, with
m the examples really taken, until stdin ends. Everything is traced and compiled before it says that it is ready.
"""

from __future__ import annotations

import itertools
import json
import pathlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from tfedge.config import TaskConfig
from tfedge.tasks.g2p import TaskData
from tfedge.text.tokenizer import PAD_ID, START_ID
from tfedge.training.batches import Batch, BucketedBatches, pad
from tfedge.training.train import build_network
from tfedge.training.trainer import Trainer, make_muon
from tools.training_speed.networks import keras_hub_network

TASK = "g2p"


class Trainee(Protocol):
    """A way to train that has been traced."""

    def train(self, examples: int) -> tuple[int, float]:
        """Trains on that many or a few more; returns how many, and the mean loss."""


class Portion:
    """The next batches of endless epochs, as many as were asked for: what a trainer takes for an epoch."""

    def __init__(self, data: TaskData, config: TaskConfig) -> None:
        self._batches = BucketedBatches(data.pairs(), config.training.batch_tokens, config.training.seed)
        self._left: Iterator[Batch] = itertools.chain.from_iterable(map(self._batches.epoch, itertools.count()))
        first: dict[tuple[int, ...], Batch] = {}
        for batch in self._batches.epoch(0):
            first.setdefault(batch.source_ids.shape, batch)
        self._taken = list(first.values())  # One of each shape, for tracing.

    def take(self, examples: int) -> int:
        """Takes whole batches until there are as many examples; returns how many there are."""
        self._taken, count = [], 0
        while count < examples:
            self._taken.append(next(self._left))
            count += len(self._taken[-1].source_ids)
        return count

    @property
    def mean_rows(self) -> int:
        """Examples a batch, on the average of an epoch."""
        return round(np.mean([len(batch.source_ids) for batch in self._batches.epoch(0)]))

    def __len__(self) -> int:
        return len(self._taken)

    def epoch(self, _: int = 0) -> Iterator[Batch]:
        """Yields what was taken."""
        return iter(self._taken)


class Ours:
    """tfedge's trainer as it ships: bucketed batches, one compiled step, Muon, averaged weights."""

    def __init__(self, data: TaskData, config: TaskConfig) -> None:
        self._portion = Portion(data, config)
        nowhere = pathlib.Path(tempfile.gettempdir()) / "never-written"
        network = build_network(data, config)
        self._trainer = Trainer(network, config.training, self._portion, lambda: 0.0, nowhere, "")
        self._trainer.run_epoch(0)

    def train(self, examples: int) -> tuple[int, float]:
        """As `Trainee`."""
        return self._portion.take(examples), self._trainer.run_epoch(0)


def _compile(network: Any, config: TaskConfig, optimizer: Any = None) -> None:
    """Compiles as a user does: Keras compiles the step by XLA where it can."""
    optimizer = optimizer or keras.optimizers.AdamW(config.training.learning_rate)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD_ID)
    network.compile(optimizer=optimizer, loss=loss)


class PaddedFit:
    """`model.fit` on batches padded to the task's longest source and target."""

    def __init__(self, network: Any, data: TaskData, config: TaskConfig, optimizer: Any = None) -> None:
        pairs = data.pairs()
        np.random.default_rng(config.training.seed).shuffle(pairs)
        self._source = pad([source for source, _ in pairs], data.spec.max_source_length)
        self._target = pad([[START_ID, *target] for _, target in pairs], data.spec.max_target_length + 1)
        self._rows = Portion(data, config).mean_rows  # As many steps an epoch as ours.
        self._start = 0
        self._network = network
        _compile(network, config, optimizer)
        self.train(1)

    def train(self, examples: int) -> tuple[int, float]:
        """As `Trainee`."""
        count = -(-examples // self._rows) * self._rows
        taken = np.arange(self._start, self._start + count) % len(self._source)
        self._start += count
        target = self._target[taken]
        inputs = (self._source[taken], target[:, :-1])
        history = self._network.fit(inputs, target[:, 1:], batch_size=self._rows, verbose=0).history
        return count, float(history["loss"][0])


class BucketedFit:
    """`model.fit` on tfedge's bucketed batches."""

    def __init__(self, network: Any, data: TaskData, config: TaskConfig) -> None:
        self._portion = Portion(data, config)
        self._network = network
        _compile(network, config)
        self._fit()

    def _fit(self) -> float:
        # Keras guesses a plain generator's shapes from its first two batches; theirs may be the same by chance.
        ids = tf.TensorSpec((None, None), tf.int32)
        data = tf.data.Dataset.from_generator(self._batches, output_signature=((ids, ids), ids))
        history = self._network.fit(data, steps_per_epoch=len(self._portion), verbose=0).history
        return float(history["loss"][0])

    def _batches(self) -> Iterator[Any]:
        for batch in self._portion.epoch():
            yield (batch.source_ids, batch.target_ids[:, :-1]), batch.target_ids[:, 1:]

    def train(self, examples: int) -> tuple[int, float]:
        """As `Trainee`."""
        return self._portion.take(examples), self._fit()


TRAINEES: dict[str, Callable[[TaskData, TaskConfig], Trainee]] = {
    "ours": Ours,
    "fit": lambda data, config: PaddedFit(build_network(data, config), data, config),
    "fit_muon": lambda data, config: PaddedFit(build_network(data, config), data, config, make_muon(config.training)),
    "keras_hub": lambda data, config: PaddedFit(keras_hub_network(data.spec, config), data, config),
    "keras_hub_bucketed": lambda data, config: BucketedFit(keras_hub_network(data.spec, config), data, config),
}


def main(name: str) -> None:
    """Serves until stdin ends."""
    from tfedge.tasks.registry import load_task
    from tfedge.tasks.shipped import shipped_file

    data = load_task(TASK, None)
    config = TaskConfig.read(shipped_file(f"{TASK}/config.json"))
    trainee = TRAINEES[name](data, config)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        start, cpu = time.perf_counter(), time.process_time()
        examples, loss = trainee.train(json.loads(line)["examples"])
        took = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
        print(json.dumps({"examples": examples, "loss": loss, **took}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
