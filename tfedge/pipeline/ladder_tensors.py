"""A user's own model on the ladder: held-out examples decide, further ones are only reported."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.conversion import user_model
from tfedge.conversion.recipes import Recipe
from tfedge.conversion.representative import MIN_EXAMPLES, Representative
from tfedge.conversion.tensor_network import TensorNetwork
from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.pack import Pack
from tfedge.modelfile.tensor_cases import TensorCase
from tfedge.pipeline.ladder import climb_subject, plan
from tfedge.pipeline.ladder_subject import Answers, Place, could_not_run
from tfedge.pipeline.user_job import Asked, UserModelJob, read_data
from tfedge.pipeline.user_model import say_shapes, stem_of
from tfedge.progress import SILENT, Reporter
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import LadderReport
from tfedge.runtime.signatures import Array
from tfedge.tasks.tensor_task import Quality
from tfedge.validation.cases import CallFailedError
from tfedge.validation.tensor_quality import OwnMetric
from tfedge.validation.workload import SIGNATURES, Calls, Workload


class TensorSubject:
    """A user's model with its examples, answered by itself once; a `ladder_subject.Subject`.

    Args:
        network: the model.
        data: examples of every signature.
        job: what its files share.
        num_emulated: examples of each signature on an emulated target.
        reporter: hears a bar.
    """

    decided_by, scored_by = "held-out examples", "further examples"

    def __init__(
        self, network: TensorNetwork, data: Representative, job: UserModelJob, num_emulated: int, reporter: Reporter
    ) -> None:
        self.name, self.sha256 = job.task.name, str(network.source["sha256"])
        self.calibration: Mapping[str, Any] | None = None
        self.workload: Workload = Calls(job.golden)
        self._network, self._job, self._num_emulated, self._reporter = network, job, num_emulated, reporter
        # Of fewer no share could be told.
        self._spare = data.spare if all(len(rows) >= MIN_EXAMPLES for rows in data.spare.values()) else {}
        self._asked: dict[bool, Asked] = {False: job.held_out}
        # What a user's function said is not kept for the next ladder: by then it may be another function.
        self._version = uuid.uuid4().hex if job.quality.is_own else ""

    def is_same(self, pack: Pack, recipe: Recipe) -> bool:
        return self._job.is_same(pack, recipe)

    def summary(self, recipe: Recipe) -> str:
        return self._job.converter.fitted(recipe).summary

    def convert(self, recipe: Recipe, path: pathlib.Path) -> Pack:
        return self._job.pack(self._job.converter.convert(recipe), path, (), force=True).pack

    def remember(self, pack: Pack) -> None:
        self.calibration = self.calibration or pack.manifest.calibration

    def count(self, is_test: bool) -> int:
        return sum(map(len, self._spare.values())) if is_test else len(self._job.held_out.cases())

    def key(self, place: Place, is_test: bool) -> tuple[str, ...]:
        # The model, its data and their split are in the file's manifest, so that they are in its hash.
        few = str(self._num_emulated) if place.is_emulated else "all"
        return "tensors", place.pack.sha256, place.key[1], "further" if is_test else "held out", few, self._version

    def ask(self, place: Place, is_test: bool) -> Answers:
        cases = self._cases(is_test, self._num_emulated if place.is_emulated else None)
        try:
            found = self._job.accuracy(place.environment, place.pack.path, cases, with_interval=True)
        except CallFailedError as failed:
            return could_not_run(str(failed.error))
        except WorkerError as error:
            return could_not_run(str(error))
        return Answers(SIGNATURES, found, ())

    def prepare(self, is_test: bool) -> None:
        """Lets the model itself answer, before several threads ask."""
        if is_test and is_test not in self._asked:
            self._asked[is_test] = Asked(self._network, self._spare, self._reporter)

    def _cases(self, is_test: bool, most: int | None) -> tuple[TensorCase, ...]:
        return self._asked[is_test].cases(most)


def climb_user_model(
    model: Any,
    data: str | os.PathLike[str] | Mapping[str, Array],
    out_dir: str | os.PathLike[str],
    targets: Sequence[str] | None = None,
    config: LadderConfig | None = None,
    forced: Sequence[str] = (),
    recipes: Sequence[str] | None = None,
    *,
    name: str | None = None,
    quality: Quality | None = None,
    metric: OwnMetric | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    resume: bool = False,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> LadderReport:
    """Converts a user's model by every recipe, measures each on each target, and writes what is to be shipped.

    Writes what `ladder.climb` writes. A recipe that cannot be carried out for this model is a row that says why.

    Args:
        model: a `.keras` file, a SavedModel folder with one signature or several, or a Keras model.
        data: an .npz, or arrays by input name (or SIGNATURE/INPUT), examples along the first axis.
        out_dir: folder to write.
        config: settings and limits; what `quality` says takes the place of its `limits.quality`.
        name: of the files; that of the model by default.
        quality: what files are held to, with its limit; None: agreement of classes, else cosine, each with its default.
        metric: (expected, actual) -> number, where `quality` names a function; see `convert_user_model`.
        custom_objects: classes that the file names.
        reporter: hears stages, bars and what is written.

    The other arguments are those of `ladder.plan`.

    Raises:
        ConfigError, InputError, CalibrationError: a recipe, a target, a limit, a metric or data that do not fit.
        ArtifactError: no such model, one that carries code, or a file that exists.
        ConversionError: the float32 file cannot be made, with which all are compared.
        WorkerError, RuntimeUnavailableError: LiteRT or a target is not there, or LiteRT cannot run the float32 file.
    """
    config = config or LadderConfig()
    if quality is not None and quality.limit is None:
        raise ConfigError(
            f"expected a limit of {quality.metric} for the ladder, which forbids what misses it; got none; give "
            "--at-least or --at-most"
        )
    planned = plan(out_dir, name or stem_of(model), targets, config, forced, recipes, resume, force)
    reporter.stage(f"model {planned.stem}")
    network = user_model.load(model, custom_objects)
    held = read_data(data, network)
    say_shapes(held, reporter)
    job = UserModelJob(network, held, planned.stem, quality, metric, reporter)
    config = dataclasses.replace(config, limits=dataclasses.replace(config.limits, quality=job.quality))
    subject = TensorSubject(network, held, job, config.num_emulated_words, reporter)
    return climb_subject(subject, dataclasses.replace(planned, config=config), reporter)
