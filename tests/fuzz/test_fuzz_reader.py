"""Thousands of damaged files are refused or read, and some of those that are read are run; and the fuzzer finds."""

from __future__ import annotations

import random
import resource
import struct
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests import models
from tfedge.errors import ArtifactError
from tfedge.modelfile.graph import read_graph
from tools import fuzz_mutations, fuzz_reader
from tools.fuzz_mutations import BLIND, Sample, find_places, mutated

# 1 ms each on an idle machine, and 30 ms each run.
NUM_READ, NUM_RUN = 4000, 80


def sample(name: str, data: bytes) -> Sample:
    return Sample(name, data, find_places(data))


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Small files with every kind of table: ten times as many are read in the time."""
    files = {
        "per_channel": models.dense("int8_dynamic", per_channel=True),
        "static": models.dense("int8_static"),
        "float16": models.dense("float16"),
        "loop": models.loop(),
        "variable": models.with_variable(initialized=True),
        "dynamic": models.dynamic_shape(),
        "metadata": models.with_metadata(),
        "two_signatures": models.two_signatures("int4_dynamic"),
        "with_zip": fuzz_reader.with_zip(models.with_custom_op()),
        "packed": fuzz_reader.with_pack(models.gather_dense()),
    }
    return [sample(name, data) for name, data in files.items()]


def test_fuzz_when_thousands_of_files_are_damaged_finds_nothing(samples: list[Sample]) -> None:
    tally = fuzz_reader.fuzz(NUM_READ, seed=1, samples=samples)

    assert tally.findings == []
    assert tally.outcomes.total() == NUM_READ
    # Both ways are taken: a fuzzer whose files are all refused at once looks at nothing.
    assert min(tally.outcomes["read"], tally.outcomes["refused"]) > NUM_READ // 5


def test_fuzz_when_files_that_are_read_are_run_finds_nothing(samples: list[Sample]) -> None:
    tally = fuzz_reader.fuzz(NUM_RUN, seed=2, samples=samples, run=True)

    assert tally.findings == []
    ran = {name: count for name, count in tally.outcomes.items() if name.startswith(("ai-edge", "tflite"))}
    assert sum(ran.values()) == 2 * tally.outcomes["read"] > NUM_RUN // 3
    assert ran["ai-edge-litert ran"] and ran["tflite-runtime refused"]
    checked = {name: count for name, count in tally.outcomes.items() if name.startswith("checked")}
    assert sum(checked.values()) == tally.outcomes["read"] and checked["checked fail"]


def test_fuzz_when_the_check_is_broken_finds_it(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(fuzz_reader.check, "check_files", fail)
    tally = fuzz_reader.fuzz(10, seed=2, samples=samples, run=True)

    assert len(tally.findings) == tally.outcomes["read"] > 0 and "KeyError: 'x'" in tally.findings[0]


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (ValueError("expected a; got b"), "ValueError: expected a; got b"),
        (MemoryError(), "MemoryError"),
        (ArtifactError("got \x1b[2J"), "an error that is not printable"),
    ],
)
def test_fuzz_when_a_reader_is_broken_finds_it(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch, tmp_path: Any, broken: Exception, what: str
) -> None:
    def fail(data: bytes) -> None:
        raise broken

    monkeypatch.setattr(fuzz_reader, "read_graph", fail)
    tally = fuzz_reader.fuzz(2, seed=1, start=5, samples=samples, save=tmp_path / "found")

    assert len(tally.findings) == 2 and all(what in finding for finding in tally.findings)
    saved = {path.name: path.read_bytes() for path in (tmp_path / "found").iterdir()}
    assert saved == {f"case_1_{index}.tflite": mutated(1, index, samples)[1] for index in (5, 6)}


def test_fuzz_when_a_reader_takes_all_memory_finds_it(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    monkeypatch.setattr(fuzz_reader, "read_graph", lambda data: bytearray(2 * fuzz_reader.MAX_MEMORY_BYTES))

    assert "MemoryError" in fuzz_reader.fuzz(1, samples=samples).findings[0]
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_fuzz_when_a_reader_never_ends_finds_it(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(data: bytes) -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz_reader, "read_graph", hang)
    monkeypatch.setattr(fuzz_reader, "HANG_SECONDS", 1)
    monkeypatch.setattr(fuzz_reader, "MAX_SECONDS", 0.01)

    findings = fuzz_reader.fuzz(1, samples=samples).findings

    assert "no end after 1 s" in findings[0] and "s of processor time" in findings[1]


def test_mutated_when_asked_again_gives_the_same_bytes_and_never_the_sound_ones(samples: list[Sample]) -> None:
    first = [mutated(3, index, samples) for index in range(200)]

    assert first == [mutated(3, index, samples) for index in range(200)]
    sound = {one.data for one in samples}
    assert sum(data in sound for _, data in first) < 20  # A byte set to what it was changes nothing.
    assert len({data for _, data in first}) > 180


@pytest.mark.parametrize("mutation", [*BLIND, *dict.fromkeys(fuzz_mutations.AWARE)], ids=lambda one: one.__name__)
def test_mutation_when_applied_changes_a_file(
    mutation: Callable[[random.Random, bytearray, Sample, Sequence[Sample]], None], samples: list[Sample]
) -> None:
    changed = 0
    for seed in range(20):
        data = bytearray(samples[0].data)
        mutation(random.Random(seed), data, samples[0], samples)
        changed += bytes(data) != samples[0].data
    assert changed > 10


def test_find_places_when_a_file_is_sound_knows_its_tables() -> None:
    data = models.dense()
    places = find_places(data)

    graph = read_graph(data)
    assert len(places.by_kind["Tensor"]) == graph.subgraphs[0].num_tensors
    assert len(places.by_kind["Operator"]) == len(graph.ops) == 1
    assert {struct.unpack_from("<I", data, at)[0] for at in places.lengths} >= {len("serving_default"), len("x")}
    assert places.zips == []
