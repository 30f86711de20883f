"""Where the bytes of a model are: its stored tensors by dtype and by layer."""

from __future__ import annotations

import collections
import dataclasses

from tfedge.modelfile.summary import GraphSummary, Quantization


@dataclasses.dataclass(frozen=True)
class DtypeWeights:
    """The stored tensors of one dtype and one kind of quantization."""

    dtype: str
    quantization: Quantization
    num_tensors: int
    size_bytes: int


@dataclasses.dataclass(frozen=True)
class LayerWeights:
    """The stored tensors of one layer.

    Attributes:
        layer: its path, as `tfedge.modelfile.layer_names` reads it from names; empty: those whose layer is unknown.
        dtypes: all that are met in it, sorted.
        num_tensors: how many are stored.
        size_bytes: what they take.
    """

    layer: str
    dtypes: tuple[str, ...]
    num_tensors: int
    size_bytes: int


def weights_by_dtype(graph: GraphSummary) -> tuple[DtypeWeights, ...]:
    """Returns the weights by dtype and quantization, the largest first; a shared buffer counts once."""
    counts: collections.Counter[tuple[str, Quantization]] = collections.Counter()
    sizes: collections.Counter[tuple[str, Quantization]] = collections.Counter()
    for tensor in graph.weights:
        key = (tensor.dtype, tensor.quantization)
        counts[key] += 1
        sizes[key] += tensor.weight_bytes
    found = [DtypeWeights(*key, counts[key], size) for key, size in sizes.items()]
    return tuple(sorted(found, key=lambda one: (-one.size_bytes, one.dtype, one.quantization)))


def weights_by_layer(graph: GraphSummary) -> tuple[LayerWeights, ...]:
    """Returns the weights by layer, the largest first; a shared buffer counts once, in the layer that names it.

    A weight is often called after what it was folded from ("arith.constant3"). Then the layer is the one of the first
    op that reads it.
    """
    readers: dict[int, str] = {}
    for op in graph.ops:
        for tensor in op.inputs:
            if tensor is not None and tensor.is_constant and op.outputs and tensor.buffer not in readers:
                readers[tensor.buffer] = op.outputs[0].layer
    dtypes: dict[str, set[str]] = {}
    counts: collections.Counter[str] = collections.Counter()
    sizes: collections.Counter[str] = collections.Counter()
    for tensor in graph.weights:
        layer = tensor.layer or readers.get(tensor.buffer, "")
        dtypes.setdefault(layer, set()).add(tensor.dtype)
        counts[layer] += 1
        sizes[layer] += tensor.weight_bytes
    found = [LayerWeights(layer, tuple(sorted(dtypes[layer])), counts[layer], size) for layer, size in sizes.items()]
    return tuple(sorted(found, key=lambda one: (-one.size_bytes, one.layer)))
