"""Small files that describe large ones: too much is refused; what is allowed takes bounded time and memory.

Tables may be shared, so a list of 100,000 ops takes 400,000 bytes when all are one op. Each file here is built so.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tfedge.errors import ArtifactError
from tfedge.modelfile import flatbuffer
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph

# Of the limits, so that the test is short: reading is a loop over what the walk counted, and takes time in proportion.
SHARE = 1 / 6
# Twice the stated bound of 5 s of CPU time, for a slow machine or a shared one. The memory is not doubled.
MAX_CPU_SECONDS = 10.0
MAX_MEMORY_BYTES = 1_000_000_000


class _Shared:
    """An object of the schema that writes itself once, however often it is listed."""

    def __init__(self, written: Any) -> None:
        self._written = written
        self._places: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._written, name)

    def Pack(self, builder: Any) -> int:  # noqa: N802 - flatbuffers' name
        if id(builder) not in self._places:
            self._places[id(builder)] = self._written.Pack(builder)
        return self._places[id(builder)]


def _builder(op: str = "FULLY_CONNECTED", **options: Any) -> tuple[ModelBuilder, Any]:
    builder = ModelBuilder()
    x, y = builder.tensor("model/layer/x", (1, 4), scales=0.5), builder.tensor("model/layer/y", (1, 4))
    builder.op(op, [x, x, None], [y], options=options)
    builder.interface([x], [y])
    return builder, builder.model.subgraphs[0]


def many_ops(count: int) -> bytes:
    builder, graph = _builder(fusedActivationFunction=1)
    graph.operators = [_Shared(graph.operators[0])] * count
    return builder.build()


def many_tensors(count: int) -> bytes:
    builder, graph = _builder()
    graph.tensors += [_Shared(graph.tensors[0])] * count
    return builder.build()


def many_subgraphs(count: int) -> bytes:
    builder, graph = _builder()
    builder._interfaces = {index: ([0], [1]) for index in range(count)}
    builder.model.subgraphs = [_Shared(graph)] * count
    return builder.build()


def long_options(count: int) -> bytes:
    """Ops that share one text of 10 MB in their options."""
    builder, graph = _builder("VAR_HANDLE", container="a" * 10_000_000, sharedName="b")
    graph.operators = [_Shared(graph.operators[0])] * count
    return builder.build()


def long_names(count: int) -> bytes:
    """Tensors that share one name of 1 MB."""
    builder, graph = _builder()
    builder.tensor("\x1b" * 1_000_000, (1,))
    graph.tensors += [_Shared(graph.tensors[-1])] * (count - 1)
    return builder.build()


def wide_ops(count: int) -> bytes:
    """Ops that share one list of 100,000 inputs."""
    builder, graph = _builder()
    graph.operators[0].inputs = [0] * 100_000
    graph.operators = [_Shared(graph.operators[0])] * count
    return builder.build()


@pytest.mark.parametrize(
    ("build", "limit", "count", "what"),
    [
        (many_ops, "MAX_TABLES", 500, "1000 tables"),
        (many_tensors, "MAX_TABLES", 500, "1000 tables"),
        (many_subgraphs, "MAX_TABLES", 250, "1000 tables"),
        (long_names, "MAX_TEXT_BYTES", 3, "2000000 bytes of names"),
        (wide_ops, "MAX_INDICES", 3, "200000 sizes and indices"),
    ],
)
def test_read_graph_when_a_file_describes_too_much_refuses(
    build: Callable[[int], bytes], limit: str, count: int, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flatbuffer, limit, int(what.split()[0]))

    with pytest.raises(ArtifactError, match=f"more than {what}"):
        read_graph(build(count))


@pytest.mark.parametrize(
    ("build", "count"), [(many_ops, 50), (many_tensors, 50), (many_subgraphs, 50), (long_names, 2), (wide_ops, 10)]
)
def test_read_graph_when_a_file_shares_tables_within_limits_reads_them(
    build: Callable[[int], bytes], count: int
) -> None:
    graph = read_graph(build(count))

    assert max(len(graph.ops), graph.subgraphs[0].num_tensors, graph.num_subgraphs) >= count


_READ_ALL = """
import re, sys, time
from tests.unit.modelfile import test_bounds
from tfedge.modelfile.flatbuffer import MAX_INDICES, MAX_TABLES, MAX_TEXT_BYTES
from tfedge.modelfile.graph import read_graph
build = getattr(test_bounds, sys.argv[1])
data = build(round(eval(sys.argv[2]) * test_bounds.SHARE))
start = time.process_time()
graph = read_graph(data)
peak = re.search("VmHWM:\\s*([0-9]+)", open("/proc/self/status").read())[1]
print(time.process_time() - start, int(peak) * 1024)
"""


@pytest.mark.parametrize(
    ("build", "count"),
    [
        ("many_ops", "MAX_TABLES // 2 - 9"),
        ("many_tensors", "MAX_TABLES // 2 - 9"),
        ("many_subgraphs", "MAX_TABLES // 8"),
        ("long_options", "MAX_TABLES // 2 - 9"),
        ("long_names", "MAX_TEXT_BYTES // 1_000_000"),
        ("wide_ops", "MAX_INDICES // 100_000"),
    ],
)
def test_read_graph_when_a_file_is_as_large_as_the_limits_is_bounded_in_time_and_memory(build: str, count: str) -> None:
    command = [sys.executable, "-c", _READ_ALL, build, count]
    run = subprocess.run(command, capture_output=True, text=True, check=True)

    seconds, memory = map(float, run.stdout.split())
    assert seconds < MAX_CPU_SECONDS * SHARE
    assert memory < MAX_MEMORY_BYTES
