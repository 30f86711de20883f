"""What the runtimes installed here do with a file: load it, run it once, and tell what delegates took of it.

Everything happens in worker processes with limits, one for each load. A runtime that refuses the file, or dies of it,
is a fact about the file and no error.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import math
import pathlib
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

from tfedge.errors import RuntimeUnavailableError, WorkerError
from tfedge.modelfile.arena import span_of_arena
from tfedge.modelfile.entry_subgraph import entry_patch
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.summary import GraphSummary
from tfedge.printable import printable
from tfedge.progress import SILENT, Reporter
from tfedge.reports.inspection import LoadedSubgraph, Trial
from tfedge.runtime.client import Worker
from tfedge.runtime.limits import Limits
from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.runtime.targets import RUNTIMES, installed_targets

# Each subgraph is loaded twice more. Those with the most ops are; a hundred loads of a small file take 3 s.
MAX_LOADED_SUBGRAPHS = 16
MAX_LOADED_BYTES = 2**30
MAX_INPUT_BYTES = 2**26


def try_runtimes(
    path: pathlib.Path, data: ModelData, graph: GraphSummary, timeout_s: float = 60.0, reporter: Reporter = SILENT
) -> tuple[Trial, ...]:
    """Loads and runs a file in every runtime that is installed beside this Python.

    Args:
        path: the file.
        data: its content.
        graph: what `read_graph` read from it.
        timeout_s: for one load or one run.
    """
    names = [target.name for target in installed_targets()]
    if not names:
        return (Trial("none", "unavailable", f"expected {' or '.join(RUNTIMES)}; none is installed"),)
    chosen = choose_subgraphs(data, graph)
    trials = []
    with reporter.bar("loading", len(names) * (1 + 2 * len(chosen))) as bar:
        for name in names:
            trials.append(_try(name, path, data, graph, chosen, timeout_s, functools.partial(bar.advance, 1, name)))
    return tuple(trials)


def choose_subgraphs(data: ModelData, graph: GraphSummary) -> list[int]:
    """Returns the subgraphs to look at one by one: those with the most ops."""
    counts = collections.Counter(op.subgraph for op in graph.ops)
    most = max(1, min(MAX_LOADED_SUBGRAPHS, MAX_LOADED_BYTES // max(len(data), 1)))
    return sorted(sorted(range(graph.num_subgraphs), key=lambda index: -counts[index])[:most])


def _try(
    name: str,
    path: pathlib.Path,
    data: ModelData,
    graph: GraphSummary,
    chosen: list[int],
    timeout_s: float,
    advance: Callable[[], None],
) -> Trial:
    limits = Limits(address_space_bytes=max(Limits.address_space_bytes, 4 * len(data)))
    try:
        with Worker(name, timeout_s=timeout_s, limits=limits) as worker:
            return try_file(worker, path, data, graph, chosen, advance)
    except RuntimeUnavailableError as error:
        return Trial(name, "unavailable", printable(str(error)))


def try_file(
    worker: Worker,
    path: pathlib.Path,
    data: ModelData,
    graph: GraphSummary,
    chosen: list[int],
    advance: Callable[[], None] = lambda: None,
) -> Trial:
    """Loads and runs a file in one isolated worker.

    Args:
        chosen: the subgraphs to look at one by one.
        advance: called 1 + 2 * len(chosen) times.
    """
    outcome, message, loaded, ran = _run(worker, path)
    advance()
    subgraphs = tuple(_look(worker, path, data, graph, chosen, advance))
    return Trial(str(worker.info.target), outcome, printable(message), subgraphs, loaded, ran)


def _run(worker: Worker, path: pathlib.Path) -> tuple[str, str, int | None, int | None]:
    """Loads the file and runs every signature with zeros; returns outcome, message, memory of loading, of running."""
    loaded = None
    before = worker.info.private_bytes
    try:
        worker.load(path)
        loaded = worker.memory().private_bytes
        for name, signature in worker.describe().items():
            large = _too_large(signature)
            if large:
                return "not_run", large, loaded - before, None
            zeros = {key: np.zeros(_sizes(spec), spec.dtype) for key, spec in signature.inputs.items()}
            worker.run(name, zeros)
        ran = worker.memory().private_bytes
    except WorkerError as error:
        return error.kind, str(error), None if loaded is None else loaded - before, None
    return "ran", "", loaded - before, ran - loaded


def _sizes(spec: TensorSpec) -> list[int]:
    return [1 if size == -1 else size for size in spec.shape]


def _too_large(signature: SignatureSpec) -> str:
    """Returns why the inputs of a signature cannot be made here; empty where they can."""
    for name, spec in signature.inputs.items():
        count = math.prod(_sizes(spec)) * max(np.dtype(spec.dtype).itemsize, 1)
        if not 0 <= count <= MAX_INPUT_BYTES:
            shape = " x ".join(map(str, spec.shape))
            return f"input {name!r} of {signature.name!r} is {spec.dtype} of {shape}: too large to make up"
    return ""


def _look(
    worker: Worker,
    path: pathlib.Path,
    data: ModelData,
    graph: GraphSummary,
    chosen: list[int],
    advance: Callable[[], None],
) -> Iterator[LoadedSubgraph]:
    """Yields what delegates took of each subgraph, and its arena without them; nothing of one that does not load."""
    constants: list[set[int]] = [set() for _ in graph.subgraphs]
    for op in graph.ops:
        constants[op.subgraph].update(tensor.index for tensor in op.inputs if tensor is not None and tensor.is_constant)
    with contextlib.ExitStack() as stack:
        copy = None if chosen == [0] else stack.enter_context(_Copy(data))
        for index in chosen:
            shown = copy.with_entry(index) if copy and index else path
            profile = places = None
            with contextlib.suppress(WorkerError):  # Its outcome is told by the file as it is.
                worker.load(shown)
                profile = worker.profile()
            advance()
            with contextlib.suppress(WorkerError):
                worker.load(shown, resolver="without_default_delegates")
                places = worker.layout()
            advance()
            yield LoadedSubgraph(
                index=index,
                num_partitions=profile.num_partitions if profile else None,
                num_inside=len(profile.delegated) if profile else None,
                outside=_counted(profile.outside) if profile else {},
                splitting=_counted(profile.splitting) if profile else {},
                arena_bytes=None if places is None else span_of_arena(places, constants[index]),
            )


def _counted(names: tuple[str, ...]) -> dict[str, int]:
    return {printable(name): count for name, count in collections.Counter(names).most_common()}


class _Copy:
    """A copy of a model in a temporary folder, in which any subgraph can be made the first."""

    def __init__(self, data: ModelData) -> None:
        self._data = data
        self._folder = tempfile.TemporaryDirectory(prefix="tfedge-")
        self._path = pathlib.Path(self._folder.name, "model.tflite")

    def __enter__(self) -> _Copy:
        self._path.write_bytes(self._data)
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def with_entry(self, subgraph: int) -> pathlib.Path:
        """Returns the path of the copy, whose first subgraph is now `subgraph`."""
        at, four = entry_patch(self._data, subgraph)
        with open(self._path, "rb+") as file:
            file.seek(at)
            file.write(four)
        return self._path
