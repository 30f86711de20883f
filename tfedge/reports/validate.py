"""The stage behind `tfedge validate`: a packed file, judged on every runtime asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tfedge.errors import ConfigError
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.assemble import assemble
from tfedge.reports.schema import Report
from tfedge.runtime.targets import choose_targets
from tfedge.tasks.registry import load_task
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.evaluate import evaluate


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
        targets: names of installed runtimes; all of them by default.
        num_words: test words to score: those packed with the file, where there are enough.
        full: score all test words of the task's data; needs that data.
        data: score on the test words of this lexicon instead.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, or changed bytes.
        ConfigError: a runtime that is unknown or not installed, or a lexicon of other symbols.
        RuntimeUnavailableError: `full` without the data package.
    """
    chosen = choose_targets(targets)
    reporter.stage(f"validate {path}")
    pack = read_pack(path)
    reporter.say(f"pack is whole: {len(pack.golden)} golden cases, recipe {pack.manifest.recipe}")
    examples = _examples(pack, num_words, full, data)
    reporter.say(f"{len(examples)} test words")
    evaluations = [evaluate(pack, target, examples, reporter) for target in chosen]
    return assemble("validate", evaluations, {}, path)


def _examples(
    pack: Pack, num_words: int, full: bool, data: str | os.PathLike[str] | None
) -> tuple[EvaluationExample, ...]:
    packed = pack.evaluation.examples if pack.evaluation else ()
    if not full and data is None:
        return packed[:num_words]
    spec = TaskSpec.from_json(dict(pack.task))
    loaded = load_task(spec.name, data)
    separator = spec.target_tokenizer.separator
    keras_texts = {example.text: example.keras_text for example in packed}
    test = loaded.test if full else loaded.test[:num_words]
    for example in test:
        spec.source_ids(example.text)  # Says at once which word the model cannot read.
    examples = [
        EvaluationExample(example.text, tuple(separator.join(phones) for phones in example.references), None)
        for example in test
    ]
    if all(example.text in keras_texts for example in examples):
        examples = [EvaluationExample(e.text, e.references, keras_texts[e.text]) for e in examples]
    if not examples:
        raise ConfigError("expected test words; the data holds none; give a larger lexicon")
    return tuple(examples)
