"""The stage behind `tfedge bench`: latency and memory of packed files, timed interleaved in one run."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tfedge.errors import ConfigError
from tfedge.modelfile.pack import read_pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.assemble import assemble
from tfedge.reports.schema import Report
from tfedge.runtime.targets import choose_targets
from tfedge.validation.evaluate import evaluate
from tfedge.validation.performance import measure_performance


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
        targets: names of installed runtimes; all of them by default.
        seconds: of decoding, for each file on each runtime, after warm-up.
        num_threads: of the interpreters.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, or changed bytes.
        ConfigError: files of different tasks, one file twice, or a runtime that is unknown or not installed.
    """
    chosen = choose_targets(targets)
    packs = [read_pack(path) for path in paths]
    if len({pack.path.resolve() for pack in packs}) < len(packs):
        raise ConfigError(f"expected different files to time; got {', '.join(map(str, paths))}; name each once")
    tasks = {str(pack.task) for pack in packs}
    if len(tasks) > 1:
        raise ConfigError(f"expected files of one task to compare; got {len(tasks)} tasks; bench them one by one")
    reporter.stage(f"golden cases of {len(packs)} {'file' if len(packs) == 1 else 'files'}")
    evaluations = [evaluate(pack, target, (), reporter) for pack in packs for target in chosen]
    reporter.stage("latency, interleaved, and memory")
    examples = packs[0].evaluation.examples if packs[0].evaluation else ()
    texts = [example.text for example in examples] or [case.text for case in packs[0].golden]
    runnable = [each for each in evaluations if each.has_run]
    performance = measure_performance(runnable, texts, min_seconds=seconds, num_threads=num_threads, reporter=reporter)
    return assemble("bench", evaluations, performance, paths[0] if len(paths) == 1 else None)
