"""What runtimes do with a file is measured in processes of their own, and is a fact whatever it is."""

from __future__ import annotations

import pathlib

import pytest

from tests import models
from tests.golden import autokey
from tests.models import behaving
from tfedge.modelfile.arena import plan_arenas
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.model_file import open_model
from tfedge.reports import trial
from tfedge.reports.inspection import Trial
from tfedge.runtime.targets import installed_targets

LITERT, TFLITE = "ai-edge-litert", "tflite-runtime"


def try_file(path: pathlib.Path, timeout_s: float = 30.0) -> dict[str, Trial]:
    """Returns what each runtime did, by its name."""
    data = open_model(path)
    trials = trial.try_runtimes(path, data, read_graph(data), timeout_s)
    return {one.runtime.partition("==")[0]: one for one in trials}


def try_bytes(folder: pathlib.Path, data: bytes, timeout_s: float = 30.0) -> dict[str, Trial]:
    path = folder / "m.tflite"
    path.write_bytes(data)
    return try_file(path, timeout_s)


def test_trial_when_a_file_is_good_runs_everywhere_and_plans_match() -> None:
    trials = try_file(autokey.MODEL)

    assert sorted(trials) == sorted(target.name for target in installed_targets())
    plans = plan_arenas(read_graph(autokey.MODEL.read_bytes()))
    for one in trials.values():
        assert (one.outcome, one.message) == ("ran", "")
        assert one.loaded_bytes is not None and one.loaded_bytes > 0 and one.ran_bytes is not None
        assert [subgraph.index for subgraph in one.subgraphs] == [0, 1, 2, 3, 4]
        for subgraph in one.subgraphs:
            assert subgraph.arena_bytes is not None
            # Subgraphs 2 to 4 are a loop and its parts: scalars of theirs, 64 bytes each in the plan, are on the heap.
            assert 0 <= plans[subgraph.index].arena_bytes - subgraph.arena_bytes <= (0 if subgraph.index < 2 else 64)


def test_trial_when_a_delegate_takes_ops_counts_partitions_and_what_splits_them() -> None:
    step = try_file(autokey.MODEL)[LITERT].subgraphs[0]
    ops = [op for op in read_graph(autokey.MODEL.read_bytes()).ops if op.subgraph == 0]

    assert step.num_partitions and step.num_partitions > 1 and step.splitting
    assert step.num_inside is not None and step.num_inside + sum(step.outside.values()) == len(ops)
    assert all(count <= step.outside[name] for name, count in step.splitting.items())


def test_trial_when_all_ops_fit_the_delegate_nothing_splits(tmp_path: pathlib.Path) -> None:
    (dense,) = try_bytes(tmp_path, models.dense())[LITERT].subgraphs

    assert (dense.num_partitions, dense.num_inside, dense.outside, dense.splitting) == (1, 1, {}, {})


def test_trial_when_a_runtime_refuses_says_its_words_and_the_other_runs() -> None:
    trials = try_file(autokey.REFUSED_MODEL)

    assert trials[TFLITE].outcome == "refused" and "version '12'" in trials[TFLITE].message
    assert trials[TFLITE].loaded_bytes is None and trials[TFLITE].subgraphs[0].num_partitions is None
    assert trials[LITERT].outcome == "ran"


def test_trial_when_an_interpreter_dies_says_so_and_still_tells_the_rest(tmp_path: pathlib.Path) -> None:
    died = try_bytes(tmp_path, behaving.slices(behaving.FAR))[TFLITE]

    assert died.outcome == "crashed" and "SIGSEGV" in died.message
    assert died.loaded_bytes is not None and died.ran_bytes is None
    assert died.subgraphs[0].num_partitions is not None
    assert try_bytes(tmp_path, behaving.slices())[TFLITE].outcome == "ran"


def test_trial_when_a_file_never_ends_gives_up(tmp_path: pathlib.Path) -> None:
    for one in try_bytes(tmp_path, behaving.endless(), timeout_s=1.0).values():
        assert one.outcome == "timed_out"
    for one in try_bytes(tmp_path, models.loop()).values():
        assert one.outcome == "ran"


def test_trial_when_a_file_takes_all_memory_says_so(tmp_path: pathlib.Path) -> None:
    for one in try_bytes(tmp_path, behaving.tiles(1024)).values():
        assert one.outcome == "out_of_memory"
    for one in try_bytes(tmp_path, behaving.tiles()).values():
        assert one.outcome == "ran"


def test_trial_when_there_are_many_subgraphs_looks_at_those_with_the_most_ops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "MAX_LOADED_SUBGRAPHS", 2)

    for one in try_file(autokey.MODEL).values():
        assert [subgraph.index for subgraph in one.subgraphs] == [0, 4]


def test_trial_when_it_ends_leaves_the_file_as_it_was() -> None:
    before = autokey.MODEL.read_bytes()
    try_file(autokey.MODEL)

    assert autokey.MODEL.read_bytes() == before


def test_trial_when_an_input_is_too_large_to_make_up_is_not_run(tmp_path: pathlib.Path) -> None:
    builder = ModelBuilder()
    builder.op("TANH", [builder.tensor("x", (1, 2**20))], [builder.tensor("y", (1, 2**20))])
    builder.signature("serving_default", {"x": 0}, {"y": 1})
    data = builder.build()

    assert {one.outcome for one in try_bytes(tmp_path, data).values()} == {"ran"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "MAX_INPUT_BYTES", 2**20)
        for one in try_bytes(tmp_path, data).values():
            assert one.outcome == "not_run" and "too large to make up" in one.message
            assert one.loaded_bytes is not None
