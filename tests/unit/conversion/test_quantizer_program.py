from __future__ import annotations

import numpy as np
import pytest

from tests.unit.conversion.graphs import SCHEMA, Graph
from tfedge.conversion.quantizer_program import check_scopes_are_met, load_samples, save_samples, widest
from tfedge.conversion.scopes import DYNAMIC, FLOAT, Scope


def test_load_samples_then_as_saved(tmp_path):
    random = np.random.default_rng(1)
    samples = {
        "encode": [{"source_ids": np.array([[index, 2]], np.int32)} for index in range(3)],
        "decode_step": [
            {"token_ids": np.array([[index]], np.int32), "cache/key": random.normal(size=(1, 2, 3)).astype(np.float32)}
            for index in range(5)
        ],
    }
    path = tmp_path / "samples.npz"
    save_samples(samples, str(path))
    loaded = load_samples(str(path))
    assert {name: len(rows) for name, rows in loaded.items()} == {"encode": 3, "decode_step": 5}
    for name, rows in samples.items():
        for ours, other in zip(rows, loaded[name], strict=True):
            assert list(ours) == list(other)
            for key, value in ours.items():
                assert value.dtype == other[key].dtype
                np.testing.assert_array_equal(value, other[key])


def test_widest_then_holds_both_ranges():
    before = {"min": np.array([-1.0]), "max": np.array([2.0])}
    for new in ({"min": np.array([-0.5]), "max": np.array([9.0])}, {"min": np.array([-7.0]), "max": np.array([1.0])}):
        both = widest(before, new)
        assert both["min"] == min(before["min"], new["min"])
        assert both["max"] == max(before["max"], new["max"])


@pytest.fixture
def model():
    """Two products and a softmax, named as the converter names them."""
    graph = Graph()
    graph.product("while/decoder_block_0_1/feed_forward_1/output_dense_1/BiasAdd", graph.buffer(None))
    graph.product("logits_dense_1/BiasAdd", graph.buffer(None))
    graph.op("SOFTMAX", [graph.tensor("in")], [graph.tensor("decoder_block_0_1/softmax_1/Softmax")])
    return graph.model


def test_check_scopes_when_each_holds_an_op_then_silent(model):
    layers = ["*", "logits_dense", "decoder_block_*", "decoder_block_0/feed_forward", "feed_forward/output_dense"]
    check_scopes_are_met([Scope(DYNAMIC, each) for each in layers], model, SCHEMA)
    check_scopes_are_met([Scope(FLOAT, "decoder_block_0", "SOFTMAX"), Scope(FLOAT, "softmax", "*")], model, SCHEMA)


def test_check_scopes_when_there_is_no_convolution_then_the_products_of_every_layer_are_enough(model):
    check_scopes_are_met([Scope(DYNAMIC), Scope(DYNAMIC, op="CONV_2D")], model, SCHEMA)
    with pytest.raises(ValueError, match="these scopes: CONV_2D in layers \\*"):
        check_scopes_are_met([Scope(DYNAMIC, op="CONV_2D")], model, SCHEMA)
    with pytest.raises(ValueError, match="these scopes: CONV_2D in layers stem"):
        check_scopes_are_met([Scope(DYNAMIC), Scope(DYNAMIC, "stem", "CONV_2D")], model, SCHEMA)


@pytest.mark.parametrize(
    ("layers", "op"),
    [("logits", "FULLY_CONNECTED"), ("decoder_block_1", "*"), ("logits_dense", "SOFTMAX"), ("*", "MEAN")],
)
def test_check_scopes_when_one_holds_none_then_it_is_named(model, layers, op):
    scopes = [Scope(DYNAMIC), Scope(FLOAT, layers, op)]
    with pytest.raises(ValueError) as caught:
        check_scopes_are_met(scopes, model, SCHEMA)
    assert str(caught.value) == f"no op of the network is in these scopes: {op} in layers {layers}"
