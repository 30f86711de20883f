"""The stage behind `tfedge convert --rescue`: a recipe that misses its limit, and what must stay in higher precision.

Dev words decide, never test words. What was measured is remembered beside the file, so that a search that was stopped
goes on where it was.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import pathlib
import random
from typing import Any

from tfedge.artifacts import check_writable, sha256_hex, write_bytes
from tfedge.conversion import recipes as recipes_module
from tfedge.conversion.converter import Conversion, Seq2SeqConverter, quantize_scopes
from tfedge.conversion.recipes import Recipe, recipe_file
from tfedge.conversion.references import answer, check_same_task
from tfedge.conversion.scopes import GPTQ
from tfedge.errors import ConfigError, ConversionError, WorkerError
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.strict_json import dump_object
from tfedge.networks.trained_model import TrainedModel
from tfedge.pipeline.packing import PACKED_EXAMPLES, evaluation_examples, packing_job
from tfedge.pipeline.rescue_latency import latency_ratios
from tfedge.pipeline.rescue_meter import Budget, Judge, Memory, RecipeMeter, Words, recipe_key, refusal
from tfedge.pipeline.rescue_places import choose_places, in_scopes, parts, precisions, quantized_ops
from tfedge.pipeline.rescue_report import RescueConfig, RescueReport, RescueStep, make_steps
from tfedge.pipeline.rescue_search import BudgetSpentError, Measurement, Outcome, Search
from tfedge.progress import SILENT, Bar, Reporter
from tfedge.runtime.targets import RuntimeTarget, choose_targets
from tfedge.tasks.g2p import TaskData
from tfedge.tasks.registry import load_task
from tfedge.validation.limits import limits_of


@dataclasses.dataclass(frozen=True)
class RescueFiles:
    """Where a rescue writes.

    Attributes:
        recipe: the mixed recipe, which `tfedge convert --recipe` reads.
        model: the packed file.
        report: what was measured.
        state: folder that a later search goes on from.
    """

    recipe: pathlib.Path
    model: pathlib.Path
    report: pathlib.Path
    state: pathlib.Path

    @classmethod
    def of(cls, out: pathlib.Path, stem: str, recipe: Recipe) -> RescueFiles:
        """Returns the files of a model's rescue from `recipe`."""
        name = rescued_name(recipe)
        return cls(
            out / f"{stem}.{name}.recipe.json",
            recipe_file(out, stem, name),
            out / f"{stem}.{name}.report.json",
            out / f"{stem}.{recipe.name}.rescue",
        )

    def check(self, force: bool) -> None:
        """Refuses early what could not be written. Raises ArtifactError."""
        for path in (self.recipe, self.model, self.report):
            check_writable(path, force)


def rescued_name(recipe: Recipe) -> str:
    """Returns the name of what a rescue makes of `recipe`."""
    return f"{recipe.name}_rescued"


def rescue_file(
    trained: str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    recipe: str,
    config: RescueConfig | None = None,
    data_path: str | os.PathLike[str] | None = None,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> RescueReport:
    """As `rescue_model`, of a `.keras` file of `tfedge train`.

    Raises:
        ConfigError: an unknown recipe, one that has nothing to rescue, or other data than the model was trained on.
        ArtifactError, ConversionError, CalibrationError: of the stage that failed.
    """
    chosen = recipes_module.get(recipe)
    in_scopes(chosen)
    out, stem = pathlib.Path(out_dir), pathlib.Path(trained).stem
    RescueFiles.of(out, stem, chosen).check(force)
    reporter.stage(f"weights {trained}")
    model = TrainedModel.load(trained)
    data = load_task(model.spec.name, data_path)
    return rescue_model(model, data, out, stem, chosen, config or RescueConfig(), force, reporter)


def rescue_model(
    model: TrainedModel,
    data: TaskData,
    out: pathlib.Path,
    stem: str,
    recipe: Recipe,
    config: RescueConfig,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> RescueReport:
    """Converts `model` by `recipe`; where that misses its limit, searches what must stay in higher precision.

    Writes mixed recipe, packed file and report where something must be kept; else the report alone, into the state.

    Raises:
        ConfigError: `recipe` has nothing to rescue, or the data are not the model's.
        ArtifactError, ConversionError, CalibrationError, RuntimeUnavailableError: of the stage that failed.
    """
    files = RescueFiles.of(out, stem, recipe)
    files.check(force)
    check_same_task(model, data)
    if len(data.dev) < 2:
        raise ConfigError(f"a rescue needs 2 dev words or more, half of them to confirm; got {len(data.dev)}; add some")
    target = choose_targets([config.runtime])[0]
    words = random.Random(config.seed).sample(list(data.dev), min(config.num_words, len(data.dev)))
    reporter.stage(f"answers of Keras to {len(words)} dev words")
    examples = evaluation_examples(data, words, answer(model, data, words, reporter))
    rescue = _Rescue(model, data, recipe, config, files, target, examples, reporter)
    report = rescue.run()
    if report.rescued:
        rescue.write(force)
    # Without a file to stand beside, the report is a part of the state, which a later search goes on from.
    path, replace = (files.report, force) if report.rescued else (files.state / "report.json", True)
    write_bytes(path, dump_object(report.to_json(), "a rescue report"), replace)
    return report


class _Rescue:
    """One rescue and what its parts share."""

    def __init__(
        self,
        model: TrainedModel,
        data: TaskData,
        recipe: Recipe,
        config: RescueConfig,
        files: RescueFiles,
        target: RuntimeTarget,
        examples: tuple[EvaluationExample, ...],
        reporter: Reporter,
    ) -> None:
        self._model, self._data, self._recipe, self._config = model, data, recipe, config
        self._files, self._target, self._examples, self._reporter = files, target, examples, reporter
        limit = config.max_points_lost
        self._limit: float = limits_of(recipe.name).max_points_lost if limit is None else limit
        self._scoped = self._mixed = in_scopes(recipe)
        self._converter = Seq2SeqConverter(model, [example.text for example in data.train])
        self._judge = Judge(target.name, model.spec, examples)
        self._memory = Memory(files.state / "measured.json")
        self._network = network_sha256(model)
        self._subject = self._digest(str(target), [example.keras_text for example in examples])

    def run(self) -> RescueReport:
        """Measures, searches, and returns the report."""
        self._reporter.stage(f"recipe {self._recipe.name} on {len(self._examples)} dev words on {self._target}")
        before = self._measure_before()
        limit = f"the limit is {self._limit:+.2f}"
        self._reporter.say(f"loses {before.points_lost:+.2f} points, {before.identical_share:.1%} as float; {limit}")
        outcome, precision = Outcome(None, None, None, None, {}), ""
        steps: tuple[RescueStep, ...] = ()
        if before.points_lost > self._limit or before.refused:
            outcome, precision, steps = self._search()
        if steps:
            self._reporter.stage("latency of the float file, the recipe's and the rescued one")
        latency = self._latency(steps[0].measured) if steps else {}
        return RescueReport(
            self._recipe.name,
            rescued_name(self._recipe) if steps else "",
            str(self._target),
            self._limit,
            before,
            outcome.confirmed,
            steps,
            precision,
            outcome.stopped,
            len(self._memory),
            latency,
            self._model.sha256,
        )

    def write(self, force: bool) -> None:
        """Writes the mixed recipe and the packed file."""
        examples = self._data.test[:PACKED_EXAMPLES]
        self._reporter.stage(f"answers of Keras to {len(examples)} test words, for the pack")
        references = answer(self._model, self._data, examples, self._reporter)
        job = packing_job(self._model, self._data, references, examples, self._converter)
        calibration = self._converter.calibrate().to_json() if self._mixed.needs_calibration else None
        conversion = Conversion(self._mixed, self._convert(self._mixed), calibration)
        job.pack(conversion, self._files.model, force=force)
        write_bytes(self._files.recipe, dump_object(self._mixed.to_json(), "a recipe"), force)

    def _measure_before(self) -> Measurement:
        """Returns what the recipe costs as its own engine carries it out."""
        words = range(len(self._examples))
        key = recipe_key(self._recipe, words, self._subject)
        known = self._memory.get(key)
        if known is None:
            try:
                known = self._judge(self._converter.convert(self._recipe).model_bytes, words)
            except (ConversionError, WorkerError) as error:
                return refusal(error, len(words))
            self._memory.put(key, known)
        return known

    def _search(self) -> tuple[Outcome, str, tuple[RescueStep, ...]]:
        """Returns what the search found, in which precision, and its steps, none where nothing meets the limit."""
        budget = Budget(60 * self._config.budget_minutes)
        graph = read_graph(self._converter.float_model(self._scoped))
        names = {layer.name for layer in self._model.network._flatten_layers()}
        ops = quantized_ops(graph, self._scoped, names)
        places = choose_places(ops)
        outcome = Outcome(None, None, None, None, {})
        with self._reporter.bar("seconds of the budget", budget.seconds) as bar:
            for precision in precisions(self._scoped):
                self._reporter.stage(f"rescue of {self._recipe.name}: {len(places)} places, kept in {precision}")
                meter = self._meter(precision, budget, _Listener(bar, budget))
                search = Search(meter, self._limit, lambda place: parts(place, ops), self._reporter.say)
                outcome = search.run(places)
                if outcome.kept is not None:
                    self._mixed = meter.mix(outcome.kept, rescued_name(self._recipe))
                    return outcome, precision, self._steps(outcome, precision, meter)
                if outcome.stopped:
                    break
        return outcome, "", ()

    def _meter(self, precision: str, budget: Budget, listen: Any) -> RecipeMeter:
        words = Words.split(len(self._examples), self._config.rank_words)
        return RecipeMeter(
            self._scoped, precision, self._convert, self._judge, self._memory, budget, self._subject, words, listen
        )

    def _steps(self, outcome: Outcome, precision: str, meter: RecipeMeter) -> tuple[RescueStep, ...]:
        """Returns the steps to the set that was found; those between are left out where time is over."""
        kept, final = outcome.kept or (), outcome.measurement or outcome.base
        rows = []
        for count in range(len(kept) + 1):
            try:
                measured = final if count == len(kept) else meter.decide(kept[:count])
            except BudgetSpentError:
                continue
            if measured is None:
                continue
            if count == 0:
                rows.append(RescueStep(f"{self._recipe.name} by scopes", {}, 0, None, measured))
                continue
            place = kept[count - 1]
            damage = outcome.damage.get(place)
            rows.append(RescueStep(place.title, place.raised(precision).to_json(), place.num_ops, damage, measured))
        return make_steps(rows)

    def _convert(self, recipe: Recipe) -> bytes:
        calibration = self._converter.calibrate() if recipe.needs_calibration else None
        kind = "gptq" if any(scope.algorithm == GPTQ for scope in recipe.scopes) else "ranges"
        origin = self._digest(self._data.source["sha256"], ["loop" if self._scoped.has_greedy else "steps"])
        ranges = self._files.state / f"{kind}.{origin[:12]}.npz"
        return quantize_scopes(self._converter.float_model(self._scoped), recipe, calibration, ranges)

    def _latency(self, before: Measurement) -> dict[str, tuple[float, float, float]]:
        models = {"float32": self._converter.float_model(self._scoped), "rescued": self._convert(self._mixed)}
        if not before.refused:
            models["before"] = self._convert(self._scoped)
        texts = [example.text for example in self._examples]
        return latency_ratios(models, "rescued", self._target.name, self._model.spec, texts, self._reporter)

    def _digest(self, *more: Any) -> str:
        versions = importlib.metadata.version("litert-quantizer")
        return hashlib.sha256(json.dumps([self._network, versions, *more]).encode()).hexdigest()


class _Listener:
    """Moves a bar along the budget and says what the last candidate cost."""

    def __init__(self, bar: Bar, budget: Budget) -> None:
        self._bar, self._budget, self._shown, self._count = bar, budget, 0.0, 0

    def __call__(self, measured: Measurement) -> None:
        spent, self._count = self._budget.spent_seconds, self._count + 1
        note = (
            f"{self._count} measured, last {measured.points_lost:+.2f} points, {measured.identical_share:.1%} as float"
        )
        self._bar.advance(spent - self._shown, note)
        self._shown = spent


def network_sha256(model: TrainedModel) -> str:
    """Returns the sha256 over the configuration and all weights: also of a network that is in no file."""
    digest = hashlib.sha256(json.dumps(model.network.get_config(), sort_keys=True, default=str).encode())
    for variable in model.network.variables:
        digest.update(sha256_hex(variable.numpy().tobytes()).encode())
    return digest.hexdigest()
