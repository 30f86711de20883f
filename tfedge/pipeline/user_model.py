"""A user's own model to packed files, one a recipe: converted, compared with Keras on held-out examples, judged."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.artifacts import check_writable
from tfedge.conversion import recipes as recipes_module
from tfedge.conversion import user_model
from tfedge.conversion.recipes import RECIPES, recipe_file
from tfedge.conversion.representative import Representative
from tfedge.errors import ConversionError
from tfedge.pipeline.user_job import ConvertedFile, UserModelJob, read_data
from tfedge.progress import SILENT, Reporter
from tfedge.runtime.signatures import Array
from tfedge.runtime.targets import choose_targets
from tfedge.tasks.tensor_task import Quality
from tfedge.validation.tensor_quality import OwnMetric


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
    stem = name or stem_of(model)
    paths = {recipe.name: recipe_file(pathlib.Path(out_dir), stem, recipe.name) for recipe in chosen}
    for path in paths.values():
        check_writable(path, force)
    reporter.stage(f"model {stem}")
    network = user_model.load(model, custom_objects)
    held = read_data(data, network)
    say_shapes(held, reporter)
    job = UserModelJob(network, held, stem, quality, metric, reporter)
    files, refusals = [], []
    for recipe in chosen:
        reporter.stage(f"recipe {recipe.name}: {job.converter.fitted(recipe).summary}")
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


def _all_refused(refusals: Sequence[ConversionError], files: Sequence[ConvertedFile]) -> ConversionError:
    written = f"; written: {', '.join(file.pack.path.name for file in files)}" if files else ""
    message = "; ".join(dict.fromkeys(str(error) for error in refusals)) + written
    return type(refusals[0])(message)


def stem_of(model: Any) -> str:
    """Returns the name of a model's files: that of its file or folder, or its own."""
    if isinstance(model, str | os.PathLike):
        return pathlib.Path(os.path.abspath(model)).stem
    return str(model.name)


def say_shapes(data: Representative, reporter: Reporter) -> None:
    """Says what each signature takes, and how the examples are split."""
    for name, forms in data.forms.items():
        shapes = ", ".join(f"{key} {form.dtype} {list(form.shape)}" for key, form in forms.items())
        reporter.say(f"{name}: {shapes}; batch 1, every size fixed")
        counts = f"{len(data.samples[name])} examples to calibrate, {len(data.held_out[name])} held out"
        left = data.num_given[name] - len(data.samples[name]) - len(data.held_out[name])
        reporter.say(f"{name}: {counts}" + (f", {left} more" if left else ""))
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
