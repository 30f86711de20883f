"""One attention layer of a kind as a `.tflite`: random weights, a length, a recipe; and what it is called with."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfedge.conversion import recipes
from tfedge.conversion.representative import Representative
from tfedge.conversion.tensor_converter import TensorConverter
from tfedge.conversion.tensor_network import Entry, TensorNetwork, TensorShape
from tfedge.layers import masks
from tfedge.layers.attention_kinds import make_attention
from tfedge.tasks.tensor_task import TensorForm

SIGNATURE = "attend"
SEED = 7


def inputs(length: int, hidden_dim: int, seed: int = SEED) -> dict[str, np.ndarray]:
    """Returns float32 positions, (1, length, hidden_dim), and a bias, (1, 1, 1, length), that hides an eighth."""
    random = np.random.default_rng(seed)
    ids = (np.arange(length) < length - length // 8).astype(np.int32)
    bias = np.asarray(masks.padding_bias(ids[None]), np.float32)
    return {"positions": random.normal(size=(1, length, hidden_dim)).astype(np.float32), "attention_bias": bias}


class Converted:
    """One kind at one length, converted by one recipe after another.

    Args:
        kind: a key of `tfedge.layers.attention_kinds.KINDS`, with its own default options.
        length: positions.
        hidden_dim: width; heads of `hidden_dim / num_heads`.
        num_heads: query heads, and as many of keys and values.

    Raises:
        ConfigError: no such kind, or one that cannot do with this length.
        ConversionError: it cannot be traced.
    """

    def __init__(self, kind: str, length: int, hidden_dim: int, num_heads: int) -> None:
        keras.utils.set_random_seed(SEED)
        layer = make_attention(kind, num_heads, hidden_dim // num_heads)
        layer.build((None, length, hidden_dim))
        random = np.random.default_rng(SEED)
        for variable in layer.trainable_variables:
            if not np.any(variable.numpy()):  # As trained biases: a converter drops zeros.
                variable.assign(random.normal(scale=0.1, size=variable.shape))

        def attend(tensors: Any) -> dict[str, Any]:
            x = tensors["positions"]
            return {"outputs": layer(x, *layer.project(x), attention_bias=tensors["attention_bias"])}

        first = inputs(length, hidden_dim)
        shapes = {name: TensorShape("float32", array.shape[1:]) for name, array in first.items()}
        forms = {SIGNATURE: {name: TensorForm("float32", array.shape) for name, array in first.items()}}
        samples, held_out = {SIGNATURE: (first,)}, {SIGNATURE: (inputs(length, hidden_dim, SEED + 1),)}
        network = TensorNetwork({SIGNATURE: Entry(SIGNATURE, shapes, attend)}, {}, owner=layer)
        data = Representative(forms, samples, held_out, {SIGNATURE: 2}, SEED)
        self._converter = TensorConverter(network, data)

    def model_bytes(self, recipe: str) -> bytes:
        """Returns the file by one recipe.

        Raises:
            ConversionError: the converter refused.
        """
        return self._converter.convert(recipes.get(recipe)).model_bytes
