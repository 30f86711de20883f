"""The ladder: every recipe on every target, measured, and which of them to ship.

convert all -> static rules -> run -> dev words -> latency, interleaved -> memory, partitions -> choice -> test words
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import platform
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.artifacts import check_writable, write_bytes
from tfedge.checks.verdict import Finding
from tfedge.conversion import recipes as recipes_module
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.conversion.recipes import ALL_RECIPES, Recipe, recipe_file
from tfedge.conversion.references import References, answer, check_same_task
from tfedge.errors import ArtifactError, ConfigError, ConversionError, WorkerError
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.pack import Pack, reseal
from tfedge.networks.trained_model import TrainedModel
from tfedge.pipeline.ladder_folder import LadderFolder
from tfedge.pipeline.ladder_measuring import (
    Answers,
    Place,
    answer_words,
    check_places,
    is_emulated,
    measure_place,
    time_places,
)
from tfedge.pipeline.ladder_plot import draw_front
from tfedge.pipeline.packing import PACKED_EXAMPLES, PackingJob, evaluation_examples, packing_job
from tfedge.progress import SILENT, Reporter, track
from tfedge.reports import check
from tfedge.reports.conditions import Conditions
from tfedge.reports.ladder_choice import ALLOWED, gates_of, not_converted
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import LadderReport, write_ladder
from tfedge.reports.ladder_table import ladder_markdown
from tfedge.reports.rung import Rung
from tfedge.runtime.environments import Environment, find_environment
from tfedge.runtime.targets import choose_targets
from tfedge.tasks.g2p import Example, TaskData
from tfedge.tasks.registry import load_task
from tfedge.validation.accuracy import AccuracyReport
from tfedge.validation.performance import FLOAT

AUTO = "auto"
# Dev texts whose decoding is compared with the calibrated ranges: some 1,500 decode steps, in seconds.
EXCURSION_TEXTS = 200
Key = tuple[str, str]  # (recipe, target)


@dataclasses.dataclass(frozen=True)
class _Words:
    """Words with Keras' answers: dev words decide, test words are only reported."""

    dev: tuple[EvaluationExample, ...]
    test: tuple[EvaluationExample, ...]


def climb(
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
) -> LadderReport:
    """Converts a trained model by every recipe, measures each on each target, and writes what is to be shipped.

    Into `out_dir` come NAME.RECIPE.tflite of each recipe that ships on some target and of each forced one, with every
    decision in its manifest; NAME.ladder.json, .md and .png; and the folder NAME.ladder with all that was measured.

    Args:
        trained: a `.keras` file of `tfedge train`.
        targets: as `tfedge check` reads them; the runtimes beside this Python by default.
        config: settings and limits.
        forced: recipes to write whatever the ladder says: names, or JSON files of mixed recipes, which join it.
        recipes: names that are tried; all by default. float32 is always tried.
        data_path: the lexicon the model was trained on; none for the task's own data.
        resume: go on with what an unfinished ladder left.
        force: replace files that exist.

    Raises:
        ConfigError: an unknown recipe or target, or other data than the model was trained on.
        RuntimeUnavailableError: a target is not installed.
        ArtifactError, CalibrationError: of the stage that failed.
    """
    config = config or LadderConfig()
    out, stem = pathlib.Path(out_dir), pathlib.Path(trained).stem
    environments = environments_of(targets)
    named = [recipes_module.get(name) for name in forced]
    tried = _tried(recipes, named)
    folder = _folder(out, stem, [recipe.name for recipe in named], resume, force)
    reporter.stage(f"weights {trained}")
    model = TrainedModel.load(trained)
    data = load_task(model.spec.name, data_path)
    check_same_task(model, data)
    converter = Seq2SeqConverter(model, [example.text for example in data.train])
    job, words = _answered(model, data, config, converter, reporter)
    packs, refused, calibration = _convert(tried, job, converter, data, folder, reporter)
    places = [Place(pack, environment) for environment in environments for pack in packs.values()]
    rungs = _measure(places, words, config, folder, reporter)
    for environment in environments:
        for name, finding in refused.items():
            rungs.append(Rung(name, str(environment.target), is_emulated(environment), findings=(finding,)))
    order = {recipe.name: place for place, recipe in enumerate(tried)}
    first = {str(environment.target): place for place, environment in enumerate(environments)}
    rungs.sort(key=lambda rung: (first[rung.target], order[rung.recipe]))
    conditions = Conditions.here()
    names = tuple(recipe.name for recipe in named)
    report = LadderReport(
        model.spec.name, model.sha256, config, conditions, tuple(rungs), calibration=calibration, forced=names
    )
    report = _score_on_test(report, places, words, folder, reporter)
    _write(report, packs, out, stem, reporter)
    return report


def environments_of(targets: Sequence[str] | None) -> list[Environment]:
    """Returns where the ladder measures.

    Raises:
        ConfigError: an unknown target.
        RuntimeUnavailableError: a target is not installed, or needs a device.
    """
    if not targets:
        return [find_environment(target) for target in choose_targets()]
    return [each or find_environment(target) for target, each in check.choose(targets).items()]


def report_files(out: pathlib.Path, stem: str) -> dict[str, pathlib.Path]:
    """Returns the three files that a ladder writes about itself: json, md, png."""
    return {kind: out / f"{stem}.ladder.{kind}" for kind in ("json", "md", "png")}


def _tried(names: Sequence[str] | None, named: Sequence[Recipe]) -> list[Recipe]:
    chosen = {FLOAT: ALL_RECIPES[FLOAT]} | {name: recipes_module.get(name) for name in (names or ALL_RECIPES)}
    return list((chosen | {recipe.name: recipe for recipe in named}).values())


def _folder(out: pathlib.Path, stem: str, forced: Sequence[str], resume: bool, force: bool) -> LadderFolder:
    """Returns the ladder's folder after every refusal that needs no work."""
    path = out / f"{stem}.ladder"
    for file in (*report_files(out, stem).values(), *(recipe_file(out, stem, name) for name in forced)):
        check_writable(file, force or resume)
    if path.exists() and not (resume or force):
        raise ArtifactError(f"expected no folder {path}; there is one; pass --resume to go on, --force to start anew")
    if path.exists() and not resume:
        shutil.rmtree(path)
    return LadderFolder(path, stem, resume)


def _answered(
    model: TrainedModel, data: TaskData, config: LadderConfig, converter: Seq2SeqConverter, reporter: Reporter
) -> tuple[PackingJob, _Words]:
    """Asks Keras once for all words."""
    dev = data.dev[: config.num_words]
    if not dev:
        raise ConfigError("expected dev words to choose by; the data has none; give a larger lexicon")
    test = data.test[: max(PACKED_EXAMPLES, config.num_test_words)]
    reporter.stage(f"answers of Keras to {len(dev):,} dev and {len(test):,} test words")
    both = answer(model, data, (*dev, *test), reporter)
    references = References(both.golden, both.test_texts[len(dev) :])

    def asked(examples: Sequence[Example], texts: tuple[str, ...]) -> tuple[EvaluationExample, ...]:
        return evaluation_examples(data, examples, References(both.golden, texts))

    words = _Words(asked(dev, both.test_texts[: len(dev)]), asked(test, references.test_texts)[: config.num_test_words])
    return packing_job(model, data, references, test, converter), words


def _convert(
    tried: Sequence[Recipe],
    job: PackingJob,
    converter: Seq2SeqConverter,
    data: TaskData,
    folder: LadderFolder,
    reporter: Reporter,
) -> tuple[dict[str, Pack], dict[str, Finding], Mapping[str, Any] | None]:
    """Returns the files by recipe, what refused the others, and the calibration with what dev words make of it."""
    packs, refused = {}, {}
    calibration: Mapping[str, Any] | None = None
    reporter.stage(f"{len(tried)} recipes")
    for recipe in track(reporter, tried, len(tried), "converting"):
        pack = folder.pack(recipe, job)
        if pack is None:
            reporter.say(f"{recipe.name}: {recipe.summary}")
            try:
                conversion = converter.convert(recipe)
                if conversion.calibration is not None:
                    dev = [example.text for example in data.dev[:EXCURSION_TEXTS]]
                    calibration = calibration or {
                        **conversion.calibration,
                        "dev_excursions": [each.to_json() for each in converter.excursions(dev)],
                    }
                    conversion = dataclasses.replace(conversion, calibration=dict(calibration))
                pack = job.pack(conversion, folder.file(recipe.name), force=True)
            except (ConversionError, WorkerError) as error:
                if recipe.name == FLOAT:
                    raise  # There is nothing to compare with.
                refused[recipe.name] = not_converted(error)
                continue
        packs[recipe.name] = pack
        calibration = calibration or pack.manifest.calibration
    return packs, refused, calibration


def _measure(
    places: Sequence[Place], words: _Words, config: LadderConfig, folder: LadderFolder, reporter: Reporter
) -> list[Rung]:
    checks = check_places(places, folder, reporter)
    running = [place for place in places if not any(each.verdict == "fail" for each in checks[place.key])]
    reporter.stage(f"{len(words.dev):,} dev words for {len(running)} of {len(places)} files on their targets")
    answers = answer_words(running, words.dev, config.num_emulated_words, "dev words", folder, reporter)
    running = [place for place in running if answers[place.key].accuracy is not None]
    reporter.stage("latency, interleaved")
    entries = {place.key: entry for place in running if (entry := answers[place.key].entry) is not None}
    texts = [example.text for example in words.dev]
    timings = time_places(running, entries, texts, config.min_seconds, reporter)
    reporter.stage("memory and delegate partitions")
    costs = {
        place.key: measure_place(place, entries[place.key], texts)
        for place in track(reporter, running, len(running), "memory")
    }
    rungs = []
    for place in places:
        rung = _checked_rung(place, checks[place.key], answers.get(place.key))
        if place.key in timings:
            timing, (memory, partitions) = timings[place.key], costs[place.key]
            rung = dataclasses.replace(rung, latency=timing.latency, speedup=timing.speedup, untimed=timing.untimed)
            rung = dataclasses.replace(
                rung,
                most_speedup=timing.most_speedup,
                memory=memory,
                partitions=partitions,
                stand_in=_stand_in(place, answers),
            )
        rungs.append(rung)
    return rungs


def _stand_in(place: Place, answers: Mapping[Key, Answers]) -> AccuracyReport | None:
    """Returns what the file of an emulated place scores on the same release on this processor, if that was measured."""
    if not place.is_emulated:
        return None
    target = dataclasses.replace(place.environment.target, arch=platform.machine(), core="")
    found = answers.get((place.key[0], str(target)))
    return found.accuracy if found else None


def _checked_rung(place: Place, findings: tuple[Finding, ...], answers: Answers | None) -> Rung:
    recipe, target = place.key
    return Rung(
        recipe=recipe,
        target=target,
        is_emulated=place.is_emulated,
        size_bytes=place.pack.manifest.model_size_bytes,
        model_sha256=place.pack.manifest.model_sha256,
        entry=answers.entry if answers else None,
        findings=findings if answers is None else (*findings, *answers.findings),
        accuracy=answers.accuracy if answers else None,
    )


def _score_on_test(
    report: LadderReport, places: Sequence[Place], words: _Words, folder: LadderFolder, reporter: Reporter
) -> LadderReport:
    """Returns the report with the shipped files' accuracy on test words: by now nothing is chosen any more."""
    decided = {(choice.recipe, choice.target) for choice in report.choices if choice.decision == "ship"}
    if report.config.score_all:
        decided = {(rung.recipe, rung.target) for rung in report.rungs if rung.accuracy is not None}
    scored = [place for place in places if place.key in decided]
    if not scored or not words.test:
        return report
    reporter.stage(f"{len(words.test):,} test words for {len(scored)} chosen files")
    found = answer_words(scored, words.test, report.config.num_emulated_words, "test words", folder, reporter)
    rungs = tuple(
        dataclasses.replace(rung, test_accuracy=found[key].accuracy)
        if (key := (rung.recipe, rung.target)) in found
        else rung
        for rung in report.rungs
    )
    return dataclasses.replace(report, rungs=rungs)


def _write(report: LadderReport, packs: Mapping[str, Pack], out: pathlib.Path, stem: str, reporter: Reporter) -> None:
    """Writes report, plot, and the files to ship or forced, each with the ladder's decisions in its manifest."""
    shipped = {choice.recipe for choice in report.choices if choice.decision == "ship"}
    for name in report.recipes:
        if name not in packs or (name not in shipped and name not in report.forced):
            continue
        gates, right = [], []
        for rung in (rung for rung in report.rungs if rung.recipe == name):
            choice, rungs = report.choice(rung), report.rungs_of(rung.target)
            decision = choice.finding
            if name in report.forced:
                decision = dataclasses.replace(decision, message=f"{decision.message}; forced by name")
            found = (decision, *gates_of(rung, rungs, report.config.limits))
            gates += [{"target": rung.target, **finding.to_json()} for finding in found]
            right += [rung.target] if choice.decision in ALLOWED else []
        written = reseal(packs[name], recipe_file(out, stem, name), gates, right)
        reporter.say(f"{'ship  ' if name in shipped else 'forced'} {written.path}")
    files = report_files(out, stem)
    write_ladder(files["json"], report, force=True)
    write_bytes(files["md"], ladder_markdown(report).encode(), force=True)
    write_bytes(files["png"], draw_front(report), force=True)
    reporter.say(f"report {', '.join(str(path) for path in files.values())}")
