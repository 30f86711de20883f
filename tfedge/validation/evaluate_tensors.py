"""Runs one packed file of tensors on one runtime: its golden cases, and a user's examples while it is converted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import Pack
from tfedge.modelfile.tensor_cases import TensorCase
from tfedge.progress import SILENT, Reporter
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.signatures import Array
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.cases import CallFailedError, Outcome, run_case
from tfedge.validation.evaluate import Evaluation, split, why_not
from tfedge.validation.real_values import is_quantized, to_real
from tfedge.validation.tensor_golden import check_tensor_golden, distances, real_cases, run_golden
from tfedge.validation.tensor_quality import stacked
from tfedge.validation.workload import SIGNATURES

ENTRY = SIGNATURES


def evaluate_tensors(pack: Pack, target: RuntimeTarget | Environment) -> Evaluation:
    """Asks the golden cases in a process of its own; a refusal, crash or hang becomes a finding of the gate "runs".

    Raises:
        ConfigError: the pack is of a task of texts.
        RuntimeUnavailableError: the runtime is not installed.
        DeviceError: it is on another machine, and the connection broke.
    """
    environment, target = split(target)
    golden = pack.tensors
    if golden is None:
        raise ConfigError(f"expected a pack of tensors in {pack.path}; it is of texts")
    try:
        with Worker(environment or target.name) as worker:
            worker.load(pack.path)
            outcomes, signatures = run_golden(worker, golden), worker.describe()
    except (WorkerError, CallFailedError) as error:
        return Evaluation(pack, target, ENTRY, None, (not_run(error),), environment)
    ran = Finding("runs", "pass", f"loaded and called {len(golden.cases)} times")
    compared = check_tensor_golden(golden, outcomes, signatures, read_graph(pack.model_bytes))
    return Evaluation(pack, target, ENTRY, None, (ran, compared), environment)


def not_run(error: WorkerError | CallFailedError) -> Finding:
    """Returns the finding for a file that a runtime refused, or that killed it."""
    return why_not(error.error if isinstance(error, CallFailedError) else error)


def run_examples(
    runtime: str | Environment,
    path: str | os.PathLike[str],
    examples: Sequence[TensorCase],
    reporter: Reporter = SILENT,
    label: str = "",
) -> tuple[dict[str, Array], dict[str, float]]:
    """Runs examples one by one, as a phone would.

    Returns:
        "signature/output" -> real numbers (N, ...) in the order of the examples of that signature; and the same keys ->
        largest relative difference from the expected answers.

    Raises:
        WorkerError, CallFailedError: the runtime refused, crashed or hung, or an output has another shape.
    """
    outcomes: list[Outcome] = []
    with Worker(runtime) as worker, reporter.bar(f"{label} on {worker.runtime}", len(examples)) as bar:
        worker.load(path)
        signatures = worker.describe()
        for case in real_cases(examples, signatures):
            outcomes.append(run_case(worker, case))
            bar.advance()
    apart = distances(examples, outcomes, signatures)
    rows: dict[str, list[Mapping[str, Array]]] = {}
    for example, outcome in zip(examples, outcomes, strict=True):
        specs = signatures[example.signature].outputs
        real = {
            key: to_real(array, specs[key]) if is_quantized(specs[key]) else array for key, array in outcome[0].items()
        }
        rows.setdefault(example.signature, []).append(real)
    answers = {f"{name}/{key}": array for name, each in rows.items() for key, array in stacked(each).items()}
    return answers, apart
