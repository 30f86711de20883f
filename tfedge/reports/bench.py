"""The stage behind `tfedge bench`: latency and memory of packed files, timed interleaved in one run."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tfedge.devices.reach import choose_places
from tfedge.errors import ConfigError
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.assemble import assemble
from tfedge.reports.schema import Report
from tfedge.runtime.environments import Environment
from tfedge.runtime.targets import RuntimeTarget
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.evaluate import Evaluation, evaluate
from tfedge.validation.evaluate_tensors import evaluate_tensors
from tfedge.validation.performance import decodes_of, measure_performance
from tfedge.validation.workload import Calls, Workload


def bench_files(
    paths: Sequence[str | os.PathLike[str]],
    targets: Sequence[str] | None = None,
    seconds: float = 5.0,
    num_threads: int = 1,
    reporter: Reporter = SILENT,
) -> Report:
    """Measures each file on each runtime; golden cases run first, so that a wrong file is not praised as fast.

    Args:
        paths: packed files of one task.
        targets: names of installed runtimes, or `ssh:HOST[:PYTHON]`; all that are installed here by default.
        seconds: of decoding or calling, for each file on each runtime, after warm-up.
        num_threads: of the interpreters.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, or changed bytes.
        ConfigError: files of different tasks, one file twice, or a runtime that is unknown or not installed.
        DeviceError: a board that cannot be reached.
    """
    chosen = choose_places(targets)
    packs = [read_pack(path) for path in paths]
    if len({pack.path.resolve() for pack in packs}) < len(packs):
        raise ConfigError(f"expected different files to time; got {', '.join(map(str, paths))}; name each once")
    tasks = {str(pack.task) for pack in packs}
    if len(tasks) > 1:
        raise ConfigError(f"expected files of one task to compare; got {len(tasks)} tasks; bench them one by one")
    reporter.stage(f"golden cases of {len(packs)} {'file' if len(packs) == 1 else 'files'}")
    evaluations = [_evaluate(pack, target, reporter) for pack in packs for target in chosen]
    reporter.stage("latency, interleaved, and memory")
    runnable = [each for each in evaluations if each.has_run]
    performance = measure_performance(
        runnable, workload_of(packs[0]), min_seconds=seconds, num_threads=num_threads, reporter=reporter
    )
    return assemble("bench", evaluations, performance, paths[0] if len(paths) == 1 else None)


def workload_of(pack: Pack) -> Workload:
    """Returns what a packed file is timed by: words that occur, or of a file of tensors the inputs of its golden cases.

    Every signature is called alone, and as often as every other one.
    """
    if pack.tensors is not None:
        return Calls(pack.tensors.cases)
    examples = pack.evaluation.examples if pack.evaluation else ()
    texts = [example.text for example in examples] or [case.text for case in pack.golden]
    return decodes_of(TaskSpec.from_json(dict(pack.task)), texts)


def _evaluate(pack: Pack, target: RuntimeTarget | Environment, reporter: Reporter) -> Evaluation:
    return evaluate(pack, target, (), reporter) if pack.tensors is None else evaluate_tensors(pack, target)
