"""The stage behind `tfedge validate`: a packed file, judged on every runtime asked for."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence

from tfedge.checks.verdict import Finding
from tfedge.devices.reach import choose_places
from tfedge.errors import ConfigError
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.assemble import assemble
from tfedge.reports.schema import Report
from tfedge.runtime.environments import Environment
from tfedge.runtime.targets import RuntimeTarget
from tfedge.tasks.registry import load_task
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.evaluate import Evaluation, evaluate
from tfedge.validation.evaluate_arrays import evaluate_arrays
from tfedge.validation.evaluate_tensors import evaluate_tensors


def validate_file(
    path: str | os.PathLike[str],
    targets: Sequence[str] | None = None,
    num_words: int = 2_000,
    full: bool = False,
    data: str | os.PathLike[str] | None = None,
    reporter: Reporter = SILENT,
) -> Report:
    """Runs golden cases and test words through a packed file; it needs no other file.

    Args:
        path: the packed file.
        targets: names of installed runtimes, or `ssh:HOST[:PYTHON]`; all that are installed here by default.
        num_words: test words to score: those packed with the file, where there are enough.
        full: score all test words of the task's data; needs that data.
        data: score on the test words of this lexicon instead.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, or changed bytes.
        ConfigError: an unknown runtime, or `full` for a file whose data the task does not have.
        InputError: a lexicon with symbols that the file does not know.
        RuntimeUnavailableError: a runtime that is not installed, or `full` without the data package.
        DeviceError: a board that cannot be reached.
    """
    chosen = choose_places(targets)
    pack = read_pack(path)
    reporter.stage(f"validate {path}")
    reporter.say(f"pack is whole: {pack.num_golden_cases} golden cases, recipe {pack.manifest.recipe}")
    if pack.array_examples is not None:
        reporter.say(f"{len(pack.array_examples)} labelled examples, all that the file carries")
    if pack.tensors is not None:
        if full or data is not None:
            raise ConfigError(
                f"expected no --data and no --full: {path} takes tensors, and its golden cases are inside; all test "
                "examples of a task are scored by tfedge run TASK --full"
            )
        return assemble("validate", [_evaluate_tensors(pack, target, reporter) for target in chosen], {}, path)
    examples = _examples(pack, num_words, full, data)
    all_packed = not full and data is None and len(examples) < num_words
    reporter.say(f"{len(examples)} test words" + (", all that the file carries" if all_packed else ""))
    evaluations = [evaluate(pack, target, examples, reporter) for target in chosen]
    if not examples:
        evaluations = [_without_accuracy(each) for each in evaluations]
    return assemble("validate", evaluations, {}, path)


def _evaluate_tensors(pack: Pack, target: RuntimeTarget | Environment, reporter: Reporter) -> Evaluation:
    """Asks golden cases, and labelled examples where the file carries them."""
    if pack.array_examples is None:
        return evaluate_tensors(pack, target)
    return evaluate_arrays(pack, target, pack.array_examples, is_test=False, reporter=reporter)


def _examples(
    pack: Pack, num_words: int, full: bool, data: str | os.PathLike[str] | None
) -> tuple[EvaluationExample, ...]:
    packed = pack.evaluation.examples if pack.evaluation else ()
    if not full and data is None:
        return packed[:num_words]
    spec = TaskSpec.from_json(dict(pack.task))
    loaded = load_task(spec.name, data)
    if data is None and pack.evaluation:
        _check_source(pack.evaluation.source, loaded.source)
    separator = spec.target_tokenizer.separator
    keras_texts = {example.text: example.keras_text for example in packed}
    test = loaded.test if full else loaded.test[:num_words]
    for example in test:
        spec.source_ids(example.text)  # Says at once which word the model cannot read.
    return tuple(
        EvaluationExample(
            example.text,
            tuple(separator.join(phones) for phones in example.references),
            keras_texts.get(example.text),
        )
        for example in test
    )


def _check_source(packed: Mapping[str, str], loaded: Mapping[str, str]) -> None:
    """Refuses to score a file on data that it may have been trained on."""
    if packed.get("sha256") != loaded.get("sha256"):
        raise ConfigError(
            f"expected the data that the file was made with, {packed.get('name')} {packed.get('version')}; "
            f"got {loaded.get('name')} {loaded.get('version')}; pass that file as --data"
        )


def _without_accuracy(evaluation: Evaluation) -> Evaluation:
    message = "expected test words; the file carries none"
    finding = Finding("accuracy", "not_measured", message, fix="pass your own with --data")
    return dataclasses.replace(evaluation, findings=(*evaluation.findings, finding))
