"""Runs one packed file on one runtime and judges its answers: golden cases, health, accuracy."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import numpy as np

from tfedge.checks.verdict import Finding
from tfedge.errors import WorkerError
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.pack import Pack
from tfedge.progress import SILENT, Reporter
from tfedge.runtime.client import GREEDY, Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.predict import decode_entry
from tfedge.runtime.targets import RuntimeTarget
from tfedge.tasks.shipping import Limits
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import trimmed
from tfedge.validation.accuracy import AccuracyReport, score
from tfedge.validation.gates import accuracy_gate, size_gate
from tfedge.validation.golden import check_golden, check_outputs_health
from tfedge.validation.limits import limits_of
from tfedge.validation.task_accuracy import TaskAccuracy

# Cause and fix of what the worker's client reports.
_OTHER = "choose another recipe for this runtime, or a newer runtime"
_CAUSES = {
    "refused": ("the runtime refuses the file", _OTHER),
    "crashed": ("the interpreter died", _OTHER),
    "timed_out": ("the interpreter hung", _OTHER),
    "bad_request": ("the file's signatures do not fit its task", "convert and package it again"),
}


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What one file does on one runtime.

    Attributes:
        pack: the file.
        target: the runtime.
        entry: "greedy", "encode+decode_step", or the "signatures" of a file of tensors.
        accuracy: none where the file could not be run or there were no examples.
        findings: one a gate.
        environment: where it ran, if not beside this Python.
    """

    pack: Pack = dataclasses.field(repr=False)
    target: RuntimeTarget
    entry: str
    accuracy: TaskAccuracy | None
    findings: tuple[Finding, ...]
    environment: Environment | None = None

    @property
    def runtime(self) -> str | Environment:
        """What a `Worker` takes to run the file there again."""
        return self.environment or self.target.name

    @property
    def has_run(self) -> bool:
        """Whether the runtime loaded and ran the file."""
        return not any(finding.gate == "runs" and finding.verdict == "fail" for finding in self.findings)


def evaluate(
    pack: Pack,
    target: RuntimeTarget | Environment,
    examples: Sequence[EvaluationExample],
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Decodes the golden cases and `examples`, one by one as a phone would, in a process of its own.

    A refusal, crash or hang of the interpreter becomes a finding of the gate "runs".

    Args:
        pack: the file.
        target: an installed runtime, or where there is one elsewhere.
        examples: with references and Keras' answers; empty leaves accuracy unmeasured.
        reporter: hears a bar.

    Raises:
        RuntimeUnavailableError: the runtime is not installed.
        DeviceError: it is on another machine, and the connection broke.
    """
    environment, target = split(target)
    spec, limits = TaskSpec.from_json(dict(pack.task)), own_limits(pack)
    texts = [case.text for case in pack.golden] + [example.text for example in examples]
    try:
        entry, rows = decode_texts(environment or target.name, pack.path, spec, texts, pack.manifest.recipe, reporter)
    except WorkerError as error:
        return Evaluation(pack, target, GREEDY, None, (why_not(error), *size_findings(pack)), environment)
    findings = [Finding("runs", "pass", f"loaded and decoded {len(texts)} texts"), *size_findings(pack)]
    golden, answers = rows[: len(pack.golden)], rows[len(pack.golden) :]
    findings += check_golden(pack.golden, golden, pack.manifest.recipe)
    accuracy = None
    if examples:
        # Not for golden cases alone: they are chosen to be hard, and their own answers are recorded.
        findings += check_outputs_health(rows, [spec.source_ids(text) for text in texts])
        accuracy = score_answers(spec, answers, examples)
        compared = accuracy if accuracy.has_reference else _compared(spec, answers, examples)
        findings.append(accuracy_gate(compared or accuracy, limits.max_points_lost))
    return Evaluation(pack, target, entry, accuracy, tuple(findings), environment)


def split(target: RuntimeTarget | Environment) -> tuple[Environment | None, RuntimeTarget]:
    """Returns the environment, None for a runtime beside this Python, and the target."""
    return (target, target.target) if isinstance(target, Environment) else (None, target)


def why_not(error: WorkerError) -> Finding:
    """Returns the finding of the gate "runs" for a file that a runtime refused, or that killed it."""
    cause, fix = _CAUSES.get(error.kind, (error.kind, ""))
    return Finding("runs", "fail", str(error), cause=cause, fix=fix)


def decode_texts(
    runtime: str | Environment,
    path: str | os.PathLike[str],
    spec: TaskSpec,
    texts: Sequence[str],
    label: str = "",
    reporter: Reporter = SILENT,
) -> tuple[str, list[list[int]]]:
    """Decodes `texts` one by one in a worker; returns the entry used and the ids of each, without padding.

    Raises:
        WorkerError: the runtime refused, crashed or hung.
        InputError: a text that the task cannot read.
    """
    sources = np.concatenate([spec.source_array(text) for text in texts])
    with Worker(runtime) as worker, reporter.bar(f"{label} on {worker.runtime}", 1.0) as bar:
        worker.load(path)
        entry = decode_entry(worker)
        done = 0

        def advance(count: int, total: int) -> None:
            nonlocal done
            bar.advance((count - done) / total, f"{count} of {total}")
            done = count

        outputs = worker.decode_many(sources, entry, spec.max_target_length, on_progress=advance)
    return entry, [list(trimmed(row)) for row in outputs]


def score_answers(
    spec: TaskSpec, answers: Sequence[Sequence[int]], examples: Sequence[EvaluationExample]
) -> AccuracyReport:
    """Returns the accuracy of target ids against references, and against Keras' answers where all are known."""
    keras_texts = [example.keras_text for example in examples]

    def cut(text: str) -> list[str]:
        return text.split(spec.target_tokenizer.separator) if text else []

    return score(
        [spec.target_tokenizer.pieces(ids) for ids in answers],
        [[cut(reference) for reference in example.references] for example in examples],
        [cut(text) for text in keras_texts if text is not None] if None not in keras_texts else None,
    )


def _compared(
    spec: TaskSpec, answers: Sequence[Sequence[int]], examples: Sequence[EvaluationExample]
) -> AccuracyReport | None:
    """Returns the accuracy on the examples that Keras has answered, or None where there are none.

    A pack carries Keras' answers to some test words; where more are scored, what was lost is measured on those.
    """
    known = [(ids, example) for ids, example in zip(answers, examples, strict=True) if example.keras_text is not None]
    return score_answers(spec, [ids for ids, _ in known], [example for _, example in known]) if known else None


def own_limits(pack: Pack) -> Limits:
    """Returns what a file is held to: what its task has set, as its manifest records it, else what its recipe is.

    Raises:
        ConfigError: the manifest records something else than limits.
    """
    return limits_of(pack.manifest.recipe, pack.manifest.provenance.get("limits"))


def size_findings(pack: Pack) -> list[Finding]:
    """Judges the size of a file; none where it has no limit."""
    limits = own_limits(pack)
    if limits.max_size_ratio is None and limits.max_bytes is None:
        return []
    float_size = pack.manifest.provenance.get("float32_size_bytes")
    if not isinstance(float_size, int) or float_size < 1:  # Free JSON: the gate then says that it is not known.
        float_size = None
    return [size_gate(len(pack.model_bytes), float_size, limits.max_size_ratio, limits.max_bytes)]
