"""The rules, each a function of a traced graph that yields (layer, what was found)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfedge.conversion.lints.lint import Rule
from tfedge.conversion.lints.traced_graph import (
    TracedGraph,
    depends_on_product,
    is_mask,
    layer,
    source,
    value,
)

# 255 steps of int8 over 100 are 0.4 each: a score is off by up to 0.2, its weight by a fifth; exp(-30) is 1e-13.
MAX_MASK = 100.0
# Half of float16's smallest number, 2^-24: anything below becomes 0.
MIN_EPSILON = 2.0**-25
# int8 softmax has a fixed output step of 1/256.
MAX_KEYS = 256

_ADDS = ("AddV2", "Add", "Sub", "BiasAdd")
_SELECTS = ("SelectV2", "Select")
_PRODUCTS = ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum")
_WEIGHTS = ("ReadVariableOp", "Const")
Found = Iterator[tuple[str, str]]


def mask_magnitude(graph: TracedGraph) -> Found:
    """Constants beyond -100 that are made a mask, or are added to attention scores."""
    for op in graph.of_type("Mul", *_SELECTS):
        factors = op.inputs[1:] if op.type in _SELECTS else op.inputs
        if op.type == "Mul" and not any(_is_flags(other) for other in op.inputs):
            continue
        for tensor in factors:
            if (low := _large(tensor)) is not None:
                yield layer(op), f"positions are masked by {low:.4g}, at most -{MAX_MASK:g} is safe"
    for softmax in graph.of_type("Softmax"):
        for term in _terms(softmax.inputs[0]):
            if (low := _large(term)) is not None:
                yield layer(term.op), f"scores get {low:.4g} added, at most -{MAX_MASK:g} is safe"


def mask_doubled(graph: TracedGraph) -> Found:
    """Scores that get two masks added: a position that both forbid takes twice the range."""
    for softmax in graph.of_type("Softmax"):
        masks = [term for term in _terms(softmax.inputs[0]) if _is_added_mask(term)]
        if len(masks) > 1:
            yield layer(softmax), f"{len(masks)} masks are added to its scores"


def mask_multiplied(graph: TracedGraph) -> Found:
    """Scores, or softmax' weights, that are multiplied by a mask and by nothing else.

    Beside a mask that is added a factor does no harm, nor where weights are divided by their sum, nor where it is one
    number for all keys of a query.
    """
    masked = {term.op.name for softmax in graph.of_type("Softmax") for term in _beside_masks(softmax)}
    for op in graph.of_type("Mul"):
        for one, other in (op.inputs, reversed(op.inputs)):
            if not is_mask(other) or _large(other) is not None or (other.shape.rank and other.shape[-1] == 1):
                continue
            if source(one).op.type == "Softmax":
                if not _is_masked(source(one).op) and not _is_summed(graph, op):
                    yield layer(op), "weights are multiplied by a mask after softmax: they no longer add up to 1"
            elif depends_on_product(one) and op.name not in masked and _feeds_softmax(graph, op):
                yield layer(op), "scores are multiplied by a mask: a score of 0 has the weight of exp(0), not of 0"


def norm_epsilon(graph: TracedGraph) -> Found:
    """Normalizations whose epsilon is 0 in float16."""
    for op in graph.of_type("Rsqrt", "Sqrt"):
        added = source(op.inputs[0]).op
        if added.type not in ("AddV2", "Add", "Maximum"):
            continue
        for tensor in added.inputs:
            epsilon = value(tensor)
            if epsilon is not None and epsilon.size == 1 and 0 <= float(epsilon) < MIN_EPSILON:
                yield layer(op), f"epsilon is {float(epsilon):.3g}, below {MIN_EPSILON:.2g} it is 0 in float16"


def softmax_keys(graph: TracedGraph) -> Found:
    """Attention over more keys than int8 softmax has steps."""
    for op in graph.of_type("Softmax"):
        keys = op.inputs[0].shape[-1] if op.inputs[0].shape.rank else None
        if keys is not None and keys > MAX_KEYS and _feeds_product(graph, op.outputs[0]):
            yield layer(op), f"softmax over {keys} keys, at most {MAX_KEYS} are safe in int8"


def gelu_exact(graph: TracedGraph) -> Found:
    """The error function."""
    for op in graph.of_type("Erf", "Erfc"):
        yield layer(op), f"{op.type}, as in GELU without approximation"


def none_indexing(graph: TracedGraph) -> Found:
    """Indexing with None in the forms that become Flex ops.

    Measured over ranks 2 and 3, five forms: with two sizes or more open, where an ellipsis or more entries than axes
    stand between the brackets. x[:, None] stays builtin, x[:, None, :] of two axes does not.
    """
    for op in graph.of_type("StridedSlice"):
        shape, entries = op.inputs[0].shape, op.inputs[1].shape[0]
        if not op.get_attr("new_axis_mask") or (shape.rank is not None and _open(shape) < 2):
            continue
        if shape.rank is None or entries is None or entries > shape.rank or op.get_attr("ellipsis_mask"):
            yield layer(op), f"indexing with None on shape {_shown(shape)}"


def dense_open_shape(graph: TracedGraph) -> Found:
    """Dense layers with a bias on inputs of three axes or more, of which one before the last is open."""
    for op in graph.of_type("BiasAdd", "AddV2", "Add"):
        weights = [tensor for tensor in op.inputs if _is_weight(tensor) and tensor.shape.rank]
        others = [tensor for tensor in op.inputs if not _is_weight(tensor)]
        if len(weights) != 1 or len(others) != 1:
            continue
        shape, product = others[0].shape, source(others[0]).op
        if product.type not in _PRODUCTS or not any(_is_weight(tensor) for tensor in product.inputs):
            continue
        if shape.rank is None or (shape.rank > 2 and _open(shape[:-1])):
            yield layer(op), f"Dense with a bias on {_shown(shape)}"


def dense_without_bias(graph: TracedGraph) -> Found:
    """Products with stored weights to which no bias is added."""
    for op in graph.of_type("MatMul", "BatchMatMulV2"):
        if not any(_is_weight(tensor) and tensor.shape.rank == 2 for tensor in op.inputs):
            continue
        readers = list(graph.shaped_readers(op.outputs[0]))
        if not any(reader.type in _ADDS and any(map(_is_bias_weight, reader.inputs)) for reader in readers):
            yield layer(op), f"a product with weights {_shown(op.inputs[1].shape)} and no bias"


def _terms(tensor: Any) -> Iterator[Any]:
    """Yields what is added up to a tensor: its summands and theirs, constant factors and shapes apart."""
    tensor = source(tensor)
    op = tensor.op
    if op.type in _ADDS:
        for summand in op.inputs:
            yield from _terms(summand)
    elif op.type in ("Mul", "RealDiv") and sum(value(factor) is None for factor in op.inputs) == 1:
        if is_mask(tensor):
            yield tensor
        else:
            yield from (term for factor in op.inputs if value(factor) is None for term in _terms(factor))
    else:
        yield tensor


def _is_added_mask(tensor: Any) -> bool:
    """Whether a summand of scores is a mask: from a comparison, or a constant that forbids."""
    if depends_on_product(tensor):
        return False
    constant = value(tensor)
    return is_mask(tensor) if constant is None else bool(np.min(constant) <= -10)


def _is_masked(softmax: Any) -> bool:
    return any(map(_is_added_mask, _terms(softmax.inputs[0])))


def _beside_masks(softmax: Any) -> list[Any]:
    """Returns the terms of a softmax that gets a mask added."""
    return list(_terms(softmax.inputs[0])) if _is_masked(softmax) else []


def _is_summed(graph: TracedGraph, op: Any) -> bool:
    """Whether what an op makes is divided, or summed up to divide by."""
    return any(reader.type in ("Sum", "RealDiv", "DivNoNan") for reader in graph.shaped_readers(op.outputs[0]))


def _is_flags(tensor: Any) -> bool:
    """Whether a tensor is 0 or 1: from a comparison, one less what is, or a constant of both."""
    constant = value(tensor)
    return is_mask(tensor) if constant is None else constant.size > 1 and set(np.unique(constant)) <= {0.0, 1.0}


def _large(tensor: Any) -> float | None:
    """Returns the constant of a mask that is too large; None where it is none, or small enough.

    A mask that is subtracted has its sign turned, so that size alone counts; but only where all else is 0 or 1.
    """
    constant = value(tensor)
    if constant is None or not constant.size:
        return None
    low, high = float(np.min(constant)), float(np.max(constant))
    if low < -MAX_MASK:
        return low
    return -high if constant.size == 1 and high >= 1e4 else None


def _is_weight(tensor: Any) -> bool:
    return source(tensor).op.type in _WEIGHTS


def _is_bias_weight(tensor: Any) -> bool:
    return _is_weight(tensor) and bool(tensor.shape.rank)


def _feeds_softmax(graph: TracedGraph, op: Any) -> bool:
    return _reaches(graph, op.outputs[0], ("Softmax",))


def _feeds_product(graph: TracedGraph, tensor: Any) -> bool:
    return _reaches(graph, tensor, _PRODUCTS)


def _reaches(graph: TracedGraph, tensor: Any, types: tuple[str, ...]) -> bool:
    """Whether a tensor gets to an op of these types by elementwise ops."""
    waiting, seen = [tensor], set()
    while waiting:
        for op in graph.shaped_readers(waiting.pop()):
            if op.type in types:
                return True
            if op.type in ("Mul", "RealDiv", *_ADDS, *_SELECTS) and op.name not in seen:
                seen.add(op.name)
                waiting += op.outputs
    return False


def _open(shape: Any) -> int:
    return sum(size is None for size in shape)


def _shown(shape: Any) -> str:
    return "(" + ", ".join(str(size) for size in shape) + ")" if shape.rank is not None else "of unknown rank"


RULES = (
    Rule(
        "mask_magnitude",
        "an int8 tensor spreads 256 steps over its whole range: the mask takes them, and every real score becomes one "
        "and the same number (measured: word error rate 100 % with -1e9, +1.0 with -30); float16 overflows",
        "add -30 at forbidden positions: exp(-30) is 1e-13, nothing in float32; keras.layers.Softmax and "
        "MultiHeadAttention mask by -2e38 themselves: add a bias of your own to the scores, and pass them no mask",
        mask_magnitude,
    ),
    Rule(
        "mask_doubled",
        "where two masks meet their sum sets the range of int8 scores, twice as coarse as one mask needs",
        "combine the masks as booleans (and) and add one bias made of the result",
        mask_doubled,
    ),
    Rule(
        "mask_multiplied",
        "multiplying forbids nothing: softmax gives a score of 0 a weight like any other, and weights that are "
        "multiplied afterwards no longer add up to 1",
        "add a bias of 0 and -30 to the scores before softmax",
        mask_multiplied,
    ),
    Rule(
        "norm_epsilon",
        "in float16 weights and on GPUs that compute in float16 the epsilon is 0, and a row of equal values divides by "
        "0; in int8 it is far below one step",
        "train with an epsilon of 1e-6 or more (Keras' own defaults are 1e-3 and 1e-6)",
        norm_epsilon,
    ),
    Rule(
        "softmax_keys",
        "int8 softmax gives weights in steps of 1/256, by definition of the op: a weight under 1/512 becomes 0, and "
        "with many keys most weights are",
        "attend to fewer keys (windows, pooling), or keep softmax in float: a products-only recipe does",
        softmax_keys,
    ),
    Rule(
        "gelu_exact",
        "the converter recognizes one way of writing it (0.5 * x * (1 + erf(x / sqrt(2)))) and makes the op GELU of "
        "it; any other becomes FlexErf, which no plain interpreter has (measured, TensorFlow 2.21); on tflite-runtime "
        "2.14 GELU with erf takes 10 ns a value more than with tanh (x86)",
        "use keras.activations.gelu with approximate=True, or relu",
        gelu_exact,
    ),
    Rule(
        "none_indexing",
        "x[:, None, :] becomes FlexStridedSlice where batch and length are open, without a word from Keras' export "
        "(measured, TensorFlow 2.21); no plain interpreter has it",
        "use keras.ops.expand_dims, or fix the batch size",
        none_indexing,
    ),
    Rule(
        "dense_open_shape",
        "with a size open before the last axis the converter cannot fold the bias: 11 ops in place of 1, and a "
        "FULLY_CONNECTED without bias (measured, TensorFlow 2.21), which with per-channel int8 weights kills "
        "tflite-runtime 2.14 on ARM by SIGSEGV",
        "export with a fixed batch and length, or reshape to two axes before the layer",
        dense_open_shape,
    ),
    Rule(
        "dense_without_bias",
        "a FULLY_CONNECTED without bias with per-channel int8 weights kills tflite-runtime 2.14 on ARM by SIGSEGV "
        "(measured; x86 runs it)",
        "give the layer a bias and train it, or quantize its weights with one scale",
        dense_without_bias,
    ),
)
