from __future__ import annotations

import keras
import numpy as np
import pytest

from tests import references
from tests.attention_cases import DIM, HEADS, HIDDEN, attend_to_itself, padded_bias
from tests.contracts import convert
from tfedge.layers.attention_kinds import make_attention
from tfedge.layers.attention_patterns import BlockPattern, StridedPattern
from tfedge.modelfile.graph import read_graph
from tools.limit.floor import products

PATTERNS = (
    StridedPattern(1, 3, block_size=4),
    StridedPattern(1, 9, is_causal=True),
    StridedPattern(3, 2, num_global=2, is_causal=True, block_size=3),
    StridedPattern(4, num_global=1),
    BlockPattern(8),
    BlockPattern(4, (-3, -1, 0), num_global=6, is_causal=True),
    BlockPattern(8, (0, 2), num_global=49),  # More global positions than some inputs have.
)


def layer_of(pattern, key_value_heads, floats):
    """Scores are below 10 by far: a mask of -30 hides."""
    layer = make_attention("sparse", HEADS, DIM, key_value_heads, {"pattern": pattern})
    layer.build((None, None, HIDDEN))
    layer.set_weights([floats(*weight.shape) / 4 for weight in layer.get_weights()])
    return layer


@pytest.mark.parametrize("length", [5, 48, 51])
@pytest.mark.parametrize("pattern", PATTERNS, ids=repr)
def test_blocks_then_equal_dense_attention_with_the_pattern_as_mask(floats, pattern, length):
    pairs = references.pattern_bias(references.pairs_seen(pattern, length))
    bias, shown = padded_bias(length - 2, length, size=length), np.ones((2, length), bool)
    shown[0, -2:] = False
    for key_value_heads in (1, 2, 4):
        layer, x = layer_of(pattern, key_value_heads, floats), floats(2, length, HIDDEN)
        padded, _ = references.attention(layer, x, x, bias + pairs, references.scaled_dot)
        # float32 against float64, and exp(-20) of what -30 hides where scores differ by 10.
        np.testing.assert_allclose(attend_to_itself(layer, x, bias)[shown], padded[shown], rtol=1e-4, atol=1e-5)
        whole, _ = references.attention(layer, x, x, pairs[None, None], references.scaled_dot)
        np.testing.assert_allclose(attend_to_itself(layer, x, 0.0), whole, rtol=1e-4, atol=1e-5)


def test_blocks_when_everything_is_hidden_then_finite(floats):
    layer, x = layer_of(PATTERNS[2], 2, floats), floats(1, 20, HIDDEN)
    assert np.isfinite(attend_to_itself(layer, x, padded_bias(0, size=20))).all()


def test_blocks_when_keys_are_of_another_source_then_refused(floats):
    layer, x = layer_of(PATTERNS[0], 2, floats), floats(1, 20, HIDDEN)
    keys, values = layer.project(x)
    with pytest.raises(ValueError, match="needs as many keys as queries; got 20 keys for 14 query rows"):
        layer(x[:, :7], keys, values, attention_bias=0.0)


def test_blocks_when_the_bias_has_another_length_then_refused(floats):
    layer, x = layer_of(PATTERNS[0], 2, floats), floats(1, 20, HIDDEN)
    with pytest.raises(ValueError, match=r"`attention_bias` must be \(batch, 1, 1, 20\) or 0; got \(1, 1, 1, 19\)"):
        attend_to_itself(layer, x, padded_bias(19, size=19))


SKIPPING = {
    "local": {"window": 8, "block_size": 8},
    "sparse": {"pattern": StridedPattern(2, 4, num_global=2, block_size=4)},
}


def cost(kinds, length):
    """Returns multiply-accumulates, elements written and bytes of a file with a layer of each kind."""
    layers = [make_attention(kind, 2, 4, options=SKIPPING.get(kind, {})) for kind in kinds]
    x = np.zeros((1, length, 8), np.float32)
    for layer in layers:
        layer.build(x.shape)
    owner = keras.layers.Layer()
    owner.parts = layers
    model_bytes = convert(owner, {"query": x}, lambda _, query: [attend_to_itself(part, query, 0.0) for part in layers])
    graph = read_graph(model_bytes)
    elements = sum(int(np.prod(tensor.shape)) for op in graph.ops for tensor in op.outputs)
    return sum(product.macs for product in products(graph, "call", 1)), elements, len(model_bytes)


def test_file_when_the_length_doubles_then_work_doubles_and_the_file_does_not_grow():
    short, double = cost(SKIPPING, 128), cost(SKIPPING, 256)
    # Everything grows with the length but blocks filled up and beyond the ends: a twentieth of 128 positions.
    for before, after in zip(short[:2], double[:2], strict=True):
        assert 1.9 < after / before < 2.05
    assert double[2] < 1.02 * short[2]  # Shapes and names; no mask of blocks.


def test_file_when_attention_is_dense_then_work_grows_by_more_than_double():
    short, double = cost(["scaled_dot_product"], 128), cost(["scaled_dot_product"], 256)
    for before, after in zip(short[:2], double[:2], strict=True):
        assert after / before > 3.5
