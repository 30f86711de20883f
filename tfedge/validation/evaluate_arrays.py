"""Runs one packed file of a task of arrays on one runtime and judges its answers: golden cases, size, accuracy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.array_examples import Array, ArrayExamples
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import Pack
from tfedge.progress import SILENT, Reporter
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.targets import RuntimeTarget
from tfedge.tasks.meaning import ClassesMeaning, Meaning
from tfedge.tasks.tensor_task import TensorTask
from tfedge.validation.anomaly_accuracy import AnomalyAccuracy, score_anomalies
from tfedge.validation.array_calls import call_each
from tfedge.validation.cases import CallFailedError
from tfedge.validation.class_accuracy import ClassAccuracy, score_classes
from tfedge.validation.evaluate import Evaluation, own_limits, size_findings, split
from tfedge.validation.evaluate_tensors import not_run
from tfedge.validation.gates import accuracy_gate
from tfedge.validation.tensor_golden import check_tensor_golden, run_golden
from tfedge.validation.tensor_quality import compare_output, quality_finding
from tfedge.validation.workload import SIGNATURES


def evaluate_arrays(
    pack: Pack,
    target: RuntimeTarget | Environment,
    examples: ArrayExamples,
    groups: npt.NDArray[np.str_] | None = None,
    is_test: bool = True,
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Asks the golden cases and `examples`, one by one as a phone would, in a process of its own.

    A refusal, crash or hang of the interpreter becomes a finding of the gate "runs".

    Args:
        pack: the file; its task says what its outputs mean.
        target: an installed runtime, or where there is one elsewhere.
        examples: labelled, with Keras' answers.
        groups: text (N,): whose each example is; the interval is then over them.
        is_test: whether they are the task's test examples, which say what a file loses; the few that a file carries
            say how often it answers as Keras does, by the limit of its own quality.
        reporter: hears a bar.

    Raises:
        ConfigError: a pack whose outputs have no known meaning.
        RuntimeUnavailableError: the runtime is not installed.
        DeviceError: it is on another machine, and the connection broke.
    """
    environment, target = split(target)
    golden, task = pack.tensors, TensorTask.from_json(dict(pack.task))
    if golden is None or task.meaning is None:
        raise ConfigError(f"expected a file of a task of arrays in {pack.path}; nobody knows what its outputs mean")
    examples.check_fits(task)
    dtype = task.signatures[examples.signature].inputs[examples.input].dtype
    try:
        with Worker(environment or target.name) as worker:
            worker.load(pack.path)
            signatures = worker.describe()
            outcomes = run_golden(worker, golden)
            answers = _answers(worker, examples, dtype, pack.manifest.recipe, reporter)
    except (WorkerError, CallFailedError) as error:
        return Evaluation(pack, target, SIGNATURES, None, (not_run(error), *size_findings(pack)), environment)
    findings = [Finding("runs", "pass", f"loaded and called {len(golden.cases) + len(examples)} times")]
    findings += [*size_findings(pack), check_tensor_golden(golden, outcomes, signatures, read_graph(pack.model_bytes))]
    accuracy = score_arrays(task.meaning, examples, answers, groups)
    if is_test:
        findings.append(accuracy_gate(accuracy, own_limits(pack).max_points_lost))
    else:
        compared = compare_output(examples.keras, answers)
        findings += quality_finding(
            task.quality, {f"{examples.signature}/{examples.output}": compared}, None, str(target)
        )
    return Evaluation(pack, target, SIGNATURES, accuracy, tuple(findings), environment)


def answer_examples(
    runtime: str | Environment, pack: Pack, examples: ArrayExamples, reporter: Reporter = SILENT
) -> Array:
    """Returns a file's answers to examples, real (N, ...).

    Raises:
        WorkerError, CallFailedError: the runtime refused, crashed or hung.
        ConfigError: examples that are not of the file's task.
    """
    task = TensorTask.from_json(dict(pack.task))
    examples.check_fits(task)
    dtype = task.signatures[examples.signature].inputs[examples.input].dtype
    with Worker(runtime) as worker:
        worker.load(pack.path)
        return _answers(worker, examples, dtype, pack.manifest.recipe, reporter)


def score_arrays(
    meaning: Meaning, examples: ArrayExamples, answers: Array, groups: npt.NDArray[np.str_] | None = None
) -> ClassAccuracy | AnomalyAccuracy:
    """Returns the accuracy of answers (N, ...) to labelled examples, by what they mean."""
    if isinstance(meaning, ClassesMeaning):
        return score_classes(answers, examples.labels, examples.keras, groups, examples.inputs)
    flat, keras = answers.reshape(len(answers), -1)[:, 0], examples.keras.reshape(len(answers), -1)[:, 0]
    return score_anomalies(flat, examples.labels, keras, meaning.threshold)


def _answers(worker: Worker, examples: ArrayExamples, dtype: str, label: str, reporter: Reporter) -> Array:
    """Returns real numbers (N, ...) to inputs of `dtype`, the float model's, in whatever form the file takes them."""
    inputs = examples.inputs.astype(dtype)
    return call_each(worker, examples.signature, examples.input, inputs, reporter, label)[examples.output]
