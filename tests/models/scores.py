"""Attention in small: scores of a query and keys, masks and flags made of ids, SOFTMAX, a weighted sum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfedge.modelfile.builder import ModelBuilder

QUERIES, KEYS, WIDTH = 4, 8, 16
SIGNATURE = "serving_default"
CAUSAL = np.triu(np.ones((QUERIES, KEYS)), 1)


class Attention:
    """ids int32 (1, KEYS), query (1, QUERIES, WIDTH) and key (1, KEYS, WIDTH) -> y (1, QUERIES, WIDTH).

    Attributes:
        scores: (1, QUERIES, KEYS).
        flags: (1, 1, KEYS), 1 where an id is not 0.
    """

    def __init__(self, name: str = "attention") -> None:
        self.builder = ModelBuilder(name)
        self._ids = self.builder.tensor("ids", (1, KEYS), "int32")
        self._query = self.builder.tensor("query", (1, QUERIES, WIDTH))
        self._key = self.builder.tensor("key", (1, KEYS, WIDTH))
        self.scores = self.op("BATCH_MATMUL", [self._query, self._key], (1, QUERIES, KEYS), adjY=True)
        is_word = self.builder.tensor("is_word", (1, KEYS), "bool")
        self.builder.op("NOT_EQUAL", [self._ids, self.builder.tensor("padding", (), "int32", 0)], [is_word])
        shape = self.builder.tensor("shape", (3,), "int32", [1, 1, KEYS])
        self.flags = self.op("RESHAPE", [self.op("CAST", [is_word], (1, KEYS)), shape], (1, 1, KEYS))

    def op(self, name: str, inputs: list[int], shape: tuple[int, ...] = (1, QUERIES, KEYS), **options: object) -> int:
        """Adds an op with one float output and returns that."""
        made = self.builder.tensor(f"attention/{name.lower()}", shape)
        self.builder.op(name, inputs, [made], options=options)
        return made

    def constant(self, value: object) -> int:
        """Adds stored float values."""
        return self.builder.tensor("constant", np.shape(value), data=value)

    def mask(self, size: float) -> int:
        """(1, 1, KEYS): 0 at words, `size` at padding."""
        forbidden = self.op("SUB", [self.constant(1.0), self.flags], (1, 1, KEYS))
        return self.op("MUL", [forbidden, self.constant(size)], (1, 1, KEYS))

    def weights(self, scores: int) -> int:
        """SOFTMAX of scores."""
        return self.op("SOFTMAX", [scores], beta=1.0)

    def build(self, weights: int) -> bytes:
        """Returns the file whose answer is the keys weighted."""
        y = self.op("BATCH_MATMUL", [weights, self._key], (1, QUERIES, WIDTH))
        inputs = {"ids": self._ids, "query": self._query, "key": self._key}
        self.builder.signature(SIGNATURE, inputs, {"y": y})
        return self.builder.build()


def masked(change: Callable[[Attention, int], int]) -> bytes:
    """Attention whose scores are changed by `change(attention, scores)` before SOFTMAX."""
    made = Attention()
    return made.build(made.weights(change(made, made.scores)))


def weighted(change: Callable[[Attention, int], int]) -> bytes:
    """Attention whose weights are changed by `change(attention, weights)` after SOFTMAX."""
    made = Attention()
    return made.build(change(made, made.weights(made.scores)))


def added(*sizes: float) -> bytes:
    """Attention with a mask of each size added, one after another."""

    def change(made: Attention, scores: int) -> int:
        for size in sizes:
            scores = made.op("ADD", [scores, made.mask(size)])
        return scores

    return masked(change)


def joined(*sizes: float) -> bytes:
    """Attention with one mask added, the smallest of all at each position."""

    def change(made: Attention, scores: int) -> int:
        first, *others = (made.mask(size) for size in sizes)
        for other in others:
            first = made.op("MINIMUM", [first, other], (1, 1, KEYS))
        return made.op("ADD", [scores, first])

    return masked(change)


def multiplied(by: str = "keys") -> bytes:
    """Attention whose scores are multiplied: by flags of the "keys", or by a "number"."""
    return masked(lambda made, scores: made.op("MUL", [scores, made.flags if by == "keys" else made.constant(0.25)]))


def weights_multiplied(renormalized: bool = False) -> bytes:
    """Attention whose weights are multiplied by flags of the keys, and then divided by their sum or not."""

    def change(made: Attention, weights: int) -> int:
        kept = made.op("MUL", [weights, made.flags])
        if not renormalized:
            return kept
        axis = made.builder.tensor("axis", (), "int32", -1)
        return made.op("DIV", [kept, made.op("SUM", [kept, axis], (1, QUERIES, 1), keepDims=True)])

    return weighted(change)


def masks_in_loop(*sizes: float) -> bytes:
    """As `added`, with scores and masks carried into the body of a WHILE, where SOFTMAX is."""
    made = Attention("loop")
    outer = [made.scores, *(made.mask(size) for size in sizes)]
    builder = made.builder
    shapes = [(1, QUERIES, KEYS), *[(1, 1, KEYS)] * len(sizes)]
    step, after = builder.tensor("i", (), "int32", 0), builder.tensor("i_end", (), "int32")
    ends = [builder.tensor(f"end_{place}", shape) for place, shape in enumerate(shapes)]
    loops = {"condSubgraphIndex": 1, "bodySubgraphIndex": 2}
    builder.op("WHILE", [step, *outer], [after, *ends], options=loops)
    made.build(ends[0])
    for name in ("condition", "body"):
        builder.subgraph(name)
        step = builder.tensor("i", (), "int32")
        carried = [builder.tensor(f"carried_{place}", shape) for place, shape in enumerate(shapes)]
        if name == "condition":
            less = builder.tensor("less", (), "bool")
            builder.op("LESS", [step, builder.tensor("steps", (), "int32", 2)], [less])
            builder.interface([step, *carried], [less])
            continue
        following = builder.tensor("i+1", (), "int32")
        builder.op("ADD", [step, builder.tensor("one", (), "int32", 1)], [following])
        scores = carried[0]
        for mask in carried[1:]:
            scores = made.op("ADD", [scores, mask])
        builder.interface([step, *carried], [following, made.weights(scores), *carried[1:]])
    return builder.build()
