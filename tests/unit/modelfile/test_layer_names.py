"""Layers are found in tensor names as Keras and the converter write them."""

from __future__ import annotations

import pytest

from tfedge.modelfile.layer_names import layer_of


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("encoder/layer_0/dense/MatMul", "encoder/layer_0/dense"),
        ("encoder/layer_0/dense/Tensordot/MatMul", "encoder/layer_0/dense"),
        ("encoder/norm/Mul_1;encoder/key/Tensordot;encoder/key/BiasAdd", "encoder/key"),
        ("a/norm/Mul;a/dense/BiasAdd", "a/dense"),
        ("while/decoder/key/BiasAdd", "while/decoder/key"),
        ("head/dense/kernel", "head/dense"),
        ("layer_normalization_1/moments/mean", "layer_normalization_1"),
        ("mul_2/y", ""),
        ("address/kernel", "address"),
        ("arith.constant7", ""),
        ("PartitionedCall:0", ""),
        ("StatefulPartitionedCall/MatMul", ""),
        ("StatefulPartitionedCall/model/dense/BiasAdd/ReadVariableOp", "model/dense"),
        ("", ""),
        (";;;", ""),
        ("/", ""),
    ],
)
def test_layer_of_when_given_a_name_finds_the_layer(name: str, layer: str) -> None:
    assert layer_of(name) == layer


def test_layer_of_when_the_name_is_endless_looks_at_its_start() -> None:
    assert layer_of("a/b/Op;" + "c/d/Op;" * 1_000_000) in ("a/b", "c/d")
