"""The stages in order for a task of arrays: images, windows of signals.

data -> weights -> Keras answers -> convert, pack, run (each recipe) -> latency, memory -> report
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence

from tfedge.conversion.recipes import RECIPES, recipe_file
from tfedge.errors import ArtifactError, ConversionError
from tfedge.modelfile.pack import Pack
from tfedge.networks.trained_model import TrainedArrayModel
from tfedge.pipeline.array_job import ArrayJob, describe, load_array_model
from tfedge.pipeline.run_writing import check_free, seal, shipped_path, write_results
from tfedge.progress import SILENT, Reporter
from tfedge.reports.assemble import assemble
from tfedge.reports.schema import Report
from tfedge.runtime.targets import installed_targets
from tfedge.tasks import own_task, registry
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.array_data import ArrayData
from tfedge.tasks.shipped import shipped_file
from tfedge.training.run_files import checkpoint_path
from tfedge.training.train_arrays import train_arrays
from tfedge.validation.class_accuracy import ClassAccuracy
from tfedge.validation.evaluate import Evaluation, own_limits
from tfedge.validation.evaluate_arrays import evaluate_arrays
from tfedge.validation.performance import FLOAT, Performance, label_of, measure_performance
from tfedge.validation.speed import speed_finding
from tfedge.validation.workload import Calls

# Of calls for each file on each runtime: a second, the least that is valid, is not steady enough on every machine.
LATENCY_SECONDS = 3.0


def run_array_task(
    name: str,
    out_dir: str | os.PathLike[str],
    from_scratch: bool = False,
    num_examples: int | None = 2_000,
    force: bool = False,
    reporter: Reporter = SILENT,
    data_path: str | os.PathLike[str] | None = None,
) -> Report:
    """Runs the whole road for one task of arrays and writes model files, report and model card into `out_dir`.

    Args:
        name: the task, or the Python file of a user's own.
        out_dir: folder to write.
        from_scratch: train instead of starting from the weights that ship, or lie beside a user's file.
        num_examples: test examples to score; None for all.
        force: replace files that exist.
        reporter: hears stages, facts and bars.
        data_path: a user's own data in place of the task's; weights that ship fit only the data they were trained on.

    Raises:
        TfedgeError: of the stage that failed.
    """
    out, stem = pathlib.Path(out_dir), own_task.stem(name)
    check_free(out, stem, force)
    config = ArrayTaskConfig.read(registry.config_file(name))
    weights = None if from_scratch else weights_file(name)
    reporter.stage(f"data of task {stem}")
    data = registry.load_arrays(name, data_path)
    for line in describe(data):
        reporter.say(line)
    reporter.stage("weights" if weights else "training from scratch")
    model = _weights(weights, data, config, out / f"{stem}.keras", force, reporter)
    reporter.say(_trained_by(model))
    job = ArrayJob(model, data, config.shipping, num_examples, reporter)
    reporter.stage("recipes: convert, pack, run on each runtime")
    packs, evaluations = _convert_and_evaluate(job, out, stem, force, reporter)
    reporter.stage("latency, interleaved, and memory")
    runnable = [each for row in evaluations for each in row if each.has_run]
    workload = Calls([case for case in job.golden if case.signature == data.spec.meaning.signature])
    performance = measure_performance(
        runnable, workload, min_seconds=LATENCY_SECONDS, is_steady=True, reporter=reporter
    )
    evaluations = [_with_speed(row, evaluations, performance) for row in evaluations]
    reporter.stage("report")
    shipped, recipe = shipped_path(out, stem), config.shipping.recipe
    seal(packs, evaluations, shipped, recipe)
    shown = _with_errors_once([each for row in evaluations for each in row], recipe)
    report = assemble("run", shown, performance, shipped, (FLOAT, recipe))
    write_results(report, out, stem, force, reporter)
    return report


def weights_file(name: str) -> pathlib.Path:
    """Returns the trained weights of a task: they ship, or lie beside a user's own file.

    Raises:
        ArtifactError: there are none; the message says how to train them.
    """
    try:
        path = (
            pathlib.Path(name).with_suffix(".keras") if own_task.is_file(name) else shipped_file(f"{name}/{name}.keras")
        )
    except ArtifactError:
        path = pathlib.Path(f"{name}.keras")
    if not path.is_file():
        raise ArtifactError(
            f"expected trained weights of the task {name}; none ship with it; train them: tfedge run {name} "
            "--from-scratch"
        )
    return path


def _weights(
    weights: pathlib.Path | None,
    data: ArrayData,
    config: ArrayTaskConfig,
    out: pathlib.Path,
    force: bool,
    reporter: Reporter,
) -> TrainedArrayModel:
    if weights is not None:
        return load_array_model(weights)
    resume = checkpoint_path(out).exists() and not force
    if resume:
        reporter.say("going on from the checkpoint of an unfinished run; --force starts anew")
    return train_arrays(data, config, out, resume=resume, force=force, reporter=reporter)


def _convert_and_evaluate(
    job: ArrayJob, out: pathlib.Path, name: str, force: bool, reporter: Reporter
) -> tuple[list[Pack], list[list[Evaluation]]]:
    """Converts recipe by recipe while the files already made run on the runtimes, in processes of their own."""
    targets = installed_targets()
    packs: list[Pack] = []
    with (
        concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool,
        reporter.bar("recipes and runtimes", len(RECIPES) * (1 + len(targets))) as bar,
    ):
        waiting = []
        for recipe in RECIPES.values():
            reporter.say(f"{recipe.name}: {job.summary(recipe)}")
            bar.advance(0, f"converting {recipe.name}")
            try:
                pack = job.pack(recipe, recipe_file(out, name, recipe.name), force)
            except ConversionError as error:
                if recipe.name in (FLOAT, job.shipping.recipe):
                    raise
                reporter.say(f"{recipe.name} is left out: {error}")
                bar.advance(1 + len(targets))
                continue
            packs.append(pack)
            bar.advance(1, f"running {recipe.name}")
            waiting.append([pool.submit(evaluate_arrays, pack, target, job.examples, job.groups) for target in targets])
            for future in waiting[-1]:
                future.add_done_callback(lambda _: bar.advance())
        return packs, [[future.result() for future in row] for row in waiting]


def _with_speed(
    row: Sequence[Evaluation], rows: Sequence[Sequence[Evaluation]], performance: Mapping[str, Performance]
) -> list[Evaluation]:
    """Returns evaluations with the gate "speed" where the task asks for a speed on that runtime."""
    floats = {each.target: each for every in rows for each in every if each.pack.manifest.recipe == FLOAT}
    judged = []
    for each in row:
        least = own_limits(each.pack).min_speedup.get(each.target.name)
        if least is not None:
            costs = [performance.get(label_of(one)) for one in (floats[each.target], each)]
            reference, found = (cost.latency if cost else None for cost in costs)
            each = dataclasses.replace(each, findings=(*each.findings, speed_finding(reference, found, least)))
        judged.append(each)
    return judged


def _with_errors_once(evaluations: Sequence[Evaluation], recipe: str) -> list[Evaluation]:
    """Returns evaluations with examples of errors in one alone: the last runtime that ran the file that ships."""
    known = [each for each in evaluations if isinstance(each.accuracy, ClassAccuracy)]
    shown = [each for each in known if each.pack.manifest.recipe == recipe][-1:]
    return [
        dataclasses.replace(each, accuracy=dataclasses.replace(each.accuracy, errors=()))
        if isinstance(each.accuracy, ClassAccuracy) and each not in shown
        else each
        for each in evaluations
    ]


def _trained_by(model: TrainedArrayModel) -> str:
    training = model.training
    best = {key: value for key, value in training.items() if key.startswith("best_")}
    figures = ", ".join(f"{key.removeprefix('best_').replace('_', ' ')} {value:.4g}" for key, value in best.items())
    return (
        f"{model.network.count_params():,} parameters, {figures}, {training['epochs_run']} epochs in "
        f"{training['seconds'] / 60:.0f} min, seed {training['seed']}"
    )
