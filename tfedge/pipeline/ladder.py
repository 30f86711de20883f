"""The ladder: every recipe on every target, measured, and which of them to ship.

convert all -> static rules -> run -> quality -> latency, interleaved -> memory, partitions -> choice -> test examples
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import platform
import shutil
from collections.abc import Mapping, Sequence

from tfedge.artifacts import check_writable, write_bytes
from tfedge.checks.verdict import Finding
from tfedge.conversion import recipes as recipes_module
from tfedge.conversion.recipes import ALL_RECIPES, Recipe, recipe_file
from tfedge.errors import ArtifactError, ConversionError, WorkerError
from tfedge.modelfile.pack import Pack, reseal
from tfedge.pipeline.ladder_folder import LadderFolder
from tfedge.pipeline.ladder_measuring import ask_places, check_places, measure_place, time_places
from tfedge.pipeline.ladder_plot import draw_front
from tfedge.pipeline.ladder_subject import Answers, Place, Subject, is_emulated
from tfedge.pipeline.ladder_texts import TextSubject
from tfedge.progress import SILENT, Reporter, track
from tfedge.reports import check
from tfedge.reports.conditions import Conditions
from tfedge.reports.ladder_choice import ALLOWED, gates_of, not_converted
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_marks import Accuracy
from tfedge.reports.ladder_report import LadderReport, write_ladder
from tfedge.reports.ladder_table import ladder_markdown
from tfedge.reports.rung import Rung
from tfedge.runtime.environments import Environment, find_environment
from tfedge.runtime.targets import choose_targets
from tfedge.validation.performance import FLOAT

AUTO = "auto"
Key = tuple[str, str]  # (recipe, target)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is climbed where, known before any work.

    Attributes:
        out: folder to write.
        stem: of the files' names.
        environments: of the targets.
        recipes: that are tried, float32 first.
        forced: names of those that are written whatever the ladder says.
        folder: keeps all that is measured.
        config: settings and limits.
    """

    out: pathlib.Path
    stem: str
    environments: tuple[Environment, ...]
    recipes: tuple[Recipe, ...]
    forced: tuple[str, ...]
    folder: LadderFolder
    config: LadderConfig


def plan(
    out_dir: str | os.PathLike[str],
    stem: str,
    targets: Sequence[str] | None = None,
    config: LadderConfig | None = None,
    forced: Sequence[str] = (),
    recipes: Sequence[str] | None = None,
    resume: bool = False,
    force: bool = False,
) -> Plan:
    """Returns a ladder's plan, after every refusal that needs no model.

    Args:
        out_dir: folder to write.
        stem: of the files' names.
        targets: as `tfedge check` reads them; the runtimes beside this Python by default.
        config: settings and limits.
        forced: recipes to write whatever the ladder says: names, or JSON files of mixed recipes, which join it.
        recipes: names that are tried; all by default. float32 is always tried.
        resume: go on with what an unfinished ladder left.
        force: replace files that exist.

    Raises:
        ConfigError: an unknown recipe or target.
        RuntimeUnavailableError: a target is not installed.
        ArtifactError: a file that exists.
    """
    out = pathlib.Path(out_dir)
    environments = environments_of(targets)
    named = [recipes_module.get(name) for name in forced]
    names = tuple(recipe.name for recipe in named)
    tried = tuple(_tried(recipes, named))
    folder = _folder(out, stem, names, resume, force)
    return Plan(out, stem, tuple(environments), tried, names, folder, config or LadderConfig())


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
        data_path: the lexicon the model was trained on; none for the task's own data.
        reporter: hears stages, bars and what is written.

    The other arguments are those of `plan`.

    Raises:
        ConfigError: an unknown recipe or target, or other data than the model was trained on.
        RuntimeUnavailableError: a target is not installed.
        ArtifactError, CalibrationError: of the stage that failed.
    """
    planned = plan(out_dir, pathlib.Path(trained).stem, targets, config, forced, recipes, resume, force)
    return climb_subject(TextSubject(trained, data_path, planned.config, reporter), planned, reporter)


def climb_subject(subject: Subject, planned: Plan, reporter: Reporter = SILENT) -> LadderReport:
    """Climbs with any model; see `climb`."""
    packs, refused = _convert(subject, planned, reporter)
    places = [Place(pack, environment) for environment in planned.environments for pack in packs.values()]
    rungs = _measure(places, subject, planned, reporter)
    for environment in planned.environments:
        for name, finding in refused.items():
            rungs.append(Rung(name, str(environment.target), is_emulated(environment), findings=(finding,)))
    order = {recipe.name: place for place, recipe in enumerate(planned.recipes)}
    first = {str(environment.target): place for place, environment in enumerate(planned.environments)}
    rungs.sort(key=lambda rung: (first[rung.target], order[rung.recipe]))
    report = LadderReport(
        subject.name,
        subject.sha256,
        planned.config,
        Conditions.here(),
        tuple(rungs),
        calibration=subject.calibration,
        forced=planned.forced,
    )
    report = _score_on_test(report, places, subject, planned.folder, reporter)
    _write(report, packs, planned.out, planned.stem, reporter)
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


def _convert(subject: Subject, planned: Plan, reporter: Reporter) -> tuple[dict[str, Pack], dict[str, Finding]]:
    """Returns the files by recipe, and what refused the others."""
    packs, refused = {}, {}
    tried, folder = planned.recipes, planned.folder
    reporter.stage(f"{len(tried)} recipes")
    for recipe in track(reporter, tried, len(tried), "converting"):
        pack = folder.pack(recipe, subject.is_same)
        if pack is None:
            reporter.say(f"{recipe.name}: {subject.summary(recipe)}")
            try:
                pack = subject.convert(recipe, folder.file(recipe.name))
            except (ConversionError, WorkerError) as error:
                if recipe.name == FLOAT:
                    raise  # There is nothing to compare with.
                refused[recipe.name] = not_converted(error)
                continue
        packs[recipe.name] = pack
        subject.remember(pack)
    return packs, refused


def _measure(places: Sequence[Place], subject: Subject, planned: Plan, reporter: Reporter) -> list[Rung]:
    folder, workload = planned.folder, subject.workload
    checks = check_places(places, folder, reporter)
    running = [place for place in places if not any(each.verdict == "fail" for each in checks[place.key])]
    asked = f"{subject.count(False):,} {subject.decided_by}"
    reporter.stage(f"{asked} for {len(running)} of {len(places)} files on their targets")
    answers = ask_places(running, subject, False, folder, reporter)
    running = [place for place in running if answers[place.key].accuracy is not None]
    reporter.stage("latency, interleaved")
    entries = {place.key: entry for place in running if (entry := answers[place.key].entry) is not None}
    timings = time_places(running, entries, workload, planned.config.min_seconds, reporter)
    reporter.stage("memory and delegate partitions")
    costs = {
        place.key: measure_place(place, entries[place.key], workload)
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


def _stand_in(place: Place, answers: Mapping[Key, Answers]) -> Accuracy | None:
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
    report: LadderReport, places: Sequence[Place], subject: Subject, folder: LadderFolder, reporter: Reporter
) -> LadderReport:
    """Returns the report with the shipped files' accuracy on test examples: by now nothing is chosen any more."""
    decided = {(choice.recipe, choice.target) for choice in report.choices if choice.decision == "ship"}
    if report.config.score_all:
        decided = {(rung.recipe, rung.target) for rung in report.rungs if rung.accuracy is not None}
    scored = [place for place in places if place.key in decided]
    if not scored or not subject.count(True):
        return report
    reporter.stage(f"{subject.count(True):,} {subject.scored_by} for {len(scored)} chosen files")
    found = ask_places(scored, subject, True, folder, reporter)
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
