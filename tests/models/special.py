"""Files with one thing each that some runtime minds: custom and Flex ops, loops, state, free shapes, NaN."""

from __future__ import annotations

import numpy as np

from tfedge.modelfile.builder import ModelBuilder

SIZE = 8


def with_custom_op(custom_code: str = "MyOp") -> bytes:
    """x (1, 8) -> a custom op -> y (1, 8)."""
    builder = ModelBuilder("custom op")
    x, y = builder.tensor("x", (1, SIZE)), builder.tensor("head/y", (1, SIZE))
    builder.op("CUSTOM", [x], [y], custom_code=custom_code)
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()


def with_flex_op() -> bytes:
    """x (1, 8) -> FlexErf, which needs TensorFlow -> y (1, 8)."""
    return with_custom_op("FlexErf")


def loop(steps: int = 5) -> bytes:
    """x (1, 8) -> a WHILE that adds 1 `steps` times -> y = x + steps."""
    builder = ModelBuilder("loop")
    x, y = builder.tensor("x", (1, SIZE)), builder.tensor("y", (1, SIZE))
    first, last = builder.tensor("i", (), "int32", 0), builder.tensor("last", (), "int32")
    builder.op("WHILE", [first, x], [last, y], options={"condSubgraphIndex": 1, "bodySubgraphIndex": 2})
    builder.interface([x], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    builder.subgraph("condition")
    i, state, less = (
        builder.tensor("i", (), "int32"),
        builder.tensor("x", (1, SIZE)),
        builder.tensor("less", (), "bool"),
    )
    builder.op("LESS", [i, builder.tensor("steps", (), "int32", steps)], [less])
    builder.interface([i, state], [less])
    builder.subgraph("body")
    i, state = builder.tensor("i", (), "int32"), builder.tensor("x", (1, SIZE))
    next_i, next_state = builder.tensor("i+1", (), "int32"), builder.tensor("x+1", (1, SIZE))
    builder.op("ADD", [i, builder.tensor("one_i", (), "int32", 1)], [next_i])
    builder.op("ADD", [state, builder.tensor("one", (), data=1.0)], [next_state])
    builder.interface([i, state], [next_i, next_state])
    return builder.build()


def with_variable(initialized: bool = False) -> bytes:
    """x (1, 8) -> x + a resource variable -> y; the variable is assigned before, or never."""
    builder = ModelBuilder("variable")
    x, handle = builder.tensor("x", (1, SIZE)), builder.tensor("handle", (1,), "resource")
    value, y = builder.tensor("value", (1, SIZE)), builder.tensor("y", (1, SIZE))
    builder.op("VAR_HANDLE", [], [handle], options={"container": "", "sharedName": "weights"})
    if initialized:
        ones = builder.tensor("ones", (1, SIZE), data=np.ones((1, SIZE)))
        builder.op("ASSIGN_VARIABLE", [handle, ones], [])
    builder.op("READ_VARIABLE", [handle], [value])
    builder.op("ADD", [x, value], [y])
    builder.interface([x], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()


def dynamic_shape() -> bytes:
    """x (-1, 8) -> x + 1 -> y (-1, 8): the batch is free."""
    builder = ModelBuilder("dynamic shape")
    x = builder.tensor("x", (1, SIZE), shape_signature=(-1, SIZE))
    y = builder.tensor("y", (1, SIZE), shape_signature=(-1, SIZE))
    builder.op("ADD", [x, builder.tensor("one", (), data=1.0)], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()


def with_metadata(min_runtime_version: str = "1.5.0", version: int = 12) -> bytes:
    """A FULLY_CONNECTED of `version` in a file that claims to run from `min_runtime_version` on."""
    builder = ModelBuilder("metadata")
    x, y = builder.tensor("x", (1, SIZE)), builder.tensor("y", (1, SIZE))
    builder.op("FULLY_CONNECTED", [x, builder.tensor("w", (SIZE, SIZE), data=np.eye(SIZE)), None], [y], version)
    builder.signature("serving_default", {"x": x}, {"y": y})
    builder.metadata("min_runtime_version", min_runtime_version.encode().ljust(16, b"\0"))
    return builder.build()


def with_nan_on_padding() -> bytes:
    """token_ids int32 (1, 8) -> the mean embedding of ids that are not 0 -> y (1, 4): 0 / 0 where all are padding."""
    builder = ModelBuilder("NaN on padding")
    ids = builder.tensor("token_ids", (1, SIZE), "int32")
    table = np.random.default_rng(3).uniform(-1, 1, (16, 4))
    table[0] = 0
    embedded = builder.tensor("embedded", (1, SIZE, 4))
    builder.op("GATHER", [builder.tensor("table", table.shape, data=table), ids], [embedded])
    total = builder.tensor("total", (1, 4))
    builder.op("SUM", [embedded, builder.tensor("axis", (1,), "int32", [1])], [total])
    present, mask = builder.tensor("present", (1, SIZE), "bool"), builder.tensor("mask", (1, SIZE))
    builder.op("NOT_EQUAL", [ids, builder.tensor("zero", (), "int32", 0)], [present])
    builder.op("CAST", [present], [mask], options={"inDataType": 6, "outDataType": 0})
    count, y = builder.tensor("count", (1, 1)), builder.tensor("y", (1, 4))
    builder.op("SUM", [mask, builder.tensor("axis_1", (1,), "int32", [1])], [count], options={"keepDims": True})
    builder.op("DIV", [total, count], [y])
    builder.signature("serving_default", {"token_ids": ids}, {"y": y})
    return builder.build()
