"""A trained model of a task of arrays on the ladder: dev examples decide, test examples are only reported."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.conversion.recipes import Recipe
from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.array_examples import ArrayExamples
from tfedge.modelfile.pack import Pack
from tfedge.networks.trained_model import TrainedArrayModel
from tfedge.pipeline.array_job import ArrayJob, array_job, load_array_model
from tfedge.pipeline.ladder import climb_subject, plan
from tfedge.pipeline.ladder_subject import Answers, Place, could_not_run
from tfedge.progress import SILENT, Reporter
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import LadderReport
from tfedge.validation.cases import CallFailedError
from tfedge.validation.evaluate_arrays import answer_examples, score_arrays
from tfedge.validation.workload import SIGNATURES, Calls, Workload


class ArraySubject:
    """A trained model with its data, all examples answered by Keras once; a `ladder_subject.Subject`.

    Args:
        model: the network.
        job: what its files share.
        config: how many examples.
    """

    decided_by, scored_by = "dev examples", "test examples"

    def __init__(self, model: TrainedArrayModel, job: ArrayJob, config: LadderConfig) -> None:
        self.name, self.sha256 = model.spec.name, model.sha256
        self.calibration: Mapping[str, Any] | None = None
        self._job, self._meaning, self._num_emulated = job, model.spec.meaning, config.num_emulated_words
        self._examples = {False: job.dev_examples(config.num_words), True: job.examples}
        self._groups = {False: job.dev_groups(config.num_words), True: job.groups}
        self.workload: Workload = Calls([each for each in job.golden if each.signature == self._meaning.signature])

    def is_same(self, pack: Pack, recipe: Recipe) -> bool:
        return self._job.tensors.is_same(pack, recipe)

    def summary(self, recipe: Recipe) -> str:
        return self._job.summary(recipe)

    def convert(self, recipe: Recipe, path: pathlib.Path) -> Pack:
        return self._job.pack(recipe, path, force=True)

    def remember(self, pack: Pack) -> None:
        self.calibration = self.calibration or pack.manifest.calibration

    def count(self, is_test: bool) -> int:
        return len(self._examples[is_test])

    def prepare(self, is_test: bool) -> None:
        """All examples were answered at once."""

    def key(self, place: Place, is_test: bool) -> tuple[str, ...]:
        asked = self._asked(place, is_test)
        digest = hashlib.sha256(np.ascontiguousarray(asked.inputs).tobytes() + asked.labels.tobytes()).hexdigest()
        return "examples", place.pack.sha256, place.key[1], digest

    def ask(self, place: Place, is_test: bool) -> Answers:
        examples, groups = self._asked(place, is_test), self._groups[is_test]
        try:
            answers = answer_examples(place.environment, place.pack, examples)
        except (WorkerError, CallFailedError) as error:
            return could_not_run(str(error.error if isinstance(error, CallFailedError) else error))
        found = score_arrays(self._meaning, examples, answers, None if groups is None else groups[: len(examples)])
        return Answers(SIGNATURES, found, ())

    def _asked(self, place: Place, is_test: bool) -> ArrayExamples:
        examples = self._examples[is_test]
        return examples.first(min(self._num_emulated, len(examples))) if place.is_emulated else examples


def climb_array_model(
    trained: str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    targets: Sequence[str] | None = None,
    config: LadderConfig | None = None,
    forced: Sequence[str] = (),
    recipes: Sequence[str] | None = None,
    data_path: str | os.PathLike[str] | None = None,
    resume: bool = False,
    force: bool = False,
    reporter: Reporter = SILENT,
    task: str | None = None,
) -> LadderReport:
    """Converts a trained model of arrays by every recipe, measures each on each target, and writes what ships.

    Writes what `ladder.climb` writes. A recipe that cannot be carried out for this model is a row that says why.

    Args:
        trained: a `.keras` file of `tfedge train`.
        data_path: what the model was trained on; none for the task's own data.
        reporter: hears stages, bars and what is written.
        task: the Python file of a user's own task; None for one that tfedge knows.

    The other arguments are those of `ladder.plan`.

    Raises:
        ConfigError: an unknown recipe or target, or other data than the model was trained on.
        ConversionError: the float32 file cannot be made, with which all are compared.
        TfedgeError: of the stage that failed.
    """
    planned = plan(out_dir, pathlib.Path(trained).stem, targets, config, forced, recipes, resume, force)
    reporter.stage(f"weights {trained}")
    model = load_array_model(trained)
    job = array_job(model, data_path, task, reporter, planned.config.num_test_words)
    subject = ArraySubject(model, job, planned.config)
    if not subject.count(is_test=False):
        raise ConfigError("expected dev examples to choose by; the data has none; give more")
    limits = dataclasses.replace(planned.config.limits, scored=model.spec.meaning.kind)
    config = dataclasses.replace(planned.config, limits=limits)
    return climb_subject(subject, dataclasses.replace(planned, config=config), reporter)
