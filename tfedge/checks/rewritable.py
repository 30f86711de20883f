"""Which stored weights may be rounded anew to one scale: those that every reader reads in the same, known way."""

from __future__ import annotations

import collections
import math

import numpy as np

from tfedge.checks.true_versions import is_hybrid, is_per_channel, weights_of
from tfedge.modelfile.layout import Place
from tfedge.modelfile.rewrite import ModelEditor
from tfedge.modelfile.summary import GraphSummary, OpSummary, TensorSummary

PRODUCT = "FULLY_CONNECTED"
BIAS = 2  # Position of the bias among the inputs of a product.
_WEIGHTS = 1
_INT32_BYTES = 4
# The product of two such scales, and 127 times that, stay within float32, whose smallest normal number is 1.2e-38.
_SMALLEST_SCALE = 1e-18


def is_dynamic(op: OpSummary) -> bool:
    """Whether an op reads int8 weights and gives floats: products of float activations, and look-ups.

    Of these runtimes were measured that read one scale of many, and that are right with one. Convolutions are not: per
    channel is the form of theirs that runtimes read rightly.
    """
    if op.name == "EMBEDDING_LOOKUP":
        return op.output_dtypes == ("float32",)
    return op.name in (PRODUCT, "BATCH_MATMUL") and is_hybrid(op)


def is_static(op: OpSummary) -> bool:
    """Whether an op is an int8 product: int8 activations, of one scale, and weights."""
    if op.name != PRODUCT or op.input_dtypes[:2] != ("int8", "int8") or op.output_dtypes[:1] != ("int8",):
        return False
    activations = op.inputs[0]
    return activations is not None and activations.num_scales == 1 and is_scale(activations.scale)


def rewritable_buffers(editor: ModelEditor, graph: GraphSummary) -> frozenset[int]:
    """Returns the buffers of int8 weights with a scale a channel that may get one scale.

    Every op that reads one, in any subgraph, is a dynamic or static product, a look-up or a DEQUANTIZE; all tensors in
    the buffer mean the same numbers; and nothing else of the file can see it: no input or output of a subgraph, no op
    that carries it on, such as a loop.
    """
    readers: dict[int, list[tuple[OpSummary, int]]] = collections.defaultdict(list)
    for op in graph.ops:
        for position, tensor in enumerate(op.inputs):
            if tensor is not None and tensor.is_constant:
                readers[tensor.buffer].append((op, position))
    given = {tensor.buffer for subgraph in graph.subgraphs for tensor in (*subgraph.inputs, *subgraph.outputs)}
    found = set()
    for weights in graph.weights:
        if weights.buffer in given or not all(_reads_weights(op, place) for op, place in readers[weights.buffer]):
            continue
        if is_per_channel(weights) and _is_plain(weights, 1) and _mean_the_same(editor, weights):
            found.add(weights.buffer)
    return frozenset(found)


def _reads_weights(op: OpSummary, position: int) -> bool:
    """Whether an op reads int8 weights at `position` in a way that is known, whatever their number of scales."""
    if op.name == "DEQUANTIZE":  # Weights kept small, and computed in float.
        return position == 0
    if position != _WEIGHTS or weights_of(op) is None:
        return False
    return is_dynamic(op) or (is_static(op) and _has_plain_bias(op))


def _has_plain_bias(op: OpSummary) -> bool:
    """Whether an int8 product has no bias, or a stored int32 one that can be counted in another step."""
    bias = op.inputs[BIAS] if len(op.inputs) > BIAS else None
    return bias is None or (bias.is_constant and bias.dtype == "int32" and _is_plain(bias, _INT32_BYTES))


def _is_plain(tensor: TensorSummary, value_bytes: int) -> bool:
    """Whether a tensor stores every value of its shape: not sparse, and no variable's first value."""
    return not tensor.is_variable and tensor.weight_bytes == value_bytes * math.prod(tensor.shape)


def _mean_the_same(editor: ModelEditor, weights: TensorSummary) -> bool:
    """Whether all tensors of a buffer have the scales of `weights`, and those are numbers that can be divided by."""
    place: Place = (weights.subgraph, weights.index)
    scales, points, axis = editor.quantization(place)
    if not all(is_scale(float(scale)) for scale in scales):
        return False
    for other in editor.sharing(place):
        other_scales, other_points, other_axis = editor.quantization(other)
        same = np.array_equal(scales, other_scales) and np.array_equal(points, other_points) and axis == other_axis
        if not same or editor.shape(other) != editor.shape(place):
            return False
    return True


def is_scale(value: float | None) -> bool:
    """Whether a scale is a number that can be multiplied and divided by in float32."""
    return value is not None and _SMALLEST_SCALE < value < 1 / _SMALLEST_SCALE  # False for NaN too.
