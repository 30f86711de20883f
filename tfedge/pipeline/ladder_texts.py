"""A trained model of a task of texts on the ladder: dev words decide, test words are only reported."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.artifacts import sha256_hex
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.conversion.recipes import Recipe
from tfedge.conversion.references import References, answer, check_same_task
from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.pack import Pack
from tfedge.networks.trained_model import TrainedModel
from tfedge.pipeline.ladder_subject import Answers, Place, could_not_run
from tfedge.pipeline.packing import PACKED_EXAMPLES, evaluation_examples, packing_job
from tfedge.progress import Reporter
from tfedge.reports.ladder_config import LadderConfig
from tfedge.tasks.g2p import Example
from tfedge.tasks.registry import load_task
from tfedge.validation.evaluate import decode_texts, score_answers
from tfedge.validation.golden import check_outputs_health
from tfedge.validation.performance import decodes_of
from tfedge.validation.workload import Workload

# Dev texts whose decoding is compared with the calibrated ranges: some 1,500 decode steps, in seconds.
EXCURSION_TEXTS = 200


class TextSubject:
    """A trained model with its data, all words answered by Keras once; a `ladder_subject.Subject`.

    Args:
        trained: a `.keras` file of `tfedge train`.
        data_path: the lexicon it was trained on; none for the task's own data.
        config: how many words.
        reporter: hears stages and a bar.

    Raises:
        ArtifactError, ConfigError, InputError: no such model or data, or other data than it was trained on.
    """

    decided_by, scored_by = "dev words", "test words"

    def __init__(
        self,
        trained: str | os.PathLike[str],
        data_path: str | os.PathLike[str] | None,
        config: LadderConfig,
        reporter: Reporter,
    ) -> None:
        reporter.stage(f"weights {trained}")
        model = TrainedModel.load(trained)
        data = load_task(model.spec.name, data_path)
        check_same_task(model, data)
        self.name, self.sha256 = model.spec.name, model.sha256
        self.calibration: Mapping[str, Any] | None = None
        dev, test = data.dev[: config.num_words], data.test[: max(PACKED_EXAMPLES, config.num_test_words)]
        if not dev:
            raise ConfigError("expected dev words to choose by; the data has none; give a larger lexicon")
        reporter.stage(f"answers of Keras to {len(dev):,} dev and {len(test):,} test words")
        both = answer(model, data, (*dev, *test), reporter)

        def asked(examples: Sequence[Example], texts: tuple[str, ...]) -> tuple[EvaluationExample, ...]:
            return evaluation_examples(data, examples, References(both.golden, texts))

        answers = both.test_texts
        self._words = {False: asked(dev, answers[: len(dev)])}
        self._words[True] = asked(test, answers[len(dev) :])[: config.num_test_words]
        self._num_emulated_words = config.num_emulated_words
        self._excursion_texts = [example.text for example in data.dev[:EXCURSION_TEXTS]]
        self._converter = Seq2SeqConverter(model, [example.text for example in data.train])
        self._job = packing_job(model, data, References(both.golden, answers[len(dev) :]), test, self._converter)
        self._spec = model.spec
        self.workload: Workload = decodes_of(model.spec, [example.text for example in dev])

    def is_same(self, pack: Pack, recipe: Recipe) -> bool:
        job = self._job
        made = {**self._converter.decoding(recipe), **job.provenance(recipe)}
        return pack.manifest.provenance == made and pack.evaluation == job.evaluation

    def summary(self, recipe: Recipe) -> str:
        return recipe.summary

    def convert(self, recipe: Recipe, path: pathlib.Path) -> Pack:
        conversion = self._converter.convert(recipe)
        if conversion.calibration is not None:
            if self.calibration is None:
                left = [each.to_json() for each in self._converter.excursions(self._excursion_texts)]
                self.calibration = {**conversion.calibration, "dev_excursions": left}
            conversion = dataclasses.replace(conversion, calibration=dict(self.calibration))
        return self._job.pack(conversion, path, force=True)

    def remember(self, pack: Pack) -> None:
        self.calibration = self.calibration or pack.manifest.calibration

    def count(self, is_test: bool) -> int:
        return len(self._words[is_test])

    def prepare(self, is_test: bool) -> None:
        """All words were answered at once."""

    def key(self, place: Place, is_test: bool) -> tuple[str, ...]:
        words = sha256_hex("\n".join(example.text for example in self._asked(place, is_test)).encode())
        return "words", place.pack.sha256, place.key[1], words

    def ask(self, place: Place, is_test: bool) -> Answers:
        examples = self._asked(place, is_test)
        texts = [example.text for example in examples]
        try:
            entry, rows = decode_texts(place.environment, place.pack.path, self._spec, texts)
        except WorkerError as error:
            return could_not_run(str(error))
        health = check_outputs_health(rows, [self._spec.source_ids(text) for text in texts])
        return Answers(entry, score_answers(self._spec, rows, examples), tuple(health))

    def _asked(self, place: Place, is_test: bool) -> tuple[EvaluationExample, ...]:
        words = self._words[is_test]
        return words[: self._num_emulated_words] if place.is_emulated else words
