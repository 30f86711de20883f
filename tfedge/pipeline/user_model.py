"""A user's own model to packed files, one a recipe: converted, compared with Keras on held-out examples, judged."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.artifacts import check_writable
from tfedge.checks.verdict import Finding, Verdict, worst
from tfedge.conversion import recipes as recipes_module
from tfedge.conversion import representative, user_model
from tfedge.conversion.converter import Conversion
from tfedge.conversion.recipes import RECIPES, Recipe, recipe_file
from tfedge.conversion.representative import Representative
from tfedge.conversion.tensor_converter import TensorConverter, general
from tfedge.conversion.tensor_network import TensorNetwork
from tfedge.errors import ConfigError, ConversionError, UnsupportedOpError, WorkerError
from tfedge.modelfile.graph import GraphSummary, read_graph
from tfedge.modelfile.pack import Pack, write_pack
from tfedge.modelfile.summary import refused_ops
from tfedge.modelfile.tensor_cases import TensorCase, TensorGolden
from tfedge.pipeline import user_golden
from tfedge.pipeline.packing import ORACLE, versions
from tfedge.progress import SILENT, Reporter, track
from tfedge.runtime.signatures import Array
from tfedge.runtime.targets import RuntimeTarget, choose_targets
from tfedge.tasks.tensor_task import Quality, TensorTask
from tfedge.validation.cases import CallFailedError
from tfedge.validation.evaluate_tensors import not_run, run_examples
from tfedge.validation.tensor_quality import (
    OutputQuality,
    OwnMetric,
    compare_output,
    default_quality,
    output_steps,
    own_value,
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


class UserModelJob:
    """What every recipe of one model shares: the traced model, its answers, golden cases.

    Args:
        network: the model.
        data: the user's examples.
        name: of the model, for file names and the task.
        quality: what files are held to; None: agreement of classes, else cosine.
        metric: the function, where `quality` names one.
        reporter: hears a bar.

    Attributes:
        quality: metric and limit.
        converter: converts by a recipe.

    Raises:
        ConversionError: the model cannot be traced or converted.
        MeasurementError: the model itself gives NaN.
        ConfigError: a metric of the user's without its function.
    """

    def __init__(
        self,
        network: TensorNetwork,
        data: Representative,
        name: str,
        quality: Quality | None = None,
        metric: OwnMetric | None = None,
        reporter: Reporter = SILENT,
    ) -> None:
        if quality is not None and quality.is_own and metric is None:
            raise ConfigError(f"expected the function {quality.metric} as `metric`; got none")
        self.converter = TensorConverter(network, data)
        self._network, self._data, self._name, self._metric = network, data, name, metric
        self._golden = user_golden.answered(network, user_golden.choose(data.held_out))
        asked = [
            (f"{key}/{place}", key, row) for key, samples in data.held_out.items() for place, row in enumerate(samples)
        ]
        with_bar = track(reporter, asked, len(asked), "answers of Keras")
        self._held_out = tuple(case for each in with_bar for case in user_golden.answered(network, [each]))
        rows: dict[str, list[TensorCase]] = {}
        for case in self._held_out:
            rows.setdefault(case.signature, []).append(case)
        self._expected: dict[str, Array] = {
            f"{key}/{output}": array
            for key, cases in rows.items()
            for output, array in stacked([case.expected for case in cases]).items()
        }
        self.quality = quality or default_quality(self._expected)
        self._float_size = len(self.converter.convert(RECIPES["float32"]).model_bytes)

    @property
    def task(self) -> TensorTask:
        """What travels as task.json."""
        return TensorTask(self._name, self.quality, self.converter.signatures)

    def measure(
        self, path: str | os.PathLike[str], recipe: str, target: RuntimeTarget, reporter: Reporter = SILENT
    ) -> Measured:
        """Runs the held-out examples through a file of this model on one runtime, and judges its quality."""
        try:
            actual, _ = run_examples(target.name, path, self._held_out, reporter, recipe)
        except (WorkerError, CallFailedError) as error:
            return Measured(target, (not_run(error),), {})
        steps = output_steps(read_graph(pathlib.Path(path).read_bytes()))
        outputs = {key: compare_output(want, actual[key], steps.get(key)) for key, want in self._expected.items()}
        own = None
        if self._metric is not None and self.quality.is_own:
            names = {key: key if len(self.converter.signatures) > 1 else key.partition("/")[2] for key in outputs}
            own = own_value(
                self._metric,
                self.quality.metric,
                {names[key]: array for key, array in self._expected.items()},
                {names[key]: actual[key] for key in self._expected},
            )
        ran = Finding("runs", "pass", f"ran {len(self._held_out)} held-out examples on {target}")
        return Measured(target, (ran, *quality_finding(self.quality, outputs, own, str(target))), outputs)

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
            "provenance": self._provenance(conversion, measured),
            "calibration": conversion.calibration,
            "gates": [finding.to_json() for each in measured for finding in each.findings],
        }
        golden = TensorGolden(self._golden, distances)
        pack = write_pack(path, conversion.model_bytes, self.task.to_json(), golden, fields, force)
        return ConvertedFile(pack, measured)

    def _provenance(self, conversion: Conversion, measured: Sequence[Measured]) -> dict[str, Any]:
        return {
            "trained_model_sha256": self._network.source["sha256"],
            "model_kind": self._network.source["kind"],
            "engine": conversion.recipe.engine,
            "scopes": [scope.to_json() for scope in conversion.recipe.scopes],
            "versions": versions(),
            "float32_size_bytes": self._float_size,
            "representative_data": self._data.to_json(),
            "quality": {
                str(each.target): {key: output.to_json() for key, output in each.outputs.items()} for each in measured
            },
        }


def convert_user_model(
    model: Any,
    data: str | os.PathLike[str] | Mapping[str, Array],
    out_dir: str | os.PathLike[str],
    recipes: Sequence[str] | None = None,
    *,
    name: str | None = None,
    quality: Quality | None = None,
    metric: OwnMetric | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    targets: Sequence[str] | None = None,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> tuple[ConvertedFile, ...]:
    """Converts any Keras 3 model with tensors in and out to one packed file a recipe.

    Args:
        model: a `.keras` file, a SavedModel folder with one signature or several, or a Keras model.
        data: an .npz, or arrays by input name (or SIGNATURE/INPUT), examples along the first axis.
        out_dir: folder to write.
        recipes: names, or JSON files of mixed recipes; those of `tfedge run` by default.
        name: of the files; that of the model by default.
        quality: what files are held to; None: agreement of classes, else cosine.
        metric: (expected, actual) -> number, where `quality` names a function. Called with arrays (N, ...) where the
            model has one output, else with dicts of them by output.
        custom_objects: classes that the file names.
        targets: names of installed runtimes; all of them by default.
        force: whether to replace files.
        reporter: hears stages, counts and figures.

    Raises:
        ConfigError, InputError, CalibrationError: a recipe, a limit or data that do not fit.
        ArtifactError: no such model, one that carries code, or a file that exists.
        ConversionError: what the model or some recipes cannot do; files of the other recipes are written.
        WorkerError, RuntimeUnavailableError: LiteRT is not there, or cannot run a file.
    """
    chosen = [recipes_module.get(each) for each in (recipes or RECIPES)]
    runtimes = choose_targets(list(targets) if targets else None)
    stem = name or _stem(model)
    paths = {recipe.name: recipe_file(pathlib.Path(out_dir), stem, recipe.name) for recipe in chosen}
    for path in paths.values():
        check_writable(path, force)
    reporter.stage(f"model {stem}")
    network = user_model.load(model, custom_objects)
    held = _read(data, network)
    _say_shapes(network, held, reporter)
    job = UserModelJob(network, held, stem, quality, metric, reporter)
    files, refusals = [], []
    for recipe in chosen:
        reporter.stage(f"recipe {recipe.name}: {general(recipe).summary}")
        try:
            conversion = job.converter.convert(recipe)
            files.append(job.pack(conversion, paths[recipe.name], runtimes, force, reporter))
        except ConversionError as error:
            refusals.append(error)
            reporter.say(str(error))
            continue
        _say_figures(files[-1], reporter)
    if refusals:
        raise _all_refused(refusals, files)
    return tuple(files)


def check_builtin(graph: GraphSummary, recipe: Recipe) -> None:
    """Refuses a file with ops that an interpreter alone does not have; UnsupportedOpError names them."""
    refused = refused_ops(graph)
    if refused:
        raise UnsupportedOpError(f"expected builtin ops only by recipe {recipe.name}; got {refused}")


def _all_refused(refusals: Sequence[ConversionError], files: Sequence[ConvertedFile]) -> ConversionError:
    written = f"; written: {', '.join(file.pack.path.name for file in files)}" if files else ""
    message = "; ".join(dict.fromkeys(str(error) for error in refusals)) + written
    return type(refusals[0])(message)


def _read(data: str | os.PathLike[str] | Mapping[str, Array], network: TensorNetwork) -> Representative:
    inputs = {name: entry.inputs for name, entry in network.entries.items()}
    if isinstance(data, Mapping):
        return representative.fit(data, inputs, "the representative data")
    return representative.read(data, inputs)


def _stem(model: Any) -> str:
    if isinstance(model, str | os.PathLike):
        return pathlib.Path(os.path.abspath(model)).stem
    return str(model.name)


def _say_shapes(network: TensorNetwork, data: Representative, reporter: Reporter) -> None:
    for name, forms in data.forms.items():
        shapes = ", ".join(f"{key} {form.dtype} {list(form.shape)}" for key, form in forms.items())
        reporter.say(f"{name}: {shapes}; batch 1, every size fixed")
        counts = f"{len(data.samples[name])} examples to calibrate, {len(data.held_out[name])} held out"
        left = data.num_given[name] - len(data.samples[name]) - len(data.held_out[name])
        reporter.say(f"{name}: {counts}" + (f", {left} not needed" if left else ""))
    beyond = {key: share for key, share in data.beyond_range().items() if share > 0}
    for key, share in beyond.items():
        reporter.say(f"{key}: {share:.2%} of held-out values are outside the calibrated range")


def _say_figures(file: ConvertedFile, reporter: Reporter) -> None:
    reporter.say(f"{file.pack.path}: {len(file.pack.model_bytes) / 1e6:.3f} MB")
    for each in file.measured:
        for finding in each.findings:
            if finding.gate != "runs" or finding.verdict != "pass":
                reporter.say(f"{finding.verdict}: {finding.message}" + (f"; {finding.fix}" if finding.fix else ""))
        for key, output in each.outputs.items():
            agreement = "" if output.agreement is None else f", agreement {output.agreement:.4f}"
            steps = "" if output.max_steps is None else f", at most {output.max_steps:.0f} steps"
            reporter.say(f"    {key}: cosine {output.cosine:.5f}, {output.snr_db:.1f} dB{agreement}{steps}")
