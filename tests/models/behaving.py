"""Files that load and misbehave: crash, hang, take all memory, answer nothing, or do not listen; and near twins."""

from __future__ import annotations

import numpy as np

from tfedge.modelfile.builder import ModelBuilder

SIZE, WIDTH, VOCAB, LENGTH, STEPS = 8, 4, 8, 4, 6


def slices(begin: int = 2) -> bytes:
    """x (1, 8) -> RELU -> h[:, begin : begin + 4] -> TANH -> z (1, 4).

    From the 5th on there is nothing to slice: tflite-runtime 2.14 reads on, and far enough outside it dies by SIGSEGV.
    """
    builder = ModelBuilder("slices")
    x, hidden = builder.tensor("x", (1, SIZE)), builder.tensor("encoder/relu/h", (1, SIZE))
    builder.op("RELU", [x], [hidden])
    cut, z = builder.tensor("decoder/cut/slice", (1, 4)), builder.tensor("z", (1, 4))
    start = builder.tensor("begin", (2,), "int32", [0, begin])
    builder.op("SLICE", [hidden, start, builder.tensor("size", (2,), "int32", [1, 4])], [cut])
    builder.op("TANH", [cut], [z])
    builder.signature("serving_default", {"x": x}, {"z": z})
    return builder.build()


FAR = 2**29  # Where no process has memory.


def endless() -> bytes:
    """x (1, 8) -> RELU -> a WHILE whose condition is always true -> y; its near twin is `loop()`."""
    builder = ModelBuilder("endless")
    x, hidden, y = (builder.tensor(name, (1, SIZE)) for name in ("x", "h", "y"))
    builder.op("RELU", [x], [hidden])
    builder.op("WHILE", [hidden], [y], options={"condSubgraphIndex": 1, "bodySubgraphIndex": 2})
    builder.interface([x], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    builder.subgraph("condition")
    state, true = builder.tensor("x", (1, SIZE)), builder.tensor("true", (), "bool")
    builder.op("LOGICAL_NOT", [builder.tensor("false", (), "bool", np.array(False))], [true])
    builder.interface([state], [true])
    builder.subgraph("body")
    state, more = builder.tensor("x", (1, SIZE)), builder.tensor("x+1", (1, SIZE))
    builder.op("ADD", [state, builder.tensor("one", (), data=1.0)], [more])
    builder.interface([state], [more])
    return builder.build()


def tiles(times: int = 4) -> bytes:
    """x (1, 1) -> TILE `times` x 2**20 -> their sum y (1,): 4 MiB each time."""
    builder = ModelBuilder("tiles")
    x, many, y = builder.tensor("x", (1, 1)), builder.tensor("blocks/tile", (1, 1)), builder.tensor("y", (1,))
    builder.op("TILE", [x, builder.tensor("times", (2,), "int32", [times, 2**20])], [many])
    builder.op("REDUCE_MAX", [many, builder.tensor("axes", (1,), "int32", [1])], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()


def scaled(factor: float = 1.0, offset: float = 0.0) -> bytes:
    """x (1, 8) -> x * factor + offset -> y: with a factor of 0 a dead output, which still depends on x in the graph."""
    builder = ModelBuilder("scaled")
    x, product, y = (builder.tensor(name, (1, SIZE)) for name in ("x", "x*factor", "y"))
    builder.op("MUL", [x, builder.tensor("factor", (1, SIZE), data=np.full((1, SIZE), factor))], [product])
    builder.op("ADD", [product, builder.tensor("offset", (1, SIZE), data=np.full((1, SIZE), offset))], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()


def seq2seq(listening: float = 1.0, remembering: float = 1.0) -> bytes:
    """A decoder small enough to read: `encode` and `decode_step`, which adds up its source, its past and its token.

    encode: source_ids int32 (1, 4) -> states (1, 4), the mean embedding.
    decode_step: token_ids (1, 1), cache_update_index (1,), states, cache_tokens (1, 6, 4) -> logits (1, 8), cache.

    Args:
        listening: factor of the states in the decoder; with 0 it answers the same to every source.
        remembering: factor of token and cache; with 0 its logits are the source's and a bias.
    """
    rng = np.random.default_rng(5)
    table = rng.normal(size=(VOCAB, WIDTH))
    builder = ModelBuilder("seq2seq")
    source, states = builder.tensor("source_ids", (1, LENGTH), "int32"), builder.tensor("states", (1, WIDTH))
    embedded = builder.tensor("embedded", (1, LENGTH, WIDTH))
    builder.op("GATHER", [builder.tensor("encoder/table", table.shape, data=table), source], [embedded])
    builder.op("MEAN", [embedded, builder.tensor("axis", (1,), "int32", [1])], [states])
    builder.signature("encode", {"source_ids": source}, {"states": states})
    builder.subgraph("decode_step")
    token, index = builder.tensor("token_ids", (1, 1), "int32"), builder.tensor("cache_update_index", (1,), "int32")
    states, cache = builder.tensor("states", (1, WIDTH)), builder.tensor("cache_tokens", (1, STEPS, WIDTH))
    embedded, new_cache = builder.tensor("embedded", (1, 1, WIDTH)), builder.tensor("new_cache", (1, STEPS, WIDTH))
    builder.op("GATHER", [builder.tensor("decoder/table", table.shape, data=table[::-1]), token], [embedded])
    zero = builder.tensor("zero", (1,), "int32", [0])
    start = builder.tensor("start", (3,), "int32")
    builder.op("CONCATENATION", [zero, index, zero], [start], options={"axis": 0})
    builder.op("DYNAMIC_UPDATE_SLICE", [cache, embedded, start], [new_cache])
    past, heard, told = (builder.tensor(name, (1, WIDTH)) for name in ("past", "heard", "told"))
    builder.op("SUM", [new_cache, builder.tensor("axis", (1,), "int32", [1])], [past])
    builder.op("MUL", [past, builder.tensor("remembering", (1, WIDTH), data=np.full((1, WIDTH), remembering))], [told])
    builder.op("MUL", [states, builder.tensor("listening", (1, WIDTH), data=np.full((1, WIDTH), listening))], [heard])
    both, logits = builder.tensor("both", (1, WIDTH)), builder.tensor("logits", (1, VOCAB))
    builder.op("ADD", [told, heard], [both])
    weights = builder.tensor("head/kernel", (VOCAB, WIDTH), data=rng.normal(size=(VOCAB, WIDTH)))
    bias = builder.tensor("head/bias", (VOCAB,), data=rng.normal(size=VOCAB))
    builder.op("FULLY_CONNECTED", [both, weights, bias], [logits])
    builder.interface([token, index, states, cache], [logits, new_cache])
    inputs = {"token_ids": token, "cache_update_index": index, "states": states, "cache_tokens": cache}
    builder.signature("decode_step", inputs, {"logits": logits, "cache_tokens": new_cache})
    return builder.build()


def answers(listening: int = 1) -> bytes:
    """`greedy`: source_ids int32 (1, 4) -> target_ids int32 (1, 4): the ids themselves; with 0 always one answer."""
    builder = ModelBuilder("answers")
    source, target = (
        builder.tensor("source_ids", (1, LENGTH), "int32"),
        builder.tensor("target_ids", (1, LENGTH), "int32"),
    )
    table = builder.tensor("table", (SIZE, 1), data=np.arange(SIZE)[:, None])
    found, ids, scaled_ids = (
        builder.tensor("found", (1, LENGTH, 1)),
        builder.tensor("ids", (1, LENGTH), "int32"),
        builder.tensor("scaled", (1, LENGTH), "int32"),
    )
    builder.op("GATHER", [table, source], [found])
    flat = builder.tensor("flat", (1, LENGTH))
    builder.op("RESHAPE", [found, builder.tensor("shape", (2,), "int32", [1, LENGTH])], [flat])
    builder.op("CAST", [flat], [ids], options={"inDataType": 0, "outDataType": 2})
    builder.op("MUL", [ids, builder.tensor("factor", (1, LENGTH), "int32", [[listening] * LENGTH])], [scaled_ids])
    added = [[0] * LENGTH] if listening else [[5, 6, 7, 2]]
    builder.op("ADD", [scaled_ids, builder.tensor("added", (1, LENGTH), "int32", added)], [target])
    builder.signature("greedy", {"source_ids": source}, {"target_ids": target})
    return builder.build()


def without_signature(dtype: str = "float32") -> bytes:
    """x (1, 8) -> RELU -> y, called by its tensors' names as old files are; `dtype` of both."""
    builder = ModelBuilder("without signature")
    x, y = builder.tensor("x", (1, SIZE), dtype), builder.tensor("y", (1, SIZE), dtype)
    builder.op("RELU", [x], [y])
    builder.interface([x], [y])
    return builder.build()


def noise() -> bytes:
    """x (1, 8) -> x + random numbers -> y: another answer at every call."""
    builder = ModelBuilder("noise")
    x, drawn, y = (builder.tensor(name, (1, SIZE)) for name in ("x", "noise", "y"))
    builder.op("RANDOM_UNIFORM", [builder.tensor("shape", (2,), "int32", [1, SIZE])], [drawn], options={"seed": 1})
    builder.op("ADD", [x, drawn], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()
