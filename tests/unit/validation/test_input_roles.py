from __future__ import annotations

import pytest

from tests import models
from tests.models import behaving
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.validation.input_roles import Role, Tracer


def role_of(model: bytes, name: str, signature: str = "serving_default") -> Role:
    graph = read_graph(model)
    return Tracer(graph).role(name, graph.signatures[signature].inputs[name])


def with_op(name, shape, dtype, op, others, output, options=None, before=()) -> bytes:
    """Returns a model: the input `name` through the ops `before`, as the first free input of `op`."""
    builder = ModelBuilder()
    given = last = builder.tensor(name, shape, dtype)
    for kind, new_shape in before:
        moved = builder.tensor(kind.lower(), new_shape, dtype)
        extra = [builder.tensor("shape", (len(new_shape),), "int32", new_shape)] if kind == "RESHAPE" else []
        builder.op(kind, [last, *extra], [moved])
        last = moved
    inputs = [last if other is None else builder.tensor(f"c{place}", *other) for place, other in enumerate(others)]
    result = builder.tensor("y", *output)
    builder.op(op, inputs, [result], options=options or {})
    builder.signature("serving_default", {name: given}, {"y": result})
    return builder.build()


def test_role_when_ids_reach_a_table_is_bounded_by_its_rows():
    assert role_of(models.gather_dense(vocab_size=32), "token_ids") == Role("ids", 32)


def test_role_when_ids_are_reshaped_on_the_way_is_found_all_the_same():
    table = ((9, 2), "float32", [[0.0] * 2] * 9)
    model = with_op("w", (1, 4), "int32", "GATHER", [table, None], ((4, 2),), before=[("RESHAPE", (4,))])
    assert role_of(model, "w") == Role("ids", 9)


def test_role_when_ids_are_looked_up_or_made_one_hot_is_bounded_too():
    table = ((7, 2), "float32", [[0.0] * 2] * 7)
    lookup = with_op("w", (4,), "int32", "EMBEDDING_LOOKUP", [None, table], ((4, 2),))
    constants = [((), "int32", 5), ((), "float32", 1.0), ((), "float32", 0.0)]
    one_hot = with_op("w", (4,), "int32", "ONE_HOT", [None, *constants], ((4, 5),), {"axis": -1})
    assert (role_of(lookup, "w"), role_of(one_hot, "w")) == (Role("ids", 7), Role("ids", 5))


def test_role_when_a_position_is_written_at_leaves_room_for_the_slice():
    model = behaving.seq2seq()
    assert role_of(model, "cache_update_index", "decode_step") == Role("position", behaving.STEPS)
    assert role_of(model, "token_ids", "decode_step") == Role("ids", behaving.VOCAB)


def test_role_when_an_input_enters_a_loop_is_followed_inside():
    builder = ModelBuilder()
    ids, out = builder.tensor("ids", (1,), "int32"), builder.tensor("out", (1,), "int32")
    builder.op("WHILE", [ids], [out], options={"condSubgraphIndex": 1, "bodySubgraphIndex": 2})
    builder.interface([ids], [out])
    builder.signature("serving_default", {"ids": ids}, {"out": out})
    builder.subgraph("condition")
    state, less = builder.tensor("s", (1,), "int32"), builder.tensor("less", (1,), "bool")
    builder.op("LESS", [state, builder.tensor("n", (), "int32", 5)], [less])
    builder.interface([state], [less])
    builder.subgraph("body")
    state, row = builder.tensor("s", (1,), "int32"), builder.tensor("row", (1,), "int32")
    builder.op("GATHER", [builder.tensor("next", (6,), "int32", [1, 2, 3, 4, 5, 5]), state], [row])
    builder.interface([state], [row])
    assert role_of(builder.build(), "ids") == Role("ids", 6)


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "expected"),
    [
        ("attention_mask", (1, 8), "int32", Role("mask")),
        ("keep", (1, 8), "bool", Role("mask")),
        ("input_length", (1,), "int32", Role("length")),
        ("pixels", (1, 8, 8, 3), "uint8", Role("image")),
        ("pixels", (1, 8, 8, 3), "float32", Role("image")),
        ("features", (1, 8), "float32", Role("number")),
        ("count", (1, 8), "int32", Role("number")),
    ],
)
def test_role_when_no_op_tells_is_read_from_name_and_shape(name, shape, dtype, expected):
    model = with_op(name, shape, dtype, "ABS", [None], (shape, dtype))
    assert role_of(model, name) == expected
