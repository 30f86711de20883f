"""A traced function as a graph of TensorFlow ops: who makes a tensor, who reads it, what is constant, which layer."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import function_def_to_graph  # The bodies of loops have no public reader.

# Ops that hand values on: other shape, other type, another name.
SHAPING = frozenset(
    "Reshape ExpandDims Squeeze Transpose Identity StopGradient Cast EnsureShape BroadcastTo Tile Pack Slice "
    "StridedSlice ConcatV2 GatherV2 CheckNumerics PreventGradient".split()
)
# Ops that sum over an axis: what comes out is another quantity.
CONTRACTIONS = frozenset("MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum Conv2D Conv1D Softmax".split())
COMPARISONS = frozenset(
    "Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr LogicalNot MatrixBandPart".split()
)
_FOLDED = frozenset("Const Range AddV2 Add Sub Mul Neg RealDiv Fill OnesLike ZerosLike SelectV2 Select Pow".split())
_MAX_VALUE_SIZE, _MAX_FOLDED_OPS = 1_000_000, 64


class TracedGraph:
    """The ops of one traced function, and those inside its loops and branches.

    Args:
        function: a concrete function.
    """

    def __init__(self, function: Any) -> None:
        self.name = str(function.name)
        bodies = function.graph.as_graph_def().library.function
        graphs = [function.graph, *(_body(body, function.graph) for body in bodies)]
        self.ops: list[Any] = [op for graph in graphs for op in graph.get_operations()]
        self._readers: dict[str, list[Any]] = collections.defaultdict(list)
        for op in self.ops:
            for tensor in op.inputs:
                self._readers[_key(tensor)].append(op)

    def of_type(self, *types: str) -> Iterator[Any]:
        """Yields the ops of these types, in order."""
        yield from (op for op in self.ops if op.type in types)

    def readers(self, tensor: Any) -> list[Any]:
        """Returns the ops that read a tensor, in order."""
        return self._readers[_key(tensor)]

    def shaped_readers(self, tensor: Any) -> Iterator[Any]:
        """Yields the ops that read a tensor's values, through ops that only hand them on."""
        waiting, seen = [tensor], set()
        while waiting:
            here = waiting.pop()
            for op in self.readers(here):
                if op.type not in SHAPING:
                    yield op
                elif op.name not in seen:
                    seen.add(op.name)
                    waiting += op.outputs


def source(tensor: Any) -> Any:
    """Returns the tensor whose values `tensor` hands on."""
    while tensor.op.type in SHAPING and len(tensor.op.inputs):
        tensor = tensor.op.inputs[0]
    return tensor


def upstream(tensor: Any) -> Iterator[Any]:
    """Yields the ops that make a tensor, back to contractions and inputs; a contraction itself is the last one."""
    waiting, seen = [tensor.op], set()
    while waiting:
        op = waiting.pop()
        if id(op) in seen:
            continue
        seen.add(id(op))
        yield op
        if op.type not in CONTRACTIONS:
            waiting += [source.op for source in op.inputs]


def is_mask(tensor: Any) -> bool:
    """Whether a tensor tells which positions count: it comes from a comparison, or from an input so called."""
    made = list(upstream(tensor))
    if any(op.type in CONTRACTIONS for op in made):
        return False
    inputs = [op for op in made if op.type == "Placeholder"]
    return any(op.type in COMPARISONS for op in made) or any(
        "mask" in op.name.lower() or op.outputs[0].dtype == tf.bool for op in inputs
    )


def depends_on_product(tensor: Any) -> bool:
    """Whether a tensor comes from a product of matrices by elementwise ops, as attention scores do."""
    return any(op.type in CONTRACTIONS and op.type != "Softmax" for op in upstream(tensor))


def value(tensor: Any) -> np.ndarray | None:
    """Returns the value of a float tensor that depends on no input and no variable; None of any other, and of a very
    large one."""
    shape = tensor.shape
    if not shape.is_fully_defined() or shape.num_elements() > _MAX_VALUE_SIZE or not tensor.dtype.is_floating:
        return None
    static = tf.get_static_value(tensor)
    made = list(itertools.islice(upstream(tensor), _MAX_FOLDED_OPS + 1))
    if static is None and len(made) <= _MAX_FOLDED_OPS and all(map(_is_constant_op, made)):
        with tf.compat.v1.Session(graph=tensor.graph) as session:  # A mask made by ops, such as a causal one.
            static = session.run(tensor)
    return None if static is None else np.asarray(static)


def _is_constant_op(op: Any) -> bool:
    return op.type in _FOLDED or (op.type in SHAPING | COMPARISONS and len(op.inputs) > 0)


def layer(op: Any) -> str:
    """Returns the path of the layer that an op stands in: its name scopes without the op's own and TensorFlow's."""
    words = op.name.split("/")[:-1]
    if op.name.endswith(("/x", "/y")) and words:  # A constant operand: "LAYER/add/y".
        words.pop()
    while words and words[-1][:1].isupper():
        words.pop()
    return "/".join(words)


def _key(tensor: Any) -> str:
    return f"{id(tensor.graph)}/{tensor.name}"


def _body(body: Any, graph: Any) -> Any:
    with graph.as_default():  # Bodies call each other: functions are looked up in the graph that holds them.
        return function_def_to_graph.function_def_to_graph(body)
