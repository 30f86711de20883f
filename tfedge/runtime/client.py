"""Runs a `.tflite` in a process of its own: what happens to the interpreter there never happens to us.

Example:
    with Worker("ai-edge-litert") as litert:
        litert.load("out/g2p.tflite")
        target_ids = litert.decode(task.source_array("hello")[0])
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import platform
import sys
import tempfile
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError, RuntimeUnavailableError, WorkerError, one_of
from tfedge.modelfile.model_file import open_model
from tfedge.runtime import cpu, targets, tiny_model, worker
from tfedge.runtime import signatures as signatures_module
from tfedge.runtime.environments import Environment
from tfedge.runtime.limits import Limits
from tfedge.runtime.process import Progress, WorkerProcess
from tfedge.runtime.profile import DelegateProfile
from tfedge.runtime.signatures import Array, SignatureSpec

GREEDY, STEPS, ENTRIES = worker.GREEDY, worker.STEPS, worker.ENTRIES
RESOLVERS = tuple(worker.RESOLVERS)


@dataclasses.dataclass(frozen=True)
class WorkerInfo:
    """Where a worker runs.

    Attributes:
        target: runtime, version and architecture, as the worker's own process reports them.
        python: version of the worker's Python.
        cpu: model, cores, and the features that decide the speed of int8 kernels.
        cores: logical cores of the machine.
        baseline_bytes: peak resident memory with interpreter and NumPy imported, before any model.
        private_bytes: what of its memory then belongs to no file: heap, and pages it wrote to.
    """

    target: targets.RuntimeTarget
    python: str
    cpu: str
    cores: int
    baseline_bytes: int
    private_bytes: int


@dataclasses.dataclass(frozen=True)
class MemoryUse:
    """Resident memory of a worker process now, the most it ever had, and what now belongs to no file, in bytes."""

    peak_bytes: int
    rss_bytes: int
    private_bytes: int


def _bad_request(message: str) -> WorkerError:
    return WorkerError(message, kind="bad_request")


def _prime(process: WorkerProcess) -> None:
    """Lets an emulator translate the interpreter before processes are forked from it: 20 ms a file instead of 80."""
    params = {"num_threads": 1, "resolver": "default", "signature": tiny_model.SIGNATURE}
    with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
        file.write(tiny_model.build())
        file.flush()
        process.request("prime", {**params, "path": file.name}, tiny_model.inputs(), what="tfedge's own tiny model")


class Worker:
    """An interpreter process as a context manager; holds one runtime and at most one model.

    Args:
        runtime: `tflite-runtime` or `ai-edge-litert`, or an Environment from `find_environment`.
        python: the Python that has the runtime, where that is a name; the one running now by default.
        timeout_s: seconds without any sign of life after which a request is given up and the process killed. Long
            requests report progress between decodes, so it bounds one decode or one load, not the whole request.
        isolate: whether each `load` gets a process of its own, started in milliseconds. The worker then outlives a
            file that crashes, hangs or damages its heap, and the next `load` meets nothing of it. By default with
            limits, and on another machine: what hangs there hears no end of its pipes, and who watches over it does.
        limits: of the process of one file; implies `isolate`, and takes from it every right to write.

    Raises:
        ConfigError: an unknown runtime, or no positive time-out.
        RuntimeUnavailableError: the runtime cannot be started, or is not the environment's; raised on entering.
    """

    def __init__(
        self,
        runtime: str | Environment,
        python: str = sys.executable,
        timeout_s: float = 60.0,
        isolate: bool | None = None,
        limits: Limits | None = None,
    ) -> None:
        if not timeout_s > 0:
            raise ConfigError(f"expected timeout_s above 0; got {timeout_s!r}; give seconds")
        self._environment = runtime if isinstance(runtime, Environment) else None
        self.runtime = targets.check_runtime(runtime.target.name if isinstance(runtime, Environment) else runtime)
        self._python = python
        self._timeout_s = timeout_s
        self._board = runtime.board if isinstance(runtime, Environment) else None
        is_risky = limits is not None or (isolate is None and self._board is not None)
        self._isolate, self._limits = bool(isolate) or is_risky, limits
        self._process: WorkerProcess | None = None
        self._info: WorkerInfo | None = None
        self._model = ""
        self._signatures: dict[str, SignatureSpec] | None = None

    def __enter__(self) -> Worker:
        environment = self._environment
        command, variables = (environment.command, environment.variables) if environment else ((self._python,), {})
        options = (self._timeout_s, self._isolate, self._limits, self._board)
        process = WorkerProcess(self.runtime, command, variables, *options)
        try:
            facts, _ = process.request("hello", what="hello")
            target = self._checked_target(facts)
            if self._isolate and target.arch != platform.machine() and self._board is None:
                _prime(process)
                if self._limits:
                    process.limit_address_space(self._limits)
        except BaseException:
            process.close()
            raise
        process.label = str(target) + (f" on {self._board.name}" if self._board else "")
        self._process = process
        words = cpu.cpu_text(facts["cpu_lines"], facts["arch"], facts["num_cores"])
        sizes = facts["peak_bytes"], facts["private_bytes"]
        self._info = WorkerInfo(target, facts["python"], words, facts["num_cores"] or 1, *sizes)
        return self

    def _checked_target(self, facts: Mapping[str, Any]) -> targets.RuntimeTarget:
        """Returns what answered; of an emulated core only the environment knows the name."""
        found = targets.RuntimeTarget(facts["runtime"], facts["version"], facts["arch"])
        if self._environment is None:
            return found
        expected = self._environment.target
        if found != dataclasses.replace(expected, core=""):
            raise RuntimeUnavailableError(
                f"expected {expected} in its environment; {found} answered; run: tfedge targets add {expected} --force"
            )
        return expected

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process; does nothing when there is none."""
        if self._process is not None:
            self._process.close()

    @property
    def process(self) -> WorkerProcess:
        """The process behind this worker: pid, is_alive, stderr_tail().

        Raises:
            WorkerError: (bad_request) it was not started.
        """
        if self._process is None:
            raise _bad_request("expected a started worker; received a request outside `with`; enter it first")
        return self._process

    @property
    def info(self) -> WorkerInfo:
        """Runtime version, Python and CPU of the process, and its memory before any model."""
        if self._info is None:
            raise _bad_request("expected a started worker; received a request outside `with`; enter it first")
        return self._info

    def load(
        self,
        path: str | os.PathLike[str],
        num_threads: int = 1,
        resolver: str = "default",
        preserve_all_tensors: bool = False,
    ) -> str:
        """Loads a model in place of the one before; returns the sha256 of the file the worker read.

        Args:
            resolver: `default`, `reference` (slow kernels, an oracle on LiteRT only), `without_default_delegates`.
            preserve_all_tensors: keep what each op computes, for `run_keeping`; costs memory. A delegate keeps nothing
                between its ops, so the resolver must be one without. tflite-runtime 2.14 takes this and still lets
                some ops write over their inputs.

        Raises:
            ArtifactError: there is no such file.
            ConfigError: threads below 1, or an unknown resolver.
            WorkerError: refused (with the interpreter's words), crashed or timed out.
        """
        if resolver not in RESOLVERS:
            raise one_of("resolver", resolver, RESOLVERS)
        if num_threads < 1:
            raise ConfigError(f"expected num_threads of 1 or more; got {num_threads}; give the number of threads")
        path = pathlib.Path(path).resolve()
        open_model(path)  # says clearly what is wrong with the path
        self._signatures, self._model = None, ""
        place = self._board.place(path) if self._board else str(path)
        params = {"path": place, "num_threads": num_threads, "resolver": resolver}
        params |= {"preserve_all_tensors": preserve_all_tensors}
        facts, _ = self.process.request("load", params, what=f"load {path.name}")
        self._model = path.name
        return str(facts["sha256"])

    def _check_loaded(self) -> None:
        if not self._model:
            raise _bad_request("expected a loaded model; there is none; call load() first")

    def describe(self) -> Mapping[str, SignatureSpec]:
        """Returns the signatures of the loaded model by name; a file without any has one called "".

        Raises:
            WorkerError: (bad_request) no model is loaded; or the process failed.
        """
        self._check_loaded()
        if self._signatures is None:
            facts, _ = self.process.request("describe", what=f"describe {self._model}")
            with self._understood():
                held = facts["signatures"]
                self._signatures = {name: SignatureSpec.from_json(name, fields) for name, fields in held.items()}
        return self._signatures

    def profile(self) -> DelegateProfile:
        """Returns which ops of the loaded model a delegate runs, as the interpreter sees them.

        Raises:
            WorkerError: (bad_request) no model is loaded; or the process failed.
        """
        self._check_loaded()
        facts, _ = self.process.request("profile", what=f"profile {self._model}")
        with self._understood():
            return DelegateProfile.from_nodes(facts["nodes"])

    def layout(self) -> npt.NDArray[np.int64]:
        """Returns where the interpreter put the tensors of subgraph 0 that have memory of their own.

        Returns:
            int64 (N, 3): index, address and bytes of each.

        Raises:
            WorkerError: (bad_request) no model is loaded, or the worker is not isolated; or the process failed.
        """
        self._check_loaded()
        if not self._isolate:
            raise _bad_request("expected an isolated worker to ask for addresses; pass isolate=True")
        _, arrays = self.process.request("layout", what=f"layout of {self._model}")
        with self._understood():
            return arrays["places"].astype(np.int64).reshape(-1, 3)

    @contextlib.contextmanager
    def _understood(self) -> Iterator[None]:
        """Turns an answer of another form, which only a damaged process gives, into a WorkerError."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WorkerError(
                f"{self.info.target}: expected facts about {self._model}; got {type(error).__name__}: {error}; "
                "the file is damaged or meets a bug of this runtime",
                kind="crashed",
            ) from error

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Runs one signature once: arrays by input name in, arrays by output name out.

        Args:
            signature: its name; of a file without any it is "", and subgraph 0's tensors give the names.
            inputs: every input; a tensor whose name is empty or repeats is called by its position, "0", "1", …

        Raises:
            WorkerError: bad_request (wrong name, shape or dtype; nothing was run), refused, crashed, timed out.
        """
        return self.run_keeping(signature, inputs, ())[0]

    def run_keeping(
        self, signature: str, inputs: Mapping[str, Array], indices: Sequence[int]
    ) -> tuple[dict[str, Array], dict[int, Array]]:
        """As `run`; also returns tensors of the signature's subgraph, by their indices in the file.

        They are what ops computed only where the file was loaded with `preserve_all_tensors`.
        """
        signatures_module.check_inputs(signatures_module.find(self.describe(), signature), inputs)
        params = {"signature": signature, "tensors": list(indices)}
        _, arrays = self.process.request("run", params, inputs, what=f"run {signature} of {self._model}")
        with self._understood():
            kept = {index: arrays.pop(f"#{index}") for index in dict.fromkeys(indices)}
        return arrays, kept

    def decode(
        self, source: npt.NDArray[np.int32], entry: str = GREEDY, max_target_length: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Decodes one source greedily: int32 (max_source_length,) -> int32 (max_target_length,); see `decode_many`."""
        target_ids: npt.NDArray[np.int32] = self.decode_many(source.reshape(1, -1), entry, max_target_length)[0]
        return target_ids

    def decode_many(
        self,
        sources: npt.NDArray[np.int32],
        entry: str = GREEDY,
        max_target_length: int | None = None,
        on_progress: Progress | None = None,
    ) -> npt.NDArray[np.int32]:
        """Decodes sources one by one, greedily.

        Args:
            sources: int32 (N, max_source_length), padded with 0 after the stop token.
            entry: `greedy` (the loop in the graph) or `encode+decode_step` (the loop of the host).
            max_target_length: tokens; needed by `encode+decode_step` where the file has no `greedy` to tell it.
            on_progress: called with (done, N) about twice a second.

        Returns:
            int32 (N, max_target_length): ids up to and including the stop token, then 0.

        Raises:
            ConfigError: an unknown entry.
            WorkerError: bad_request (unfit model or sources; nothing was run), refused, crashed, timed out.
        """
        params = self._decode_params(sources, entry, max_target_length)
        what = f"decode {len(sources)} sources by {entry} of {self._model}"
        _, outputs = self.process.request("decode_many", params, {"source_ids": sources}, what, on_progress)
        return outputs["target_ids"]

    def time(
        self,
        sources: npt.NDArray[np.int32],
        entry: str = GREEDY,
        max_target_length: int | None = None,
        min_runs: int = 1,
        min_seconds: float = 0.0,
        on_progress: Progress | None = None,
    ) -> npt.NDArray[np.int64]:
        """Times decodes: whole passes over `sources` until both minimums are met.

        A sample covers one decode on the worker's side: setting inputs, every interpreter call, reading outputs.

        Returns:
            int64 (passes * N,): nanoseconds of a monotonic clock; sample k belongs to source k % N.

        Raises:
            As `decode_many`.
        """
        limits = {"min_runs": min_runs, "min_seconds": min_seconds}
        params = {**self._decode_params(sources, entry, max_target_length), **limits}
        what = f"time {entry} of {self._model}"
        _, outputs = self.process.request("time", params, {"source_ids": sources}, what, on_progress)
        return outputs["samples_ns"]

    def time_calls(
        self, calls: Sequence[tuple[str, Mapping[str, Array]]], min_runs: int = 1, min_seconds: float = 0.0
    ) -> npt.NDArray[np.int64]:
        """Times calls of signatures: whole passes over `calls` until both minimums are met.

        Args:
            calls: signature and its inputs; those of one signature all of the same shapes.

        Returns:
            int64 (passes * N,): nanoseconds as of `time`; sample k belongs to call k % N.

        Raises:
            WorkerError: as `run`.
        """
        for name, inputs in calls:
            signatures_module.check_inputs(signatures_module.find(self.describe(), name), inputs)
        arrays = {f"{place}/{key}": array for place, (_, inputs) in enumerate(calls) for key, array in inputs.items()}
        params = {"calls": [name for name, _ in calls], "min_runs": min_runs, "min_seconds": min_seconds}
        _, outputs = self.process.request("time", params, arrays, what=f"time {len(calls)} calls of {self._model}")
        return outputs["samples_ns"]

    def memory(self) -> MemoryUse:
        """Returns resident memory of the process, now and at its peak."""
        facts, _ = self.process.request("memory", what="memory")
        return MemoryUse(facts["peak_bytes"], facts["rss_bytes"], facts["private_bytes"])

    def _decode_params(self, sources: Array, entry: str, max_target_length: int | None) -> dict[str, object]:
        length = signatures_module.check_decode(self.describe(), entry, sources, max_target_length)
        return {"entry": entry, "max_target_length": length}
