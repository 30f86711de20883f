"""What every recipe of a user's model shares: the traced model, its answers to held-out examples, golden cases."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfedge.checks.verdict import Finding, Verdict, worst
from tfedge.conversion import representative
from tfedge.conversion.calibration import Sample
from tfedge.conversion.converter import Conversion
from tfedge.conversion.recipes import RECIPES, Recipe
from tfedge.conversion.representative import Representative
from tfedge.conversion.tensor_converter import TensorConverter
from tfedge.conversion.tensor_network import TensorNetwork
from tfedge.errors import ConfigError, UnsupportedOpError, WorkerError
from tfedge.modelfile.array_examples import ArrayExamples
from tfedge.modelfile.graph import GraphSummary, read_graph
from tfedge.modelfile.pack import Pack, write_pack
from tfedge.modelfile.summary import refused_ops
from tfedge.modelfile.tensor_cases import TensorCase, TensorGolden
from tfedge.pipeline import user_golden
from tfedge.pipeline.packing import ORACLE, versions
from tfedge.progress import SILENT, Reporter, track
from tfedge.runtime.environments import Environment
from tfedge.runtime.signatures import Array
from tfedge.runtime.targets import RuntimeTarget
from tfedge.tasks.meaning import Meaning
from tfedge.tasks.preprocessing.kinds import Preprocessing
from tfedge.tasks.tensor_task import Quality, TensorTask
from tfedge.validation.cases import CallFailedError
from tfedge.validation.evaluate_tensors import not_run, run_examples
from tfedge.validation.tensor_accuracy import OwnJudge, TensorAccuracy, measure_accuracy
from tfedge.validation.tensor_quality import (
    OutputQuality,
    OwnMetric,
    default_quality,
    output_steps,
    quality_finding,
    stacked,
)


@dataclasses.dataclass(frozen=True)
class Measured:
    """One file on one runtime.

    Attributes:
        target: the runtime.
        findings: "runs", and where it ran "quality" and "other_outputs".
        outputs: figures by "signature/output"; empty where it did not run.
    """

    target: RuntimeTarget
    findings: tuple[Finding, ...]
    outputs: Mapping[str, OutputQuality]


@dataclasses.dataclass(frozen=True)
class KnownTask:
    """What is known of a model beyond its tensors, where it is of a task of arrays.

    Attributes:
        preprocessing, meaning: as of TensorTask.
        examples: labelled ones, some of which travel in the files.
        provenance: recipe -> how its file came to be, beyond what all files say.
        input_dtype: what a file with everything in int8 takes.
    """

    preprocessing: Preprocessing
    meaning: Meaning
    examples: ArrayExamples | None
    provenance: Callable[[Recipe], Mapping[str, Any]]
    input_dtype: str = "float32"


@dataclasses.dataclass(frozen=True)
class ConvertedFile:
    """One recipe's file.

    Attributes:
        pack: the file.
        measured: on each runtime asked for.
    """

    pack: Pack
    measured: tuple[Measured, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all findings."""
        return worst(finding for each in self.measured for finding in each.findings)


class Asked:
    """Examples with the model's own answers.

    Args:
        network: that answers.
        samples: signature -> inputs.
        reporter: hears a bar.

    Raises:
        MeasurementError: the model itself gives NaN.
    """

    def __init__(self, network: TensorNetwork, samples: Mapping[str, Sequence[Sample]], reporter: Reporter) -> None:
        asked = [(f"{key}/{place}", key, row) for key, rows in samples.items() for place, row in enumerate(rows)]
        with_bar = track(reporter, asked, len(asked), "answers of Keras")
        self._cases = tuple(case for each in with_bar for case in user_golden.answered(network, [each]))

    def cases(self, most: int | None = None) -> tuple[TensorCase, ...]:
        """Returns the examples, at `most` so many of each signature."""
        seen: dict[str, int] = {}
        chosen = []
        for case in self._cases:
            seen[case.signature] = seen.get(case.signature, 0) + 1
            if most is None or seen[case.signature] <= most:
                chosen.append(case)
        return tuple(chosen)


def expected_of(cases: Sequence[TensorCase]) -> dict[str, Array]:
    """Returns "signature/output" -> the model's own answers, (N, ...)."""
    rows: dict[str, list[TensorCase]] = {}
    for case in cases:
        rows.setdefault(case.signature, []).append(case)
    return {
        f"{key}/{output}": array
        for key, each in rows.items()
        for output, array in stacked([case.expected for case in each]).items()
    }


class UserModelJob:
    """What every recipe of one model shares: the traced model, its answers, golden cases.

    Args:
        network: the model.
        data: the user's examples.
        name: of the model, for file names and the task.
        quality: what files are held to; None: agreement of classes, else cosine.
        metric: the function, where `quality` names one.
        reporter: hears a bar.
        known: the task of arrays that the model is of; None of a user's model.

    Attributes:
        quality: metric and limit.
        converter: converts by a recipe.
        held_out: examples that nothing is calibrated by.

    Raises:
        ConversionError: the model cannot be traced or converted.
        MeasurementError: the model itself gives NaN.
        ConfigError: a metric of the user's without its function, or one that raises.
    """

    def __init__(
        self,
        network: TensorNetwork,
        data: Representative,
        name: str,
        quality: Quality | None = None,
        metric: OwnMetric | None = None,
        reporter: Reporter = SILENT,
        known: KnownTask | None = None,
    ) -> None:
        if quality is not None and quality.is_own and metric is None:
            raise ConfigError(f"expected the function {quality.metric} as `metric`; got none")
        self.converter = TensorConverter(network, data, known.input_dtype if known else "float32")
        self._network, self._data, self._name, self._known = network, data, name, known
        self._golden = user_golden.answered(network, user_golden.choose(data.held_out))
        self.held_out = Asked(network, data.held_out, reporter)
        expected = expected_of(self.held_out.cases())
        self.quality = quality or default_quality(expected)
        self._own: OwnJudge | None = None
        if metric is not None and self.quality.is_own:
            self._own = OwnJudge(metric, self.quality.metric, len(data.held_out) == 1)
            self._own.check(expected)
        self._float_size = len(self.converter.convert(RECIPES["float32"]).model_bytes)

    @property
    def task(self) -> TensorTask:
        """What travels as task.json."""
        known, signatures = self._known, self.converter.signatures
        if known is None:
            return TensorTask(self._name, self.quality, signatures)
        return TensorTask(self._name, self.quality, signatures, known.preprocessing, known.meaning)

    @property
    def golden(self) -> tuple[TensorCase, ...]:
        """The cases that travel in every file."""
        return self._golden

    def accuracy(
        self,
        runtime: str | Environment,
        path: str | os.PathLike[str],
        cases: Sequence[TensorCase],
        label: str = "",
        with_interval: bool = False,
        reporter: Reporter = SILENT,
    ) -> TensorAccuracy:
        """Returns how near a file of this model answers, on one runtime.

        Args:
            cases: what it is asked.
            label: for the bar.
            with_interval: whether a user's function is called with every example alone too, for its interval.

        Raises:
            WorkerError, CallFailedError: the runtime refused, crashed or hung, or an output has another shape.
            ConfigError: a metric of the user's raised.
        """
        actual, _ = run_examples(runtime, path, cases, reporter, label)
        steps = output_steps(read_graph(pathlib.Path(path).read_bytes()))
        return measure_accuracy(self.quality, expected_of(cases), actual, steps, self._own, with_interval)

    def measure(
        self, path: str | os.PathLike[str], recipe: str, target: RuntimeTarget, reporter: Reporter = SILENT
    ) -> Measured:
        """Runs the held-out examples through a file of this model on one runtime, and judges its quality."""
        cases = self.held_out.cases()
        try:
            found = self.accuracy(target.name, path, cases, recipe, reporter=reporter)
        except (WorkerError, CallFailedError) as error:
            return Measured(target, (not_run(error),), {})
        ran = Finding("runs", "pass", f"ran {len(cases)} held-out examples on {target}")
        judged = quality_finding(self.quality, found.outputs, found.value, str(target))
        return Measured(target, (ran, *judged), found.outputs)

    def is_same(self, pack: Pack, recipe: Recipe) -> bool:
        """Whether a file was made of this very model, by this recipe, with the same data and tools."""
        is_made_alike = pack.manifest.provenance == self._provenance(self.converter.fitted(recipe), ())
        return is_made_alike and dict(pack.task) == self.task.to_json()

    def pack(
        self,
        conversion: Conversion,
        path: pathlib.Path,
        targets: Sequence[RuntimeTarget],
        force: bool = False,
        reporter: Reporter = SILENT,
    ) -> ConvertedFile:
        """Measures a conversion on each target and writes it with task, golden cases and what was measured.

        Raises:
            UnsupportedOpError: a Flex or custom op, or a resource variable is in it.
            WorkerError: LiteRT, which says how far the file is from Keras on its golden cases, cannot run it.
        """
        check_builtin(read_graph(conversion.model_bytes), conversion.recipe)
        with tempfile.TemporaryDirectory(prefix="tfedge-user-") as folder:
            model = pathlib.Path(folder) / "model.tflite"
            model.write_bytes(conversion.model_bytes)
            try:
                _, distances = run_examples(ORACLE, model, self._golden)
            except CallFailedError as failed:
                raise failed.error from failed
            measured = tuple(self.measure(model, conversion.recipe.name, target, reporter) for target in targets)
        fields = {
            "recipe": conversion.recipe.name,
            "provenance": self._provenance(conversion.recipe, measured),
            "calibration": conversion.calibration,
            "gates": [finding.to_json() for each in measured for finding in each.findings],
        }
        golden = TensorGolden(self._golden, distances)
        pack = write_pack(path, conversion.model_bytes, self.task.to_json(), golden, fields, force, self._examples)
        return ConvertedFile(pack, measured)

    @property
    def _examples(self) -> ArrayExamples | None:
        return self._known.examples if self._known else None

    def _provenance(self, recipe: Recipe, measured: Sequence[Measured]) -> dict[str, Any]:
        return {
            **(self._known.provenance(recipe) if self._known else {}),
            "trained_model_sha256": self._network.source["sha256"],
            "model_kind": self._network.source["kind"],
            "engine": recipe.engine,
            "scopes": [scope.to_json() for scope in recipe.scopes],
            "versions": versions(),
            "float32_size_bytes": self._float_size,
            "representative_data": self._data.to_json(),
            "quality": {
                str(each.target): {key: output.to_json() for key, output in each.outputs.items()} for each in measured
            },
        }


def check_builtin(graph: GraphSummary, recipe: Recipe) -> None:
    """Refuses a file with ops that an interpreter alone does not have; UnsupportedOpError names them."""
    refused = refused_ops(graph)
    if refused:
        raise UnsupportedOpError(f"expected builtin ops only by recipe {recipe.name}; got {refused}")


def read_data(data: str | os.PathLike[str] | Mapping[str, Array], network: TensorNetwork) -> Representative:
    """Returns a user's examples, split.

    Args:
        data: an .npz, or arrays by input name (or SIGNATURE/INPUT), examples along the first axis.

    Raises:
        ConfigError, InputError, CalibrationError, ArtifactError: examples that do not fit the model.
    """
    inputs = {name: entry.inputs for name, entry in network.entries.items()}
    if isinstance(data, Mapping):
        return representative.fit(data, inputs, "the representative data")
    return representative.read(data, inputs)
