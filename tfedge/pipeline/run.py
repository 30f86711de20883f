"""The stages in order: the table of contents of the project.

data -> weights -> Keras answers -> convert, pack, run (each recipe) -> latency, memory -> report
"""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
from collections.abc import Sequence

from tfedge.config import TaskConfig
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.conversion.recipes import RECIPES, recipe_file
from tfedge.conversion.references import References, answer, check_same_task
from tfedge.modelfile.pack import Pack
from tfedge.networks.trained_model import TrainedModel
from tfedge.pipeline.packing import PACKED_EXAMPLES, evaluation_examples, packing_job
from tfedge.pipeline.run_arrays import run_array_task
from tfedge.pipeline.run_writing import check_free, seal, shipped_path, write_results
from tfedge.progress import SILENT, Reporter
from tfedge.reports.assemble import assemble
from tfedge.reports.schema import Report
from tfedge.runtime.targets import installed_targets
from tfedge.tasks.g2p import Example, TaskData
from tfedge.tasks.registry import is_array_task, load_task
from tfedge.tasks.shipped import shipped_file
from tfedge.training.run_files import checkpoint_path
from tfedge.training.train import train
from tfedge.validation.evaluate import Evaluation, evaluate
from tfedge.validation.performance import decodes_of, measure_performance

# The recipe of `NAME.tflite`, chosen on dev words: the smallest file, right on both runtimes, loop in the graph.
SHIPPED_RECIPE = "dynamic_wi8_afp32"
# What the run's verdict rests on: the file that ships, and the float file it is measured against.
GATED_RECIPES = ("float32", SHIPPED_RECIPE)
# Of decoding for each file on each runtime: twice the least that is valid, since other people's machines are noisy.
LATENCY_SECONDS = 2.0


def run_task(
    name: str,
    out_dir: str | os.PathLike[str],
    from_scratch: bool = False,
    num_words: int = PACKED_EXAMPLES,
    full: bool = False,
    force: bool = False,
    reporter: Reporter = SILENT,
    data_path: str | os.PathLike[str] | None = None,
) -> Report:
    """Runs the whole road for one task and writes model files, report and model card into `out_dir`.

    Args:
        name: the task; of one of arrays that is a user's own, its Python file.
        out_dir: folder to write.
        from_scratch: train instead of starting from the shipped weights; hours.
        num_words: test examples to score.
        full: score all test examples.
        force: replace files that exist.
        reporter: hears stages, facts and bars.
        data_path: a user's own data in place of the task's; weights that ship fit only the data they were trained on.

    Raises:
        TfedgeError: of the stage that failed.
    """
    if is_array_task(name):
        return run_array_task(name, out_dir, from_scratch, None if full else num_words, force, reporter, data_path)
    out = pathlib.Path(out_dir)
    shipped = shipped_path(out, name)
    check_free(out, name, force)
    reporter.stage(f"data of task {name}")
    data = load_task(name, data_path)
    reporter.say(_describe(data))
    reporter.stage("weights" if not from_scratch else "training from scratch")
    model = _weights(name, data, out, from_scratch, force, reporter)
    reporter.say(_trained_by(model))
    examples = data.test if full else data.test[:num_words]
    reporter.stage(f"answers of Keras to {len(examples)} test words")
    references = answer(model, data, examples, reporter)
    reporter.stage("recipes: convert, pack, run on each runtime")
    packs, evaluations = _convert_and_evaluate(model, data, examples, references, out, name, force, reporter)
    reporter.stage("latency, interleaved, and memory")
    runnable = [each for row in evaluations for each in row if each.has_run]
    texts = [example.text for example in examples]
    workload = decodes_of(data.spec, texts)
    performance = measure_performance(runnable, workload, min_seconds=LATENCY_SECONDS, reporter=reporter)
    reporter.stage("report")
    seal(packs, evaluations, shipped, SHIPPED_RECIPE)
    report = assemble("run", [each for row in evaluations for each in row], performance, shipped, GATED_RECIPES)
    write_results(report, out, name, force, reporter)
    return report


def _convert_and_evaluate(
    model: TrainedModel,
    data: TaskData,
    examples: Sequence[Example],
    references: References,
    out: pathlib.Path,
    name: str,
    force: bool,
    reporter: Reporter,
) -> tuple[list[Pack], list[list[Evaluation]]]:
    """Converts recipe by recipe while the files already made run on the runtimes, in processes of their own."""
    converter = Seq2SeqConverter(model, [example.text for example in data.train])
    job = packing_job(model, data, references, examples, converter)
    asked = evaluation_examples(data, examples, references)
    targets = installed_targets()
    packs: list[Pack] = []
    total = len(RECIPES) * (1 + len(targets))
    with (
        concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool,
        reporter.bar("recipes and runtimes", total) as bar,
    ):
        waiting = []
        for recipe in RECIPES.values():
            reporter.say(f"{recipe.name}: {recipe.summary}")
            bar.advance(0, f"converting {recipe.name}")
            packs.append(job.pack(converter.convert(recipe), recipe_file(out, name, recipe.name), force=force))
            bar.advance(1, f"running {recipe.name}")
            waiting.append([pool.submit(evaluate, packs[-1], target, asked) for target in targets])
            for future in waiting[-1]:
                future.add_done_callback(lambda _: bar.advance())
        return packs, [[future.result() for future in row] for row in waiting]


def _weights(
    name: str, data: TaskData, out: pathlib.Path, from_scratch: bool, force: bool, reporter: Reporter
) -> TrainedModel:
    if from_scratch:
        config = TaskConfig.read(shipped_file(f"{name}/config.json"))
        resume = checkpoint_path(out / f"{name}.keras").exists() and not force
        if resume:
            reporter.say("going on from the checkpoint of an unfinished run; --force starts anew")
        return train(data, config, out / f"{name}.keras", resume=resume, force=force, reporter=reporter)
    model = TrainedModel.load(shipped_file(f"{name}/{name}.keras"))
    check_same_task(model, data)
    return model


def _describe(data: TaskData) -> str:
    source = f"{data.source['name']} {data.source['version']}"
    return f"{source}: {len(data.train):,} train, {len(data.dev):,} dev, {len(data.test):,} test words"


def _trained_by(model: TrainedModel) -> str:
    training = model.training
    return (
        f"{model.network.count_params():,} parameters, dev WER {training['best_dev_wer']:.2f} %, "
        f"{training['epochs_run']} epochs in {training['seconds'] / 60:.0f} min, seed {training['seed']}"
    )
