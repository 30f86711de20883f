"""The stage behind `tfedge inspect --compare`: two files of one network, which layer of the second broke."""

from __future__ import annotations

import os

from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import has_pack, read_pack, split_model
from tfedge.progress import SILENT, Reporter
from tfedge.runtime.client import Worker
from tfedge.validation.comparison_cases import choose_cases
from tfedge.validation.tensor_comparison import KEEPS_TENSORS, Comparison, compare_files


def compare(
    first: str | os.PathLike[str],
    second: str | os.PathLike[str],
    inputs: str | os.PathLike[str] | None = None,
    max_cases: int = 16,
    reporter: Reporter = SILENT,
) -> Comparison:
    """Compares every tensor of two files on the same inputs, with LiteRT.

    Args:
        first: the file that is right: float32 as a rule.
        second: the file in question.
        inputs: an `.npz` with cases; by default golden cases of either file's pack, else seeded ones.
        max_cases: cases at most.

    Raises:
        ArtifactError, IntegrityError: no file, no model, or changed bytes.
        ConfigError, InputError: files without a common signature, or inputs that do not fit the first.
        RuntimeUnavailableError: LiteRT is not installed.
        MeasurementError: no inputs were given, and none can be made up.
        WorkerError: the runtime refused a file, or crashed on it.
    """
    graph, golden = read_graph(split_model(first)), _golden(first) or _golden(second)
    reporter.stage(f"compare {os.fspath(second)} with {os.fspath(first)}")
    with Worker(KEEPS_TENSORS) as worker:
        worker.load(first)
        signatures = dict(worker.describe())
    cases, words = choose_cases(first, graph, signatures, golden, inputs, max_cases)
    reporter.say(words)
    return compare_files(first, second, cases, reporter=reporter)


def _golden(path: str | os.PathLike[str]) -> tuple[GoldenCase, ...]:
    return read_pack(path).golden if has_pack(path) else ()
