"""The arena is planned as TFLite plans it: by hand on small graphs, and to the byte on what an interpreter laid out."""

from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tfedge.modelfile import arena
from tfedge.modelfile.arena import ArenaPlan, plan_arenas, span_of_arena
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph


def _chain(*floats: int) -> ModelBuilder:
    """x -> TANH -> … -> y with tensors of so many float32."""
    builder = ModelBuilder()
    tensors = [builder.tensor(f"t{index}", (size,)) for index, size in enumerate(floats)]
    for source, target in zip(tensors, tensors[1:], strict=False):
        builder.op("TANH", [source], [target])
    return builder


def _plan(builder: ModelBuilder) -> ArenaPlan:
    return plan_arenas(read_graph(builder.build()))[0]


def test_plan_when_tensors_follow_each_other_reuses_their_place() -> None:
    # Input 64 bytes for good; 256 at 64; 256 at 320 beside it; the output, 64, where the first 256 was.
    assert _plan(_chain(16, 64, 64, 16)) == ArenaPlan(0, 576, 576, 4, 0, True)


def test_plan_when_all_live_at_once_adds_them() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", (16,))
    parts = [builder.tensor(f"p{index}", (16,)) for index in range(4)]
    for part in parts:
        builder.op("TANH", [x], [part])
    builder.op("ADD_N", parts, [builder.tensor("y", (16,))])

    assert _plan(builder).arena_bytes == 6 * 64


def test_plan_when_sizes_are_odd_starts_each_at_64_bytes() -> None:
    plan = _plan(_chain(1, 1, 1))

    assert (plan.arena_bytes, plan.lower_bound_bytes) == (2 * 64 + 4, 12)


def test_plan_when_weights_are_constant_leaves_them_out() -> None:
    builder = _chain(16, 16)
    builder.op("ADD", [1, builder.tensor("w", (16,), data=[0.0] * 16)], [builder.tensor("y", (16,))])

    # x for good; the largest first, so t1 at 64 and y at 128.
    assert (_plan(builder).arena_bytes, _plan(builder).num_tensors) == (192, 3)


def test_plan_when_a_variable_is_there_keeps_it_throughout() -> None:
    builder = _chain(16, 16, 16, 16, 16)
    state = builder.tensor("state", (1000,), variable=True)
    builder.op("ADD", [4, state], [builder.tensor("y", (16,))])

    assert _plan(builder).arena_bytes >= 4000 + 3 * 64
    assert _plan(_chain(16, 16, 16, 16, 16)).arena_bytes == 192


def test_plan_when_a_shape_is_open_counts_it_and_says_so() -> None:
    assert plan_arenas(read_graph(models.dynamic_shape()))[0].num_unknown == 2
    assert plan_arenas(read_graph(models.dense()))[0].num_unknown == 0


def test_plan_when_weights_are_int8_under_float_adds_the_scratch_of_the_kernel() -> None:
    # x 64 and y 32 bytes; input in int8 16, sums 32, a scale and a zero point 4 each, every one at a multiple of 64.
    assert plan_arenas(read_graph(models.dense("int8_dynamic")))[0].arena_bytes == 5 * 64 + 4
    assert plan_arenas(read_graph(models.dense()))[0].arena_bytes == 64 + 32


def test_plan_when_there_are_too_many_tensors_gives_the_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arena, "MAX_PLANNED_TENSORS", 3)

    assert _plan(_chain(16, 64, 64, 1)) == ArenaPlan(0, 576, 576, 4, 0, False)
    assert _plan(_chain(1, 1, 1)).is_planned


def test_plan_when_a_size_is_beyond_any_machine_is_a_number() -> None:
    plan = _plan(_chain(2**31 - 1, 2**31 - 1))
    assert plan.arena_bytes >= 2 * 4 * (2**31 - 1)
    builder = ModelBuilder()
    huge = [builder.tensor(f"h{index}", (2**31 - 1,) * 8) for index in range(5)]
    builder.op("ADD_N", huge[:4], huge[4:])
    assert _plan(builder).arena_bytes >= 2**62


@pytest.mark.parametrize(
    ("file", "measured"),
    [
        # Laid out by tflite-runtime 2.14 and ai-edge-litert 2.3 alike, without delegates: from the first to the last
        # byte of tensors that are side by side.
        ("seq2seq_bytes", {0: 1696, 1: 424}),
    ],
)
def test_plan_when_compared_with_an_interpreter_is_the_same(
    file: str, measured: dict[int, int], request: pytest.FixtureRequest
) -> None:
    plans = plan_arenas(read_graph(request.getfixturevalue(file)))

    assert {index: plans[index].arena_bytes for index in measured} == measured


def test_plan_when_subgraphs_are_many_spends_no_more_on_them_than_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arena, "MAX_PLANNED_TENSORS", 3)
    builder = _chain(1, 1, 1)
    for _ in range(2):
        builder.subgraph()
        builder.op("TANH", [builder.tensor("x", (1,))], [builder.tensor("y", (1,))])

    assert [plan.is_planned for plan in plan_arenas(read_graph(builder.build()))] == [True, False, False]


@pytest.mark.parametrize(
    ("places", "constants", "size"),
    [
        ([(0, 64, 10), (1, 128, 64), (2, 192, 8)], (), 136),  # At most 64 bytes apart: one block.
        ([(0, 64, 10), (1, 200, 64), (2, 10_000, 20)], (), 64),  # Far apart: three, and the largest counts.
        ([(0, 64, 64), (1, 128, 64)], (1,), 64),
        ([(0, 64, 0)], (), 0),
        ([], (), 0),
    ],
)
def test_span_of_arena_when_given_places_is_the_largest_block(
    places: list[tuple[int, int, int]], constants: tuple[int, ...], size: int
) -> None:
    assert span_of_arena(np.array(places, np.int64).reshape(-1, 3), constants) == size
