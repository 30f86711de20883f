"""Weights are counted once, by dtype and by the layer that their names or their readers tell."""

from __future__ import annotations

import numpy as np

from tests import models
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.weights import DtypeWeights, LayerWeights, weights_by_dtype, weights_by_layer


def test_weights_when_int8_per_channel_are_told_from_their_bias() -> None:
    graph = read_graph(models.dense("int8_dynamic", per_channel=True))

    assert weights_by_dtype(graph) == (
        DtypeWeights("int8", "per_channel", 1, 128),
        DtypeWeights("float32", "none", 1, 32),
    )
    assert weights_by_layer(graph) == (LayerWeights("dense", ("float32", "int8"), 2, 160),)


def test_weights_when_per_tensor_say_so() -> None:
    assert weights_by_dtype(read_graph(models.dense("int8_dynamic")))[0].quantization == "per_tensor"


def test_weights_when_a_buffer_is_shared_count_once() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor("x", (1, 4)), builder.tensor("a/dense/MatMul", (1, 4))
    first = builder.tensor("arith.constant", (4, 4), data=np.eye(4))
    second = builder.tensor("b/dense/kernel", (4, 4), buffer=builder.buffer_of(first))
    builder.op("FULLY_CONNECTED", [x, first, None], [y])
    builder.op("FULLY_CONNECTED", [y, second, None], [builder.tensor("z", (1, 4))])
    graph = read_graph(builder.build())

    assert weights_by_dtype(graph) == (DtypeWeights("float32", "none", 1, 64),)
    assert weights_by_layer(graph) == (LayerWeights("a/dense", ("float32",), 1, 64),)


def test_weights_when_nothing_names_a_layer_are_kept_apart() -> None:
    assert weights_by_layer(read_graph(models.with_metadata()))[0].layer == ""


def test_weights_when_there_are_none_are_empty() -> None:
    graph = read_graph(models.with_custom_op())

    assert weights_by_dtype(graph) == weights_by_layer(graph) == ()
