"""Which layer a tensor belongs to, read from its name as Keras and the TFLite converter write it."""

from __future__ import annotations

import collections
import re

# A fused op carries the names of all it was made of; files with thousands of parts in one name are not from Keras.
_MAX_PARTS = 64
_MAX_LENGTH = 4096
# Those of TensorFlow's ops that are in lower case when Python's operators and Keras' own functions make them.
_OP_SCOPE = re.compile(
    r"(add|sub|mul|truediv|floordiv|pow|moments|batchnorm|strided_slice|concat|stack|unstack|split|transpose|range"
    r"|zeros|ones|einsum|matmul)(_\d+)?"
)


def layer_of(name: str) -> str:
    """Returns the path of a layer, such as "encoder/layer_0/dense"; empty where the name tells of none.

    The converter joins the names of fused ops with ";" and Keras writes LAYER/…/OP, ops in the spelling of TensorFlow
    (BiasAdd, MatMul, Tensordot) and layers in lower case. The layer that most parts name is taken, of equals the last:
    a dense layer fused with the normalization before it ends with its own bias.
    """
    layers = [_layer(part) for part in name[:_MAX_LENGTH].split(";")[:_MAX_PARTS]]
    named = [layer for layer in layers if layer]
    if not named:
        return ""
    counts = collections.Counter(named)
    most = max(counts.values())
    return next(layer for layer in reversed(named) if counts[layer] == most)


def _layer(part: str) -> str:
    words = part.strip("/").split("/")[:-1]  # The last word names the op.
    while words and "PartitionedCall" in words[0]:  # How TensorFlow calls the function that was converted.
        words.pop(0)
    while words and (words[-1][:1].isupper() or _OP_SCOPE.fullmatch(words[-1])):
        words.pop()
    return "/".join(words)
