"""How much memory a model needs: peak resident size above the bare interpreter's."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from typing import Any

from tfedge.errors import ConfigError, one_of
from tfedge.runtime.client import GREEDY, Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.workload import ALL_ENTRIES, Workload


@dataclasses.dataclass(frozen=True)
class MemoryReport:
    """Memory of one process that loaded a model and decoded with it, or called it.

    Attributes:
        peak_memory_bytes: peak resident size of the process above `baseline_bytes`: pages of the model file that were
            read, the runtime's copies of weights, arenas, and whatever one decode takes.
        baseline_bytes: peak resident size of the same process with interpreter and NumPy imported and no model.
        runtime: `name==version@arch`.
        model_sha256: of the file that the worker loaded.
        entry: `greedy`, `encode+decode_step`, or the `signatures` of a file of tensors; those that were not called
            cost their weights, not their arenas.
        num_threads: threads the interpreter was asked to use.
        num_sources: sources decoded, or calls made.
        sources_sha256: of the decoded ids, or of the inputs of the calls.
    """

    peak_memory_bytes: int
    baseline_bytes: int
    runtime: str
    model_sha256: str
    entry: str
    num_threads: int
    num_sources: int
    sources_sha256: str

    def __post_init__(self) -> None:
        if self.peak_memory_bytes < 0 or self.baseline_bytes < 1:
            raise ConfigError(
                f"memory must be bytes, the baseline above 0; got {self.peak_memory_bytes} above {self.baseline_bytes}"
            )
        if self.num_threads < 1 or self.num_sources < 1:
            raise ConfigError(f"threads and sources must be 1 or more; got {self.num_threads}, {self.num_sources}")
        if self.entry not in ALL_ENTRIES:
            raise one_of("`entry`", self.entry, ALL_ENTRIES)
        RuntimeTarget.parse(self.runtime)

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values; `from_json` of it is equal to this report."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> MemoryReport:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: an unknown or missing key, or an illegal value.
        """
        keys = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(value, Mapping) or set(value) != keys:
            got = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            raise ConfigError(f"a memory report must have the keys {sorted(keys)}; got {got}")
        return cls(**value)


def measure_memory(
    runtime: str | Environment,
    model_path: str | os.PathLike[str],
    workload: Workload,
    entry: str = GREEDY,
    *,
    num_threads: int = 1,
    python: str = sys.executable,
    timeout_s: float = 60.0,
) -> MemoryReport:
    """Measures the peak of a fresh process that loads `model_path` and asks it each question of `workload` once.

    Raises:
        ConfigError: an unknown runtime or entry.
        ArtifactError, RuntimeUnavailableError, WorkerError: from the worker.
    """
    with Worker(runtime, python, timeout_s, isolate=False) as worker:  # A forked process has another baseline.
        model_sha256 = worker.load(model_path, num_threads=num_threads)
        workload.run_once(worker, entry)
        peak = worker.memory().peak_bytes
        return MemoryReport(
            peak_memory_bytes=peak - worker.info.baseline_bytes,
            baseline_bytes=worker.info.baseline_bytes,
            runtime=str(worker.info.target),
            model_sha256=model_sha256,
            entry=entry,
            num_threads=num_threads,
            num_sources=workload.num_sources,
            sources_sha256=workload.sha256,
        )
