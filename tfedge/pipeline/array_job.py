"""What every file of one network of arrays shares: its task, calibration, Keras' answers, golden cases, limits."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.conversion.array_network import INPUT, answer_arrays, array_network, array_samples, chosen
from tfedge.conversion.recipes import Recipe
from tfedge.conversion.representative import Representative
from tfedge.errors import ArtifactError, ConfigError, InputError
from tfedge.modelfile.array_examples import ArrayExamples
from tfedge.modelfile.pack import Pack
from tfedge.modelfile.tensor_cases import TensorCase, rounded
from tfedge.networks import trained_model
from tfedge.networks.trained_model import TrainedArrayModel
from tfedge.pipeline.user_job import KnownTask, UserModelJob
from tfedge.progress import SILENT, Reporter
from tfedge.tasks import own_task, registry
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.array_data import ArrayData, ArraySplit
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.tasks.shipping import ShippingConfig
from tfedge.tasks.tensor_task import AGREEMENT, COSINE, Quality
from tfedge.validation.limits import array_limits_of
from tfedge.validation.tensor_quality import DEFAULT_LIMITS

# Test examples that travel in a pack: enough to look at and to run on a phone, in a third of a small model's size.
PACKED_EXAMPLES, PACKED_BYTES = 100, 64 * 2**10


class ArrayJob:
    """Conversion and packing of one trained network.

    Args:
        model: the network with its task.
        data: that it was trained on.
        shipping: recipe, limits, and what a file with everything in int8 takes.
        num_examples: test examples to score; None for all.
        reporter: hears stages and bars.

    Attributes:
        network: entry points.
        samples: that calibrate, that choose, and that do neither.
        examples: test examples with Keras' answers.
        groups: text (N,), whose each of them is; None where all are alike.
        tensors: converts, packs and knows the golden cases.

    Raises:
        ConfigError: another task or other data than the model was trained on.
        InputError: no test examples.
        MeasurementError, ConversionError, CalibrationError: of the stage that failed.
    """

    def __init__(
        self,
        model: TrainedArrayModel,
        data: ArrayData,
        shipping: ShippingConfig,
        num_examples: int | None = None,
        reporter: Reporter = SILENT,
    ) -> None:
        check_same_arrays(model, data)
        if not len(data.test):
            raise InputError("expected test examples to score by; the data has none; give more")
        self.shipping, self._model, self._data = shipping, model, data
        self.network = array_network(model)
        self.samples: Representative = array_samples(data, self.network)
        # The model's own meaning: a threshold is chosen in training.
        meaning, test = model.spec.meaning, chosen(data.test, num_examples)
        reporter.stage(f"answers of Keras to {len(test):,} test examples")
        self.examples = self._answered(test, data.source, reporter)
        self.groups: npt.NDArray[np.str_] | None = test.groups
        metric = AGREEMENT if isinstance(meaning, ClassesMeaning) else COSINE
        known = KnownTask(
            model.spec.preprocessing, meaning, self._packed(test, data.source), self._provenance, shipping.input_dtype
        )
        quality = Quality(metric, DEFAULT_LIMITS[metric])
        self.tensors = UserModelJob(
            self.network, self.samples, model.spec.name, quality, reporter=reporter, known=known
        )

    def dev_examples(self, most: int) -> ArrayExamples:
        """Returns dev examples with Keras' answers, at `most` so many."""
        return self._answered(chosen(self._data.dev, most), self._data.source)

    def dev_groups(self, most: int) -> npt.NDArray[np.str_] | None:
        """Returns text (N,): whose each of `dev_examples` is; None where all are alike."""
        return chosen(self._data.dev, most).groups

    @property
    def golden(self) -> tuple[TensorCase, ...]:
        """The cases that travel in every file."""
        return self.tensors.golden

    def summary(self, recipe: Recipe) -> str:
        """Returns what a recipe does to this network, in a line."""
        return self.tensors.converter.fitted(recipe).summary

    def pack(self, recipe: Recipe, path: pathlib.Path, force: bool = False) -> Pack:
        """Converts by a recipe and writes the file with all that travels in it.

        Raises:
            ConversionError, UnsupportedOpError, WorkerError: it cannot be converted, or LiteRT cannot run it.
        """
        return self.tensors.pack(self.tensors.converter.convert(recipe), path, (), force).pack

    def _answered(self, split: ArraySplit, source: Mapping[str, str], reporter: Reporter = SILENT) -> ArrayExamples:
        signature, output = self._model.spec.meaning.signature, self._model.spec.meaning.output
        keras = answer_arrays(self.network, signature, output, split, reporter)
        return ArrayExamples(signature, INPUT, output, split.inputs, split.labels, keras, dict(source))

    def _packed(self, test: ArraySplit, source: Mapping[str, str]) -> ArrayExamples | None:
        """Returns the examples that travel, in half precision with Keras' answers to just that; None of large ones."""
        inputs = rounded(test.inputs[:PACKED_EXAMPLES])
        each = inputs[:1].nbytes if inputs.dtype.kind != "f" else inputs[:1].size * 2
        count = min(len(inputs), PACKED_BYTES // max(1, each))
        return self._answered(ArraySplit(inputs[:count], test.labels[:count]), source) if count else None

    def _provenance(self, recipe: Recipe) -> Mapping[str, Any]:
        limits = self.shipping.limits.get(recipe.name, array_limits_of(recipe.name))
        return {"training": self._model.training, "limits": limits.to_json()}


def array_job(
    model: TrainedArrayModel,
    data_path: str | os.PathLike[str] | None = None,
    task: str | None = None,
    reporter: Reporter = SILENT,
    num_examples: int | None = PACKED_EXAMPLES,
) -> ArrayJob:
    """Returns the job of a model whose data are found by its task's name.

    Args:
        model: the network.
        data_path: what it was trained on; None for the task's own data.
        task: the Python file of a user's own task; None for one that tfedge knows.
        num_examples: test examples that Keras answers; None for all.

    Raises:
        ConfigError: a task that tfedge does not know, or another than the model's.
        TfedgeError: of the data, or of the job.
    """
    name = model.spec.name
    if task is None and name not in registry.ARRAY_LOADERS:
        raise ConfigError(
            f"expected a model of one of {', '.join(registry.ARRAY_LOADERS)}; it is of {name!r}; pass the Python file "
            "of its task as --task"
        )
    if task is not None and own_task.stem(task) != name:
        raise ConfigError(f"expected the task {name!r} that the model is of; got {own_task.stem(task)!r}")
    reporter.stage(f"data of task {name}")
    data = registry.load_arrays(task or name, data_path)
    for line in describe(data):
        reporter.say(line)
    config = ArrayTaskConfig.read(registry.config_file(task or name))
    return ArrayJob(model, data, config.shipping, num_examples, reporter)


def load_array_model(path: str | os.PathLike[str]) -> TrainedArrayModel:
    """Reads a `.keras` file of a task of arrays; ArtifactError where it is none, or one of texts."""
    model = trained_model.load(path)
    if not isinstance(model, TrainedArrayModel):
        raise ArtifactError(f"expected a trained model of arrays in {path}; it is of {model.spec.name}, of texts")
    return model


def check_same_arrays(model: TrainedArrayModel, data: ArrayData) -> None:
    """Refuses a model and data that do not belong together.

    Raises:
        ConfigError: another input or other classes, or a file whose test examples the model may have learnt.
    """
    trained_on = model.training.get("data") or {}
    same_meaning = data.spec.meaning == model.spec.meaning
    if not isinstance(data.spec.meaning, ClassesMeaning):  # A threshold is known after training alone.
        same_meaning = data.spec.meaning.kind == model.spec.meaning.kind
    is_same_input = tuple(data.spec.preprocessing.input_shape) == tuple(model.spec.preprocessing.input_shape)
    what = "bytes" if trained_on.get("sha256", data.source["sha256"]) != data.source["sha256"] else ""
    if not same_meaning or not is_same_input:
        what = "classes or sizes"
    if what:
        raise ConfigError(
            f"expected the data that the model was trained on ({_named(trained_on)}); got {_named(data.source)}, "
            f"whose {what} differ; pass the same --data"
        )


def describe(data: ArrayData) -> list[str]:
    """Returns what a task's data are, one line each: how many examples, and what was left out why."""
    source = f"{data.source['name']} {data.source['version']}"
    counts = f"{len(data.train):,} train, {len(data.dev):,} dev, {len(data.test):,} test examples"
    return [f"{source}: {counts}", *(f"left out: {count:,} ({why})" for why, count in data.skipped.items())]


def _named(source: Mapping[str, str]) -> str:
    return f"{source.get('name')} {source.get('version')}, sha256 {str(source.get('sha256'))[:12]}"
