"""Attention layers of a hand's size, how they are called, and what hides their positions."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfedge.layers import masks
from tfedge.layers.attention_kinds import make_attention

HIDDEN, HEADS, DIM = 16, 4, 3
# Query heads that share a key/value head: all (multi-query), two (grouped), one (multi-head).
KEY_VALUE_HEADS = (1, 2, 4)
NUM_EXAMPLES = 48  # Of `padded_examples`: conversion wants 32; a quarter is held out, and is what is compared.


def attend(layer: Any, query: Any, source: Any, attention_bias: Any) -> Any:
    """Calls an attention layer whose keys and values are of `source`."""
    return layer(query, *layer.project(source), attention_bias=attention_bias)


def attend_to_itself(layer: Any, query: Any, attention_bias: Any) -> Any:
    """Calls an attention layer whose keys and values are of its own positions."""
    return attend(layer, query, query, attention_bias)


def num_parameters(key_value_heads: int) -> int:
    """Returns how many numbers the four projections hold."""
    query, key_value = HEADS * DIM, key_value_heads * DIM
    return HIDDEN * query + query + 2 * (HIDDEN * key_value + key_value) + query * HIDDEN + HIDDEN


def built(kind: str, key_value_heads: int, floats: Any, **options: Any) -> Any:
    """Returns a layer of random weights; its biases are not zero either."""
    layer = make_attention(kind, HEADS, DIM, key_value_heads, options)
    layer.build((None, None, HIDDEN))
    layer.set_weights([floats(*weight.shape) / 2 for weight in layer.get_weights()])
    return layer


def trained_like(kind: str, seed: int = 0, **options: Any) -> Any:
    """Returns a layer of 24 positions of 64 features whose matrices are large enough for a converter to quantize."""
    keras.utils.set_random_seed(seed)
    layer = make_attention(kind, 4, 16, 2, options)
    layer.build((None, 24, 64))
    random = np.random.default_rng(seed)
    for variable in layer.trainable_variables:
        if not np.any(variable.numpy()):
            variable.assign(random.normal(scale=0.1, size=variable.shape))
    return layer


def padded_examples(length: int, mask_value: float = masks.MASK_VALUE) -> dict[str, np.ndarray]:
    """Returns examples for `int8_contract`, half of their positions hidden at most."""
    random = np.random.default_rng(0)
    bias = padded_bias(*random.integers(length // 2, length + 1, NUM_EXAMPLES), size=length)
    query = random.normal(size=(NUM_EXAMPLES, length, 64)).astype(np.float32)
    return {"query": query, "attention_bias": bias * np.float32(mask_value / masks.MASK_VALUE)}


def padded_bias(*lengths: int, size: int) -> np.ndarray:
    """Returns float32 (rows, 1, 1, size) that hides what stands behind each length."""
    ids = np.arange(size)[None, :] < np.array(lengths)[:, None]
    return np.asarray(masks.padding_bias(ids.astype(np.int32)))


def inputs_of_itself(floats: Any, length: int) -> dict[str, np.ndarray]:
    """Returns inputs of `attend` with as many keys as queries; the first row's last position is hidden."""
    bias = padded_bias(length - 1, length, size=length)
    return {"query": floats(2, length, HIDDEN), "source": floats(2, length, HIDDEN), "attention_bias": bias}


def biases(length: int) -> dict[str, np.ndarray]:
    """Returns biases of two rows, the first of two positions less: none, padding, causal and both."""
    padding, causal = padded_bias(length - 2, length, size=length), np.asarray(masks.causal_bias(length))
    none = np.zeros((1, 1, 1, length), np.float32)
    return {"none": none, "padding": padding, "causal": causal, "both": padding + causal}
